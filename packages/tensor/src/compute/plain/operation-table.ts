import type { DType } from "@tapegrad/kernels";

/** Finds what a table by name has for an operation that is asked for by code. */
type Chooser<Name extends string> = <F>(table: Partial<Record<Name, F>>, code: number, dtype: DType) => F;

/** Tables are written by name, since names can be read. */
export function operationsOf<Name extends string>(kind: string, codes: Readonly<Record<Name, number>>): Chooser<Name> {
  const names: Name[] = [];
  for (const name in codes) names[codes[name]] = name;
  return (table, code, dtype) => {
    const name = names[code], found = name === undefined ? undefined : table[name];
    if (found === undefined) throw new TypeError(`there is no ${kind} operation ${name ?? code} of ${dtype}`);
    return found;
  };
}

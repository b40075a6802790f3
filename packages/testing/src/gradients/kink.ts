import type { Variable } from "@tapegrad/autograd";

/** Steps as short as rounding leaves room for. */
const near = 1e-6;
/** A smooth function's derivatives differ by less, so near. */
const most = 1e-3;

/**
 * What may be wrong with the question where tape and numeric derivative differ: a kink at the very point, or one within the stencil's
 * reach. Null where the function looks smooth.
 */
export function kinkHint(variable: Variable, place: number, valueOf: () => number, found: { readonly tape: number; readonly numeric: number }): string | null {
  const values = Float64Array.from(variable.current().toTypedArray());
  const at = (offset: number): number => {
    const moved = values.slice();
    moved[place] = (moved[place] as number) + offset;
    return variable.at(moved, valueOf);
  };
  const here = at(0);
  const [below, above] = [(here - at(-near)) / near, (at(near) - here) / near];
  const isAbout = (a: number, b: number): boolean => Math.abs(a - b) <= most * Math.max(1, Math.abs(a), Math.abs(b));
  if (!isAbout(below, above)) return `the function has a kink there: its derivative is ${rounded(below)} from below, ${rounded(above)} from above`;
  if (isAbout(above, found.tape) && !isAbout(above, found.numeric)) return `a shorter step gives ${rounded(above)}: there is a kink near, or the function bends much; move the input away, or pass a smaller step`;
  return null;
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));

import { ArgumentError, IndexError } from "./errors.ts";
import { showValue } from "./show-value.ts";
import type { OptionRule } from "./option-rules.ts";

/** A rule for every option of `O`: one that is left out does not compile. */
export type OptionRules<O extends object> = { readonly [Name in keyof Required<O>]: OptionRule };

/**
 * Checks options against their rules. One that is undefined counts as left out.
 *
 * This is the one place where options are checked, for ops, layers, optimizers and data alike: types do not reach programs in
 * JavaScript, nor objects that were put together at run time.
 *
 * Throws    IndexError `OP/option`, ArgumentError `OP/unknown-option`
 */
export function checkOptions<O extends object>(op: string, options: O, rules: OptionRules<O>, scope = op): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ArgumentError({ op, fact: `options must be an object, not ${showValue(options)}`, code: `${scope}/options` });
  }
  // No list of entries: this runs in every call of an op.
  for (const name in options) {
    const rule = (rules as Readonly<Record<string, OptionRule | undefined>>)[name];
    const value: unknown = options[name];
    if (rule === undefined) throw unknownOption(op, name, Object.keys(rules), scope);
    if (value !== undefined && !rule.accepts(value)) throw refusedOption(op, name, value, rule.must, scope);
  }
}

/** Checks an argument that has a place of its own as if it were an option. Throws IndexError `OP/option`. */
export function checkArgument(op: string, name: string, value: unknown, rule: OptionRule, scope = op): void {
  if (!rule.accepts(value)) throw refusedOption(op, name, value, rule.must, scope);
}

/** The error for a value that an option cannot have; `must` says what it can. */
export function refusedOption(op: string, name: string, value: unknown, must: string, scope = op): IndexError {
  return new IndexError({ op, fact: `${name} ${showValue(value)} must be ${must}`, code: `${scope}/option`, data: { name, value } });
}

function unknownOption(op: string, name: string, known: readonly string[], scope: string): ArgumentError {
  const meant = nearest(name, known);
  return new ArgumentError({
    op,
    fact: `there is no option ${showValue(name)}; there ${known.length === 1 ? "is" : "are"} ${known.join(", ")}`,
    ...(meant === null ? {} : { hint: `did you mean ${meant}?` }),
    code: `${scope}/unknown-option`,
    data: { name, known },
  });
}

/** The known name that a wrong one was most likely meant to be: the same but for case and underscores, or for a few letters. */
function nearest(name: string, known: readonly string[]): string | null {
  // No option is as long; a name from a file may be as long as the file.
  if (name.length > 60) return null;
  const bare = (text: string): string => text.replaceAll("_", "").toLowerCase();
  const distances = known.map((other) => ({ other, distance: editDistance(bare(name), bare(other)) })).sort((a, b) => a.distance - b.distance);
  const [best] = distances;
  return best !== undefined && best.distance <= Math.floor(bare(name).length / 3) ? best.other : null;
}

/** Letters to insert, drop, replace or exchange with their neighbours to make one text of the other (Damerau and Levenshtein). */
function editDistance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const ways = [(next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) ways.push((before[j - 2] ?? 0) + 1);
      next.push(Math.min(...ways));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}

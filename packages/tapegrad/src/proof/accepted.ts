import { seedOf, type Case, type OpCases } from "./case-list.ts";
import type { Part } from "./compare.ts";
import { numbersOf } from "./values.ts";

/** What a predicate can look at: the case's text (`caseText`), the case, and the numbers of an operand. */
interface CaseView {
  readonly text: string;
  readonly entry: Case;
  readonly numbers: (operand: string) => ArrayLike<number>;
}

/** Cases that differ from PyTorch in one part. */
export interface Accepted {
  readonly ops: readonly string[];
  readonly part: Part;
  /** Which cases, by their text or by what they hold; all of them unless told. */
  readonly cases?: RegExp | ((view: CaseView) => boolean);
  /** Whether it depends on the values which of these cases differ; all of them must unless told. */
  readonly some?: boolean;
  readonly reason: string;
}

export function accepts({ ops, cases }: Accepted, op: OpCases, entry: Case, text: string): boolean {
  if (!ops.includes(op.name)) return false;
  if (cases === undefined) return true;
  if (cases instanceof RegExp) return cases.test(text);
  const seed = seedOf(op.name, entry);
  const operands = Object.entries(entry.inputs);
  const numbers = (name: string): ArrayLike<number> => {
    const position = operands.findIndex(([known]) => known === name);
    const input = operands[position]?.[1] ?? null;
    return typeof input === "number" ? [input] : input === null ? [] : numbersOf(input, seed + position);
  };
  return cases({ text, entry, numbers });
}

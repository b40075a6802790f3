import type { Jacobian } from "@tapegrad/autograd";
import type { Tolerances } from "../close/tolerances.ts";

/** Where one derivative on the tape and its numeric twin differ most, measured against what the tolerances allow. */
export interface WorstDerivative {
  /** Flat places in the output and in the variable. */
  readonly element: number;
  readonly place: number;
  readonly tape: number;
  readonly numeric: number;
  /** |tape - numeric|. */
  readonly error: number;
  /** How many are beyond the tolerances. */
  readonly off: number;
}

/** Null where there are no elements. */
export function worstOf({ tape, numeric, columns }: Jacobian, { rtol, atol }: Tolerances): WorstDerivative | null {
  let off = 0;
  let worst = -1;
  let most = -Infinity;
  for (let at = 0; at < numeric.length; at++) {
    const allowed = atol + rtol * Math.abs(numeric[at] as number);
    const error = Math.abs((tape[at] as number) - (numeric[at] as number));
    if (!(error <= allowed)) off++;
    // NaN is the worst of all.
    const excess = Number.isNaN(error - allowed) ? Infinity : error - allowed;
    if (excess <= most) continue;
    [worst, most] = [at, excess];
  }
  if (worst < 0) return null;
  const [found, expected] = [tape[worst] as number, numeric[worst] as number];
  return { element: Math.floor(worst / columns), place: worst % columns, tape: found, numeric: expected, error: Math.abs(found - expected), off };
}

import { median, rounded } from "./statistics.ts";

/** What the rounds of one contestant gave, or why there are none. */
export type Measured = readonly number[] | { readonly reason: string };

/** One line of a report: ours beside the peers, medians over the rounds. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Whether more of the unit is good (images/s) or bad (microseconds). */
  readonly better: "higher" | "lower";
  readonly ours: number;
  /** null where the peer cannot do it; `reasons` says why. */
  readonly peers: Readonly<Record<string, number | null>>;
  /** ours / peer. */
  readonly ratio: Readonly<Record<string, number | null>>;
  readonly reasons: Readonly<Record<string, string>>;
  /** Every round's figure, for whoever wants to judge the noise. */
  readonly rounds: Readonly<Record<string, readonly number[]>>;
}

/** Builds a row from the rounds of all contestants. Ours must have been measured. */
export function buildRow(
  { name, unit, better }: Pick<Row, "name" | "unit" | "better">,
  ours: readonly number[],
  peers: ReadonlyMap<string, Measured>,
): Row {
  const figure = median(ours);
  const figures: Record<string, number | null> = {};
  const ratio: Record<string, number | null> = {};
  const reasons: Record<string, string> = {};
  const rounds: Record<string, readonly number[]> = { ours: ours.map(rounded) };
  for (const [peer, measured] of peers) {
    if ("reason" in measured) {
      figures[peer] = null;
      ratio[peer] = null;
      reasons[peer] = measured.reason;
      continue;
    }
    const theirs = median(measured);
    figures[peer] = rounded(theirs);
    ratio[peer] = rounded(figure / theirs);
    rounds[peer] = measured.map(rounded);
  }
  return { name, unit, better, ours: rounded(figure), peers: figures, ratio, reasons, rounds };
}

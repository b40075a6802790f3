import { formatFigure } from "../table.ts";
import { conditionsOf, type Report } from "./report.ts";

/** A row in which PyTorch does better. */
export interface Loss {
  readonly suite: string;
  readonly conditions: string;
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  /** How many times as fast as PyTorch, or as small: below 1. */
  readonly advantage: number;
}

/** Every row that loses to PyTorch, the worst first. */
export function findLosses(reports: readonly Report[]): Loss[] {
  return reports.flatMap(lossesOf).toSorted((a, b) => a.advantage - b.advantage);
}

/** How many rows have a figure of PyTorch's beside ours. */
export function countCompared(reports: readonly Report[]): number {
  return reports.flatMap(comparedRows).length;
}

interface Compared {
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  readonly advantage: number;
}

function lossesOf(report: Report): Loss[] {
  return comparedRows(report)
    .filter(({ advantage }) => advantage < 1)
    .map((row) => ({ suite: report.suite, conditions: conditionsOf(report), ...row }));
}

function comparedRows(report: Report): Compared[] {
  if (report.suite === "memory" || report.suite === "scale") return [];
  return report.rows.flatMap((row) => {
    const ratio = row.ratio["torch"];
    const theirs = row.peers["torch"];
    if (ratio === null || ratio === undefined || theirs === null || theirs === undefined) return [];
    const advantage = row.better === "higher" ? ratio : 1 / ratio;
    // Calls per second are for ratios; people read times.
    const asTime = "milliseconds" in row;
    const text = (who: "ours" | "torch", figure: number): string =>
      asTime ? `${formatFigure(row.milliseconds[who])} ms` : `${formatFigure(figure)} ${row.unit}`;
    return [{ name: row.name, ours: text("ours", row.ours), theirs: text("torch", theirs), advantage }];
  });
}

import type { Task } from "../interleave.ts";
import type { Bandwidth, Limits } from "../limits/measure-limits.ts";
import type { OpCase, OpGroup } from "../ops/op-case.ts";
import { costOf, type OpCost } from "../ops/op-cost.ts";
import type { Row } from "../rows.ts";
import { rounded } from "../statistics.ts";
import { formatFigure, formatTable } from "../table.ts";

/** A row of the ops suite. Its figure is calls per second, so that a ratio means what it means for training. */
export interface OpRow extends Row {
  readonly group: OpGroup;
  /** Of one call: ours, and each peer that can do it. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** The least traffic: inputs read and outputs written. */
  readonly bytes: number;
  readonly flops: number;
  readonly gigabytesPerSecond: number;
  readonly gigaflopsPerSecond: number;
  /** Which of the limits measured in the same run takes longer for this call. */
  readonly bound: "memory" | "compute";
  /** How much of that limit ours reaches. */
  readonly fraction: number;
}

/** Single calls of ops. */
export function opTasks(cases: readonly OpCase[]): Task[] {
  return cases.map((opCase) => ({
    name: opCase.name,
    unit: "calls/s",
    better: "higher",
    request: (repeats) => ({ task: "op", case: opCase, repeats }),
    figure: (seconds) => 1 / seconds,
  }));
}

/** Adds to a row what the call moves and computes, beside what the machine can do. */
export function opRow(row: Row, { group, spec }: Pick<OpCase, "group" | "spec">, limits: Limits): OpRow {
  const cost = costOf(spec);
  const bytes = cost.bytesRead + cost.bytesWritten;
  const perSecond = row.ours / 1e9;
  const memorySeconds = bytes / 1e9 / bandwidthFor(cost, limits.bandwidth);
  // Only these two are multiplications and additions in equal parts; no others compute enough to be held up by it.
  const computes = group === "gemm" || group === "convolution";
  const computeSeconds = computes ? cost.flops / 1e9 / (limits.gigaflopsPerSecond.at(-1) ?? NaN) : 0;
  const peers = Object.entries(row.peers).flatMap(([name, figure]) => (figure === null ? [] : [[name, rounded(1000 / figure)] as const]));
  return {
    ...row,
    group,
    milliseconds: { ours: rounded(1000 / row.ours), ...Object.fromEntries(peers) },
    bytes,
    flops: cost.flops,
    gigabytesPerSecond: rounded(bytes * perSecond),
    gigaflopsPerSecond: rounded(cost.flops * perSecond),
    bound: memorySeconds > computeSeconds ? "memory" : "compute",
    fraction: rounded(Math.max(memorySeconds, computeSeconds) * row.ours),
  };
}

/** The rate that was measured for traffic of about this size and this share of writes. */
function bandwidthFor({ bytesRead, bytesWritten }: OpCost, measured: readonly Bandwidth[]): number {
  // The loops that were measured go through one to three arrays; an op of that length through about as many.
  const arrayMegabytes = (bytesRead + bytesWritten) / 3 / 2 ** 20;
  const distance = ({ arrayMegabytes: length }: Bandwidth): number => Math.abs(Math.log(length / arrayMegabytes));
  const [nearest] = measured.toSorted((a, b) => distance(a) - distance(b));
  if (nearest === undefined) return NaN;
  const writes = bytesWritten / (bytesRead + bytesWritten);
  // A third of triad's traffic is writing, half of copy's. An op that only writes a little is one that reads.
  if (writes < 1 / 6) return nearest.read;
  return writes < 5 / 12 ? nearest.triad : nearest.copy;
}

/** The rows as a table for the terminal, below the limits. */
export function formatOpRows(rows: readonly OpRow[], limits: Limits): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const header = ["", "ms", ...peers.map((peer) => `${peer} ms`), "GB/s", "GFLOP/s", "limit", "fraction", ...peers.map(() => "ratio")];
  const lines = rows.map((row) => [
    row.name,
    ...["ours", ...peers].map((who) => formatFigure(row.milliseconds[who])),
    formatFigure(row.gigabytesPerSecond),
    row.flops === 0 ? "-" : formatFigure(row.gigaflopsPerSecond),
    row.bound,
    row.fraction.toFixed(2),
    ...peers.map((peer) => formatFigure(row.ratio[peer])),
  ]);
  const reasons = rows.flatMap((row) => Object.entries(row.reasons).map(([peer, reason]) => `${peer} has no ${row.name}: ${reason}`));
  return [...describeLimits(limits), "", formatTable([header, ...lines]), ...reasons].join("\n");
}

/** The limits in words. */
export function describeLimits({ gigaflopsPerSecond, bandwidth }: Limits): string[] {
  const rates = gigaflopsPerSecond.map((rate, i) => `${rate} GFLOP/s with ${i + 1}`).join(", ");
  return [
    `128-bit multiplications and additions in registers, by threads: ${rates}`,
    ...bandwidth.map(({ arrayMegabytes, read, triad, copy }) => `arrays of ${arrayMegabytes} MB: read ${read} GB/s, triad ${triad}, copy ${copy}`),
  ];
}

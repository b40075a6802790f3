import { measure, prepare, type Contender, type Effort, type Task } from "../interleave.ts";
import type { ScaledModelName } from "../models.ts";
import { median, rounded } from "../statistics.ts";
import { formatFigure, formatTable } from "../table.ts";

/** What may seem to grow by the noise of the measurement alone. */
const tolerance = 1.1;
const doublings = [1, 2, 4, 8, 16];

/** A model that grows in one direction. */
export interface Growth {
  readonly model: ScaledModelName;
  readonly grows: "batch" | "width";
  /** The size to begin with. */
  readonly from: number;
  /** The size that stays. */
  readonly other: number;
}

/** Begun where the cost of a call no longer counts, so that it does not hide a growth. */
export const growths: readonly Growth[] = [
  { model: "mlp", grows: "batch", from: 32, other: 256 },
  { model: "mlp", grows: "width", from: 64, other: 128 },
  { model: "convnet", grows: "batch", from: 16, other: 32 },
  { model: "convnet", grows: "width", from: 8, other: 32 },
];

/** How the time of a training step follows the size of a model: per image where the batch grows, per FLOP where the width does. */
export interface ScaleRow {
  readonly name: string;
  readonly unit: "us/image" | "ps/FLOP";
  readonly better: "lower";
  readonly points: readonly { readonly size: number; readonly ours: number }[];
  /** The most that a size takes as a multiple of what some smaller one takes: a small one that is slow hides no growth. */
  readonly growth: number;
  /** What the growth may be. */
  readonly bar: number;
  readonly ok: boolean;
}

/** A contestant that can be ended. */
interface Closable extends Contender {
  close(): Promise<void>;
}

/** The task of one size. */
export function scaleTask({ model, grows, from, other }: Growth, factor: number): Task & { readonly size: number } {
  const size = from * factor;
  const [batch, width] = grows === "batch" ? [size, other] : [other, size];
  const perStep = grows === "batch" ? batch / 1e6 : (flopsPerImage(model, width) * batch) / 1e12;
  return {
    name: `${model} ${grows} ${size}`,
    unit: grows === "batch" ? "us/image" : "ps/FLOP",
    better: "lower",
    size,
    request: (steps) => ({ task: "scale", model, batch, width, steps }),
    figure: (seconds) => seconds / perStep,
  };
}

/** Measures all sizes of a growth in turn, round by round, each in a process of its own. */
export async function runScale(only: string | null, effort: Effort, start: () => Closable): Promise<ScaleRow[]> {
  const rows: ScaleRow[] = [];
  for (const growth of growths.filter(({ model, grows }) => `${model} ${grows}`.includes(only?.toLowerCase() ?? ""))) {
    const points = doublings.map((factor) => ({ task: scaleTask(growth, factor), contestant: start(), figures: new Array<number>() }));
    try {
      const plans = [];
      for (const { task, contestant } of points) plans.push(await prepare(task, contestant, effort));
      for (let round = 0; round < effort.rounds; round++) {
        for (const [i, { task, contestant, figures }] of points.entries()) figures.push(await measure(task, contestant, plans[i]?.count ?? 1, effort));
      }
    } finally {
      await Promise.all(points.map(({ contestant }) => contestant.close()));
    }
    rows.push(scaleRow(growth, points.map(({ task, figures }) => ({ size: task.size, ours: median(figures) }))));
  }
  return rows;
}

/** Judges the times of a growth, smallest size first. */
export function scaleRow({ model, grows }: Growth, points: ScaleRow["points"]): ScaleRow {
  const times = points.map(({ ours }) => ours);
  const growth = rounded(Math.max(...times.slice(1).map((time, i) => time / Math.min(...times.slice(0, i + 1)))));
  return {
    name: `${model} ${grows}`,
    unit: grows === "batch" ? "us/image" : "ps/FLOP",
    better: "lower",
    points: points.map(({ size, ours }) => ({ size, ours: rounded(ours) })),
    growth,
    bar: tolerance,
    ok: growth <= tolerance,
  };
}

/** The rows as a table for the terminal. */
export function formatScaleRows(rows: readonly ScaleRow[]): string {
  const header = ["", "unit", ...doublings.map((factor) => `x${factor}`), "growth", "ok"];
  return formatTable([header, ...rows.map(({ name, unit, points, growth, ok }) =>
    [`${name} from ${points[0]?.size ?? "-"}`, unit, ...points.map(({ ours }) => formatFigure(ours)), String(growth), ok ? "yes" : "no"])]);
}

/** Operations of one image's training step: forward, and twice that backward (workers/our-scaled-models.ts). */
function flopsPerImage(model: ScaledModelName, width: number): number {
  switch (model) {
    case "mlp": return 3 * 2 * (3072 * width + width ** 2 + 10 * width);
    case "convnet": return 3 * 2 * (1024 * 27 * width + 256 * 9 * width ** 2 + 640 * width);
  }
}

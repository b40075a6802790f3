import { groups } from "../ops/op-case.ts";
import type { Row } from "../rows.ts";
import { describeLimits, type OpRow } from "../suites/ops.ts";
import { stages } from "../suites/startup.ts";
import { formatFigure } from "../table.ts";
import { plotBars, plotLines, plotOps, plotRatios } from "./plots.ts";
import { conditionsOf, slugOf, type Report, type ReportOf } from "./report.ts";
import { markdownTable, peerTitle } from "./words.ts";

/** A report's part of the page. */
export interface Section {
  readonly text: string;
  /** SVG by file name. */
  readonly plots: ReadonlyMap<string, string>;
}

const titles: Readonly<Record<Report["suite"], string>> = {
  train: "Training steps",
  ops: "Single ops",
  overhead: "Cost of a recorded op",
  memory: "Memory of a long loop",
  peak: "Largest resident set",
  startup: "Start of a process",
  scale: "Doubling batch and width",
};

/** Writes a report's section; `folder` is where its plots are, seen from the page. */
export function sectionOf(report: Report, folder: string): Section {
  const plots = new Map<string, string>();
  const conditions = conditionsOf(report);
  const add = (part: string, caption: string, svg: string): string => {
    const name = `${slugOf(report)}${part === "" ? "" : `-${part}`}.svg`;
    plots.set(name, svg);
    return `![${caption}](${folder}/${name})`;
  };
  const heading = `## ${titles[report.suite]}: ${conditions}`;
  return { text: [heading, ...bodyOf(report, add)].join("\n\n"), plots };
}

/** Keeps a plot and gives the Markdown that shows it. */
type AddPlot = (part: string, caption: string, svg: string) => string;

function bodyOf(report: Report, add: AddPlot): string[] {
  switch (report.suite) {
    case "train": return trainBody(report, add);
    case "overhead": return overheadBody(report, add);
    case "ops": return opsBody(report, add);
    case "memory": return memoryBody(report, add);
    case "peak": return peakBody(report, add);
    case "startup": return startupBody(report, add);
    case "scale": return scaleBody(report, add);
  }
}

function trainBody({ rows }: ReportOf<"train" | "overhead">, add: AddPlot): string[] {
  const peers = peersOf(rows);
  const series = peers.map((peer) => ({ name: `as ${peerTitle(peer)}`, values: rows.map(({ ratio }) => ratio[peer] ?? null) }));
  const plot = peers.length === 0 ? [] : [add("", "Training steps beside the peers", plotRatios("Training steps: times as fast", namesOf(rows), series))];
  return ["Forward, cross-entropy, backward, SGD with momentum. More is better; a ratio is ours / theirs.", comparisonTable(rows), ...plot];
}

function overheadBody({ rows }: ReportOf<"train" | "overhead">, add: AddPlot): string[] {
  return [
    "Forward and backward of one op in a chain of a thousand, on 16 elements. Less is better.",
    comparisonTable(rows),
    add("", "Cost of a recorded op", plotBars("Cost of a recorded op", namesOf(rows), seriesOf(rows), "us")),
  ];
}

function opsBody({ rows, limits }: ReportOf<"ops">, add: AddPlot): string[] {
  const used = groups.filter((group) => rows.some((row) => row.group === group));
  return [
    "The limits, measured in the same run:",
    describeLimits(limits).map((line) => `- ${line}`).join("\n"),
    "`fraction` is the least time that the limit in the column before allows, over the time taken. Traffic is the least there is (inputs "
    + "read, outputs written), operations are those of the textbook, so that an algorithm that saves some, or wider vectors, can exceed 1. "
    + "A ratio is how many times as fast as PyTorch.",
    ...used.flatMap((group) => {
      const own = rows.filter((row) => row.group === group);
      const ratios = own.map(({ ratio }) => ratio["torch"] ?? null);
      return [
        `### ${group}`,
        opTable(own),
        add(group, group, plotOps(group, namesOf(own), own.map(({ fraction }) => fraction), ratios)),
      ];
    }),
  ];
}

function opTable(rows: readonly OpRow[]): string {
  return markdownTable(
    ["Op", "ms", "PyTorch ms", "ratio", "GB/s", "GFLOP/s", "limit", "fraction"],
    rows.map((row) => [
      row.name,
      ...[row.milliseconds["ours"], row.milliseconds["torch"], row.ratio["torch"], row.gigabytesPerSecond].map(formatFigure),
      row.flops === 0 ? "-" : formatFigure(row.gigaflopsPerSecond),
      row.bound,
      row.fraction.toFixed(2),
    ]),
  );
}

function memoryBody({ rows }: ReportOf<"memory">, add: AddPlot): string[] {
  const [first] = rows;
  const lines = rows.map(({ name, ours, ratioToScope, residentMegabytes: { peak, thirdQuarter, fourthQuarter } }) =>
    [name, ...[ours, ratioToScope, peak, thirdQuarter, fourthQuarter].map(formatFigure)]);
  const steps = first?.samples.map(({ step }) => step) ?? [];
  const series = rows.map(({ name, samples }) => ({ name, values: samples.map(({ residentMegabytes }) => residentMegabytes) }));
  return [
    `LeNet steps at a heap budget of ${first?.heapMegabytes ?? "-"} MB: a plain loop, \`scope\` around every step, \`for await\` over a DataLoader.`,
    markdownTable(["Loop", "ms a step", "to scope", "MB at most", "MB in the third quarter", "MB in the fourth"], lines),
    add("", "Resident set of a long loop", plotLines("Resident set", steps, series, "step", "MB")),
  ];
}

function peakBody({ rows }: ReportOf<"peak">, add: AddPlot): string[] {
  return [
    `Of a fresh process that trains one model for ${rows[0]?.steps ?? "-"} steps. Less is better.`,
    comparisonTable(rows),
    verdicts(rows.map(({ name, ratio, bar, ok }) => ({ what: `${name}: ${formatFigure(ratio["torch"])} times PyTorch's`, bar: `${bar} times`, ok }))),
    add("", "Largest resident set", plotBars("Largest resident set", namesOf(rows), seriesOf(rows), "MB")),
  ];
}

function startupBody({ rows }: ReportOf<"startup">, add: AddPlot): string[] {
  const whom = ["ours", ...peersOf(rows)];
  const parts = stages.slice(0, 3).map((stage) => {
    const row = rows.find(({ name }) => name === stage);
    return { name: stage, values: whom.map((who) => (who === "ours" ? (row?.ours ?? null) : (row?.peers[who] ?? null))) };
  });
  return [
    "A fresh process: Node's or Python's own start, the import, the first op (two small tensors added, the sum read back).",
    comparisonTable(rows),
    verdicts(rows.map(({ name, ours, bar, ok }) => ({ what: `${name}: ${formatFigure(ours)} ms`, bar: `${bar ?? "-"} ms`, ok }))),
    add("", "Start of a process", plotBars("Start of a process", whom.map(peerTitle), parts, "ms", true)),
  ];
}

function scaleBody({ rows }: ReportOf<"scale">, add: AddPlot): string[] {
  const lines = rows.map(({ name, unit, points, growth, ok }) =>
    [`${name}, ${points[0]?.size ?? "-"} to ${points.at(-1)?.size ?? "-"}`, unit, ...points.map(({ ours }) => formatFigure(ours)), formatFigure(growth), ok ? "yes" : "no"]);
  const factors = rows[0]?.points.map((_, i) => `x${2 ** i}`) ?? [];
  const series = rows.map(({ name, points }) => ({ name, values: points.map(({ ours }) => ours / (points[0]?.ours ?? NaN)) }));
  return [
    `Time of a training step per image where the batch doubles, per FLOP where the width does. \`growth\` is the most that a size takes as a multiple of what some smaller one takes; it may be ${rows[0]?.bar ?? "-"} at most.`,
    markdownTable(["Model", "unit", ...factors, "growth", "ok"], lines),
    add("", "Time per image or FLOP", plotLines("Time per image or FLOP, the smallest size's being 1", factors, series, "size", "")),
  ];
}

function comparisonTable(rows: readonly Row[]): string {
  const peers = peersOf(rows);
  return markdownTable(
    ["", "unit", "tapegrad", ...peers.flatMap((peer) => [peerTitle(peer), "ratio"])],
    rows.map((row) => [row.name, row.unit, formatFigure(row.ours), ...peers.flatMap((peer) => [formatFigure(row.peers[peer]), formatFigure(row.ratio[peer])])]),
  );
}

function verdicts(judged: readonly { readonly what: string; readonly bar: string; readonly ok: boolean | null }[]): string {
  return judged.flatMap(({ what, bar, ok }) => (ok === null ? [] : [`- ${what}; bar ${bar}: ${ok ? "kept" : "**missed**"}`])).join("\n");
}

function seriesOf(rows: readonly Row[]): { name: string; values: (number | null)[] }[] {
  const peers = peersOf(rows).map((peer) => ({ name: peerTitle(peer), values: rows.map((row) => row.peers[peer] ?? null) }));
  return [{ name: peerTitle("ours"), values: rows.map(({ ours }) => ours) }, ...peers];
}

function peersOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ peers }) => Object.keys(peers)))];
}

function namesOf(rows: readonly { readonly name: string }[]): string[] {
  return rows.map(({ name }) => name);
}

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { busyWarning } from "../machine.ts";
import { countCompared, findLosses } from "./losses.ts";
import { conditionsOf, type Report } from "./report.ts";
import { sectionOf } from "./sections.ts";
import { markdownTable, peerTitle } from "./words.ts";

const plotFolder = "performance";
const notesFile = "performance-notes.md";

/** The page and its plots, SVG by file name. */
export interface PerformancePage {
  readonly text: string;
  readonly plots: ReadonlyMap<string, string>;
}

/** Makes the page of reports; the notes, written by hand, are its end. The same reports give the same page. */
export function performancePage(reports: readonly Report[], notes: string): PerformancePage {
  const sections = reports.map((report) => sectionOf(report, plotFolder));
  const parts = [
    "# Performance",
    "Made of the reports of `npm run bench` by `npm run bench -- --report FILE [FILE...]`; do not edit it. What is written by hand is in "
    + `[${notesFile}](${notesFile}), which is also the end of this page.`,
    "## Conditions",
    conditionsTable(reports),
    busyRemarks(reports),
    losses(reports),
    ...sections.map(({ text }) => text),
    notes.trim(),
  ];
  return {
    text: `${parts.filter((part) => part !== "").join("\n\n")}\n`,
    plots: new Map(sections.flatMap(({ plots }) => [...plots])),
  };
}

/** Writes the page into a folder; plots of earlier pages go. Returns the page's path. */
export function writePerformancePage(reports: readonly Report[], folder: string): string {
  const notes = join(folder, notesFile);
  const { text, plots } = performancePage(reports, existsSync(notes) ? readFileSync(notes, "utf8") : "");
  const plotPath = join(folder, plotFolder);
  mkdirSync(plotPath, { recursive: true });
  for (const name of readdirSync(plotPath)) if (name.endsWith(".svg")) rmSync(join(plotPath, name));
  for (const [name, svg] of plots) writeFileSync(join(plotPath, name), svg);
  const page = join(folder, "performance.md");
  writeFileSync(page, text);
  return page;
}

function conditionsTable(reports: readonly Report[]): string {
  return markdownTable(
    ["Suite", "conditions", "date", "processor", "system", "Node", "peers", "kernels", "other programs, cores"],
    reports.map((report) => {
      const { date, cpu, cores, memoryGigabytes, system, node, peers, kernels, busyCores } = report.machine;
      const versions = Object.entries(peers).map(([name, version]) => `${peerTitle(name)} ${version}`);
      return [
        `${report.suite}${report.quick ? " (quick: measures nothing)" : ""}`,
        conditionsOf(report),
        date.slice(0, 10),
        `${cpu}, ${cores} cores, ${memoryGigabytes} GB`,
        system,
        node,
        versions.length === 0 ? "-" : versions.join(", "),
        describeKernels(kernels),
        `${busyCores.before} before, ${busyCores.after} after`,
      ];
    }),
  );
}

/** Says of a report that its figures are worth little, where the machine was not free. */
function busyRemarks(reports: readonly Report[]): string {
  return reports.flatMap((report) => {
    const warning = busyWarning(report.machine.busyCores);
    return warning === null ? [] : [`- **${report.suite}, ${conditionsOf(report)}**: ${warning}.`];
  }).join("\n");
}

function losses(reports: readonly Report[]): string {
  const found = findLosses(reports);
  const compared = countCompared(reports);
  if (compared === 0) return "";
  const lines = found.map(({ suite, conditions, name, ours, theirs, advantage }) => [
    name, suite, conditions, ours, theirs, advantage.toFixed(2), `${(1 / advantage).toFixed(1)} times`,
  ]);
  return [
    "## Where PyTorch is better",
    `${found.length} of ${compared} figures, the worst first. \`ratio\` is how many times as fast as PyTorch ours is (for memory: as small).`,
    markdownTable(["What", "suite", "conditions", "tapegrad", "PyTorch", "ratio", "behind by"], lines),
  ].join("\n\n");
}

/** What `kernelInfo` said, without paths. */
function describeKernels(info: unknown): string {
  if (typeof info !== "object" || info === null || !("kernels" in info) || typeof info.kernels !== "string") return "-";
  const blas = "blas" in info ? info.blas : null;
  const version = typeof blas === "object" && blas !== null && "version" in blas && typeof blas.version === "string" ? blas.version : "";
  const products = "fma" in info && info.fma === true ? ", fused products" : "";
  const vectors = "simdBits" in info && typeof info.simdBits === "number" ? `, ${info.simdBits}-bit vectors` : "";
  const kernels = info.kernels + products + vectors;
  return version === "" ? kernels : `${kernels} (${version})`;
}

import { readFileSync } from "node:fs";
import { ArgumentError, suiteNames } from "../arguments.ts";
import type { Limits } from "../limits/measure-limits.ts";
import type { Machine } from "../machine.ts";
import type { Row } from "../rows.ts";
import type { MemoryRow } from "../suites/memory.ts";
import type { OpRow } from "../suites/ops.ts";
import type { PeakRow } from "../suites/peak.ts";
import type { ScaleRow } from "../suites/scale.ts";
import type { StartupRow } from "../suites/startup.ts";

interface ReportHead {
  readonly quick: boolean;
  readonly machine: Machine;
}

type Contents =
  | { readonly suite: "train" | "overhead"; readonly rows: readonly Row[] }
  | { readonly suite: "ops"; readonly rows: readonly OpRow[]; readonly limits: Limits }
  | { readonly suite: "memory"; readonly rows: readonly MemoryRow[] }
  | { readonly suite: "peak"; readonly rows: readonly PeakRow[] }
  | { readonly suite: "startup"; readonly rows: readonly StartupRow[] }
  | { readonly suite: "scale"; readonly rows: readonly ScaleRow[] };

/** What `--json` wrote. */
export type Report = ReportHead & Contents;

/** The report of one suite. */
export type ReportOf<Suite extends Report["suite"]> = Extract<Report, { readonly suite: Suite }>;

/** Reads reports, in the order of the suites, BLAS first, older versions of Node first. Throws ArgumentError for anything else, and for two that were measured alike. */
export function readReports(files: readonly string[]): Report[] {
  const reports = files.map(readReport);
  const slugs = reports.map(slugOf);
  const twice = slugs.find((slug, i) => slugs.indexOf(slug) !== i);
  if (twice !== undefined) throw new ArgumentError(`--report has ${twice} twice`);
  const order = ({ suite, machine }: Report): number => 2 * suiteNames.indexOf(suite) + (machine.blas ? 0 : 1);
  return reports.toSorted((a, b) => order(a) - order(b) || a.machine.threads - b.machine.threads || Number(majorOf(a.machine.node)) - Number(majorOf(b.machine.node)));
}

/** How it was started, for a title. */
export function conditionsOf({ machine: { threads, blas, node } }: Report): string {
  return `${threads} ${threads === 1 ? "thread" : "threads"}, BLAS ${blas ? "on" : "off"}, Node ${majorOf(node)}`;
}

/** How it was started, for a file's name. */
export function slugOf({ suite, machine: { threads, blas, node } }: Report): string {
  return `${suite}-threads-${threads}-blas-${blas ? "on" : "off"}-node-${majorOf(node)}`;
}

/** 20 of v20.19.0. Newer engines make wider vectors of the same kernels. */
function majorOf(node: string): string {
  return node.replace(/^v?(\d+).*$/, "$1");
}

function readReport(file: string): Report {
  try {
    // Written by this program, a moment ago or a year: what identifies it is checked, not every figure.
    const report: Report = JSON.parse(readFileSync(file, "utf8"));
    if (suiteNames.includes(report.suite) && report.rows.length > 0 && report.machine.threads > 0) return report;
  } catch (error) {
    throw new ArgumentError(`--report ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new ArgumentError(`--report ${file} has no rows of a suite`);
}

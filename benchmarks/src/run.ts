// `npm run bench -- --suite NAME [--json FILE] [...]`
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, parseArguments, parseReportArguments, usage } from "./arguments.ts";
import { WorkerError } from "./json-pipe.ts";
import { busyWarning, describeMachine, measureBusyCores } from "./machine.ts";
import { writePerformancePage } from "./report/performance-page.ts";
import { readReports } from "./report/report.ts";
import { runSuite } from "./run-suite.ts";

function writeReport(file: string, report: object): void {
  try {
    mkdirSync(dirname(resolve(file)), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new ArgumentError(`--json ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function measureSuite(argv: readonly string[]): Promise<void> {
  const options = parseArguments(argv);
  const { suite, quick, json, threads, blas } = options;
  // Once before the measurement, so that a wrong path is not found out after it.
  if (json !== null) writeReport(json, { suite, rows: [] });
  const watchMilliseconds = quick ? 50 : 1000;
  const before = await measureBusyCores(watchMilliseconds);
  const { rows, table, peers, kernels, limits } = await runSuite(options);
  if (rows.length === 0) throw new ArgumentError(`--only ${options.only ?? ""} is in no name of ${suite}`);
  const busyCores = { before, after: await measureBusyCores(watchMilliseconds) };
  console.log(table);
  const warning = busyWarning(busyCores);
  if (warning !== null) console.error(warning);
  const machine = describeMachine({ threads, blas, kernels, peers, busyCores });
  if (json !== null) writeReport(json, { suite, quick, machine, ...(limits === undefined ? {} : { limits }), rows });
}

try {
  const argv = process.argv.slice(2);
  const report = parseReportArguments(argv);
  if (report === null) await measureSuite(argv);
  else console.log(writePerformancePage(readReports(report.files), report.docs ?? fileURLToPath(new URL("../../docs", import.meta.url))));
} catch (error) {
  if (error instanceof ArgumentError) console.error(`${error.message}\n${usage}`);
  else if (error instanceof WorkerError) console.error(`the benchmark cannot run: ${error.message}`);
  else throw error;
  process.exitCode = error instanceof ArgumentError ? 2 : 1;
}

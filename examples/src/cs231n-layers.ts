import { manualSeed } from "tapegrad";
import { Checks, type CheckResult } from "./cs231n/checks.ts";
import { checkCourseFigures } from "./cs231n/course-figures.ts";
import { checkLayerGradients } from "./cs231n/layer-cases.ts";
import { readOptions } from "./training/options.ts";
import { report, type Figures } from "./training/report.ts";

/**
 * The layers of CS231n's assignments, forward and backward by hand, checked against the figures that the course prints,
 * against the tape, and against numeric gradients. It is a matter of seconds; `--quick` changes nothing.
 *
 * Throws CheckError when anything is off.
 */
export async function cs231nLayers(args: readonly string[]): Promise<Figures> {
  const { seed, json } = readOptions(args);
  manualSeed(seed);
  const start = performance.now();
  const checks = new Checks();
  checkCourseFigures(checks);
  checkLayerGradients(checks);
  printResults(checks.results);

  const figures = report(
    {
      system: "cs231n-layers",
      seed,
      data: null,
      metrics: {
        checks: checks.results.length,
        missed: checks.missed.length,
        largestFigureError: checks.largest("figure"),
        largestTapeDifference: checks.largest("tape"),
        largestNumericGradientError: checks.largest("numeric"),
      },
      seconds: (performance.now() - start) / 1000,
      parameters: 0,
    },
    json,
  );
  checks.requireAll();
  return figures;
}

const titles = {
  figure: "the course's figures",
  sanity: "losses of scores near zero",
  tape: "hand-written and tape gradients, largest difference",
  numeric: "numeric gradients, relative error",
} as const;

function printResults(results: readonly CheckResult[]): void {
  for (const [kind, title] of Object.entries(titles)) {
    console.log(`\n${title}`);
    for (const { name, error, tolerance, passed } of results.filter((result) => result.kind === kind)) {
      console.log(`  ${passed ? "ok    " : "MISSED"}  ${name.padEnd(34)} ${error.toExponential(2)}  (<= ${tolerance})`);
    }
  }
}

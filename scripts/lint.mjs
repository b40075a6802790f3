// The rules of the house: `npm run lint [-- --update-api] [-- STEP ...]`.
import { fileURLToPath } from "node:url";
import { run, tools } from "./processes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);
const update = args.includes("--update-api");
const wanted = args.filter((arg) => !arg.startsWith("-"));

/** @type {Record<string, string[][]>} */
const steps = {
  // Habits of the language: no any, no double casts, no floating promises, no comments that switch rules off.
  eslint: [[tools.eslint, ".", "--max-warnings", "0"]],
  // Everything that is TypeScript, tests and scripts too.
  types: [[tools.tsc, "--project", "tsconfig.check.json"]],
  // Who may import whom; no cycles.
  imports: [[tools.dependencyCruiser, "--output-type", "err-long", "packages", "examples", "benchmarks", "scripts"]],
  // Files, exports and dependencies that nobody uses, and dependencies that nobody lists.
  unused: [[tools.knip]],
  // What users can import, as committed in docs/api-surface; the declarations of Tensor's methods, as they follow from the functions; and
  // what follows from the kernels' list of operations.
  api: [["packages/kernels/generate.mjs", ...(update ? [] : ["--check"])], ["scripts/generate-methods.mjs", ...(update ? ["--update"] : [])], [tools.tsc, "--build"], ["scripts/api-surface.mjs", ...(update ? ["--update"] : [])]],
};

const unknown = wanted.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`no lint step "${unknown.join(", ")}"; there are ${Object.keys(steps).join(", ")}`);
  process.exit(2);
}

const queue = Object.entries(steps).filter(([name]) => wanted.length === 0 || wanted.includes(name) || (update && name === "api"));
/** @type {string[]} */
const failed = [];

async function work() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [name, programs] = next;
    const start = performance.now();
    let exitCode = 0;
    let output = "";
    for (const program of programs) {
      const result = await run(process.execPath, program, { cwd: root, capture: true });
      exitCode ||= result.exitCode;
      output += result.output;
    }
    const isShown = exitCode !== 0 || (update && name === "api");
    if (exitCode !== 0) failed.push(name);
    console.log(`${name.padEnd(8)} ${exitCode === 0 ? "ok" : "FAILED"}  ${((performance.now() - start) / 1000).toFixed(1)} s`);
    if (isShown && output.trim() !== "") console.log(output.trimEnd());
  }
}

// ESLint takes as long as all the others together.
await Promise.all([work(), work()]);
if (failed.length > 0) {
  console.error(`lint: ${failed.join(", ")} failed`);
  process.exitCode = 1;
}

// Attacks the parsers with generated files: `npm run fuzz -- PARSER ... [--runs N] [--seed N] [--from N]`. Without a name, all of them.
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { createViteServer } from "vitest/node";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "2000000" }, seed: { type: "string" }, from: { type: "string", default: "0" } },
});
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
const [runs, from] = [Number(values.runs), Number(values.from)];
if (![runs, seed, from].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error("--runs, --seed and --from are whole numbers");
  process.exit(2);
}

/** @param {import("./fuzz/run-target.ts").FuzzReport} report */
function line({ target, runs, loaded, refused, slowestMs, longestMessage, memoryBytes, seconds }) {
  const codes = Object.entries(refused).sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`).join(", ");
  return `${target.padEnd(12)} ${runs} inputs in ${seconds.toFixed(0)} s: ${loaded} loaded, refused ${codes || "none"}; slowest ${slowestMs.toFixed(1)} ms, longest message ${longestMessage}, memory +${(memoryBytes / 2 ** 20).toFixed(0)} MiB`;
}

const server = await createViteServer({
  root,
  configFile: false,
  // The sources, as the tests have them.
  ssr: { noExternal: [/^(@tapegrad\/|tapegrad$)/], resolve: { conditions: ["tapegrad-source"] } },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  logLevel: "error",
});
try {
  const { allTargets } = await server.ssrLoadModule("/scripts/fuzz/targets.ts");
  const { runTarget } = await server.ssrLoadModule("/scripts/fuzz/run-target.ts");
  /** @type {readonly import("./fuzz/target.ts").FuzzTarget[]} */
  const targets = await allTargets();
  const unknown = positionals.filter((name) => !targets.some((target) => target.name === name));
  if (unknown.length > 0) throw new Error(`no parser ${unknown.join(", ")}; there are ${targets.map(({ name }) => name).join(", ")}`);
  console.log(`seed ${seed}`);
  let shown = performance.now();
  for (const target of targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const report = await runTarget(target, {
      runs,
      seed,
      from,
      onProgress: (/** @type {import("./fuzz/run-target.ts").FuzzReport} */ sofar) => {
        if (performance.now() - shown < 30_000) return;
        shown = performance.now();
        console.log(`  ${line(sofar)}`);
      },
    });
    console.log(line(report));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await server.close();
}
process.exit();

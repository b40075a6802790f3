// The commands of the repository (`npm run demo`, `npm test`, ...). Plain JavaScript on Node's own modules: it is what makes a
// fresh clone ready, so it cannot lean on anything that has to be installed first.
import { fileURLToPath, pathToFileURL } from "node:url";
import { installDependencies, buildKernels, buildTypeScript, checkNode, fetchEngines } from "./set-up.mjs";
import { StepError, runNode, tools } from "./processes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const usage = `usage: npm run <command> -- [arguments]
  demo [--epochs N ...]     train a LeNet on CIFAR-10 and draw its curves
  example NAME [...]        run a program of examples/
  bench [--suite NAME ...]  measure beside the peers; --report FILE ... makes docs/performance.md
  test [FILTER ...]         lint, type-check and run the tests; with a filter only the tests it names
  dev                       watch the sources: check types, compile kernels and run the tests of what changes
  lint [--update-api]       the rules of the house; --update-api accepts a changed public surface
  build                     compile the kernels and the TypeScript
  fuzz [PARSER ...]         attack the parsers with generated files; --runs N, --seed N
  engines [--fetch]         fetch Bun and Deno (200 MB, once) and run programs in them; --fetch does no more than that
  docs                      write the API reference to docs/api`;

/** @type {Record<string, (args: string[]) => Promise<void>>} */
const commands = {
  demo: (args) => program("examples/dist/demo.js", args),
  example: (args) => program("examples/dist/run.js", args),
  bench: (args) => program("benchmarks/dist/run.js", args),

  async build() {
    await buildTypeScript(root);
  },

  async lint(args) {
    await runNode("lint", root, ["scripts/lint.mjs", ...args]);
  },

  async test(args) {
    const isWhole = args.every((arg) => arg.startsWith("-"));
    // A finding of lint does not hide what the tests say.
    const lint = isWhole ? await commands.lint?.([]).catch((error) => error) : undefined;
    await runNode("vitest", root, [tools.vitest, "run", ...args]);
    if (lint !== undefined) throw lint;
  },

  async dev() {
    // Loaded only here: it is for a clone that is ready.
    const { watchSources } = await import("./dev.mjs");
    const end = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end.abort());
    await watchSources(root, end.signal);
  },

  async fuzz(args) {
    await runNode("fuzz", root, ["scripts/fuzz.mjs", ...args]);
  },

  async engines(args) {
    await fetchEngines(root);
    if (args.includes("--fetch")) return;
    await runNode("vitest", root, [tools.vitest, "run", "--project", "all", "scripts/engines.test.ts", ...args]);
  },

  async docs(args) {
    await runNode("typedoc", root, [tools.typedoc, ...args]);
  },
};

/**
 * Runs a compiled program in this very process: Ctrl-C, exit code and standard streams are then the program's own.
 * @param {string} entry
 * @param {string[]} args
 */
async function program(entry, args) {
  await buildTypeScript(root);
  const path = fileURLToPath(new URL(`../${entry}`, import.meta.url));
  process.argv = [process.argv[0] ?? "node", path, ...args];
  mergeInterrupts();
  await import(pathToFileURL(path).href);
}

/**
 * One Ctrl-C reaches a program under npm twice, from the terminal and from npm. A program that ends cleanly at the first must not be
 * killed by the second; a program without a handler of its own keeps the default and dies at once, busy loops included.
 */
function mergeInterrupts() {
  const sameKeyMs = 500;
  let last = -Infinity;
  const onInterrupt = () => {
    const isNew = performance.now() - last > sameKeyMs;
    last = performance.now();
    if (isNew && process.listenerCount("SIGINT") === 1) process.exit(130);
  };
  const onNewListener = (/** @type {string | symbol} */ event) => {
    if (event !== "SIGINT") return;
    process.off("newListener", onNewListener);
    process.on("SIGINT", onInterrupt);
  };
  process.on("newListener", onNewListener);
}

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  console.error(name === "" ? usage : `unknown command "${name}"\n${usage}`);
  process.exit(2);
}

try {
  checkNode(root);
  await installDependencies(root);
  await buildKernels(root);
} catch (error) {
  leave(error);
}
// A failure inside a program is the program's own and keeps its stack.
await command(args).catch(leave);

/**
 * @param {unknown} error
 * @returns {never}
 */
function leave(error) {
  if (!(error instanceof StepError)) throw error;
  if (error.message !== "") console.error(error.message);
  process.exit(error.exitCode);
}

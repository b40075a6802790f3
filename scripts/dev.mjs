// `npm run dev`: watches the sources. Types are checked at every change; the tests that a change concerns run after it; kernels are compiled
// before, where theirs changed. What comes while something runs ends it, and what it had to do is done with the rest.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { tools } from "./processes.mjs";

/**
 * What is to be done after a change.
 * @typedef {object} Plan
 * @property {boolean} generate make the generated files of the kernels anew (packages/kernels/generate.mjs)
 * @property {boolean} kernels compile the kernels, and run their tests
 * @property {readonly string[]} related sources whose tests run
 */

/** @type {Plan} */
export const nothing = { generate: false, kernels: false, related: [] };

/**
 * @param {string} file below the root, with "/"
 * @returns {Plan}
 */
export function planOf(file) {
  // Written by what runs here.
  if (/[.]generated[.]ts$/.test(file)) return nothing;
  if (/^packages[/]kernels[/](assembly[/].*[.]ts|generate[/].*[.]mjs|generate[.]mjs|operations[.]mjs)$/.test(file)) return { generate: true, kernels: true, related: [] };
  if (file === "packages/kernels/build.mjs") return { generate: false, kernels: true, related: [] };
  return /[.](ts|mjs|cjs)$/.test(file) ? { generate: false, kernels: false, related: [file] } : nothing;
}

/**
 * @param {Plan} a
 * @param {Plan} b
 * @returns {Plan}
 */
export function mergePlans(a, b) {
  return { generate: a.generate || b.generate, kernels: a.kernels || b.kernels, related: [...new Set([...a.related, ...b.related])] };
}

/**
 * The programs of a plan, one after another: each needs that the one before it went well.
 * @param {Plan} plan
 * @returns {readonly (readonly string[])[]} arguments of node
 */
export function programsOf({ generate, kernels, related }) {
  const vitest = (/** @type {readonly string[]} */ args) => [tools.vitest, ...args, "--project", "all", "--passWithNoTests"];
  return [
    ...(generate ? [["packages/kernels/generate.mjs"]] : []),
    ...(kernels ? [["packages/kernels/build.mjs"], vitest(["run", "packages/kernels/src"])] : []),
    ...(related.length > 0 ? [vitest(["related", "--run", ...related])] : []),
  ];
}

/**
 * Folders that hold sources, to be watched with all that is in them.
 * @param {string} root
 */
function sourceFolders(root) {
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/src`);
  const folders = [...packages, "packages/kernels/assembly", "packages/kernels/generate", "examples/src", "benchmarks/src", "scripts"];
  return folders.filter((folder) => existsSync(join(root, folder)));
}

/** Editors write a file in several steps, and tools many files. */
const settledMs = 100;

/**
 * Watches the sources below `root`; resolves when `signal` is aborted and all that it started has ended.
 * @param {string} root
 * @param {AbortSignal} signal
 * @param {{ readonly log?: (line: string) => void, readonly execute?: typeof executeNode, readonly background?: readonly (readonly string[])[] }} [options]
 *   `background`: programs that run all the while
 */
export async function watchSources(root, signal, { log = console.log, execute = executeNode, background = [[tools.tsc, "--project", "tsconfig.check.json", "--watch", "--preserveWatchOutput"]] } = {}) {
  let pending = nothing;
  let wake = () => {};
  let running = new AbortController();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const changed = (/** @type {string} */ file) => {
    const plan = planOf(file);
    if (plan === nothing) return;
    pending = mergePlans(pending, plan);
    clearTimeout(timer);
    timer = setTimeout(() => {
      running.abort();
      wake();
    }, settledMs);
  };
  const watchers = [
    ...sourceFolders(root).map((folder) => watch(join(root, folder), { recursive: true }, (_, name) => name !== null && changed(`${folder}/${name.replaceAll("\\", "/")}`))),
    watch(join(root, "packages/kernels"), (_, name) => name !== null && changed(`packages/kernels/${name}`)),
  ];
  signal.addEventListener("abort", () => {
    running.abort();
    wake();
  });
  const others = background.map((args) => execute(root, args, signal));
  log("watching; Ctrl-C ends it");
  while (!signal.aborted) {
    if (pending === nothing) await new Promise((resolve) => { wake = () => resolve(undefined); });
    if (signal.aborted) break;
    const plan = pending;
    pending = nothing;
    running = new AbortController();
    const state = await runPrograms(root, programsOf(plan), running.signal, log, execute);
    // What was interrupted is still to be done.
    if (state === "interrupted") pending = mergePlans(plan, pending);
    else log(`${state}; watching`);
  }
  clearTimeout(timer);
  for (const watcher of watchers) watcher.close();
  await Promise.all(others);
}

/**
 * @param {string} root
 * @param {readonly (readonly string[])[]} programs
 * @param {AbortSignal} signal
 * @param {(line: string) => void} log
 * @param {typeof executeNode} execute
 * @returns {Promise<"ok" | "failed" | "interrupted">}
 */
async function runPrograms(root, programs, signal, log, execute) {
  for (const args of programs) {
    if (signal.aborted) return "interrupted";
    log(`> node ${args.join(" ")}`);
    const exitCode = await execute(root, args, signal);
    if (signal.aborted) return "interrupted";
    if (exitCode !== 0) return "failed";
  }
  return "ok";
}

/**
 * Runs a Node program to its end, or until `signal` is aborted; its output is shown. Resolves to its exit code.
 * @param {string} root
 * @param {readonly string[]} args
 * @param {AbortSignal} signal
 * @returns {Promise<number>}
 */
export function executeNode(root, args, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    const stop = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stop);
    child.on("error", reject);
    child.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve(code ?? 1);
    });
    if (signal.aborted) stop();
  });
}

// Child processes of the scripts: a failed step says its name and exit code, signals go through.
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Tools by their own entry files, so that no shell and no PATH is needed. */
export const tools = {
  tsc: "node_modules/typescript/bin/tsc",
  vitest: "node_modules/vitest/vitest.mjs",
  typedoc: "node_modules/typedoc/bin/typedoc",
  eslint: "node_modules/eslint/bin/eslint.js",
  dependencyCruiser: "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
  knip: "node_modules/knip/bin/knip.js",
};

/** A step that ended with an exit code other than 0. */
export class StepError extends Error {
  /**
   * @param {string} message printed by itself, without a stack
   * @param {number} exitCode
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * @typedef {object} ProcessOptions
 * @property {string} cwd
 * @property {boolean} [capture] keep the output instead of showing it
 * @property {boolean} [shell] only for commands that are scripts on Windows (npx.cmd)
 */

/**
 * Runs a program to its end. Output is shown or captured; a signal that reaches this process is handed on.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ProcessOptions} options
 * @returns {Promise<{ exitCode: number, output: string }>}
 */
export function run(file, args, { cwd, capture = false, shell = false }) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, shell, stdio: capture ? ["ignore", "pipe", "pipe"] : "inherit" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (/** @type {string} */ text) => { output += text; });
    }
    // At a terminal Ctrl-C reaches the child directly; a second copy would be taken for an impatient user's.
    const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
    for (const signal of signals) process.on(signal, onSignal);
    const release = () => signals.forEach((signal) => process.off(signal, onSignal));
    child.on("error", (error) => {
      release();
      reject(error);
    });
    child.on("close", (code, signal) => {
      release();
      resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), output });
    });
  });
}

/**
 * Runs a Node program as a named step and shows its output. Throws StepError when it fails.
 * @param {string} step
 * @param {string} cwd
 * @param {readonly string[]} args
 */
export async function runNode(step, cwd, args) {
  const { exitCode } = await run(process.execPath, args, { cwd });
  if (exitCode !== 0) throw new StepError(`${step} failed (exit code ${exitCode})`, exitCode);
}

// The JavaScript of a published package: one module, made of its sources.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { rolldown } from "rolldown";

/**
 * The packages that are published, by the names of their folders.
 * @param {string} root
 */
export function publishedPackages(root) {
  const folders = readdirSync(join(root, "packages")).sort();
  return folders.filter((name) => JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).private !== true);
}

/**
 * `seedrandom` is taken in, one file of its eight, and runs when the first key is made: loading it late takes `createRequire`, which no
 * bundler follows, and loading it early would cost every program time. It is CommonJS, a script that sets `module.exports`; node:crypto,
 * which it tries to have for seeds of its own making, it does without.
 * @param {string} folder
 * @returns {import("rolldown").Plugin}
 */
function takeInSeedrandom(folder) {
  return {
    name: "seedrandom",
    resolveId: (id) => (id === "seedrandom" ? createRequire(join(folder, "package.json")).resolve("seedrandom/seedrandom.js") : null),
    load(id) {
      if (!id.endsWith("seedrandom.js")) return null;
      // "/*!" is a comment that stays: the licence goes with the code.
      const script = readFileSync(id, "utf8").replace("/*\nCopyright", "/*!\nCopyright");
      return `let make;
function run(module, require) {
${script}
  return module.exports;
}
export default (seed) => (make ??= run({ exports: {} }))(seed);
`;
    },
  };
}

/**
 * The sources behind a package's `exports`, by the names of what is made of them.
 * @param {string} root
 * @param {string} name
 * @returns {Record<string, string>}
 */
export function entriesOf(root, name) {
  const folder = join(root, "packages", name);
  /** @type {{ exports: Record<string, string | { "tapegrad-source": string }> }} */
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // What is a file by itself is published as it is.
  const sources = Object.values(exports).flatMap((conditions) => (typeof conditions === "string" ? [] : conditions["tapegrad-source"]));
  return Object.fromEntries(sources.map((source) => [basename(source, ".ts"), join(folder, source)]));
}

/**
 * The files of a package's dist: one for each of its `exports`, and a few more for what it imports dynamically. Node spends a third to half a
 * millisecond on every module, so that with a file for each source most of a program's start would go into opening files.
 * @param {string} root
 * @param {string} name
 */
export function bundlePackage(root, name) {
  return rolldown({
    cwd: root,
    input: entriesOf(root, name),
    platform: "node",
    // Other packages stay what they are, ours too: whoever imports `tapegrad` and `@tapegrad/tensor` must get the same tensors.
    external: (id, importer, isResolved) => importer !== undefined && !isResolved && !id.startsWith(".") && id !== "seedrandom",
    plugins: [takeInSeedrandom(join(root, "packages", name))],
    // All of the sources: an op is in the table because its module was run, used or not.
    treeshake: false,
    transform: { target: "es2023" },
  });
}

/**
 * Straight in dist, where the paths in the sources that start at `import.meta.url` are right, as they are in src.
 * @param {string} root
 * @param {string} name
 * @returns {import("rolldown").OutputOptions}
 */
export function bundleOutput(root, name) {
  return {
    dir: join(root, "packages", name, "dist"),
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    // Errors name classes and functions: two of one name in different modules keep it.
    keepNames: true,
  };
}

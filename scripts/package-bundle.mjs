// The JavaScript of a published package: one module, made of its sources.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
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
 * The sources of a package's doors: index.ts, and what else its `exports` lead to.
 * @param {string} folder
 */
function doorsOf(folder) {
  /** @type {{ exports: Record<string, string | { "tapegrad-source": string }> }} */
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // One that is a path alone is published as it is.
  return Object.values(exports).flatMap((door) => (typeof door === "string" ? [] : [join(folder, door["tapegrad-source"])]));
}

/**
 * Escapes what is beyond ASCII, in comments as in texts: one letter of mathematics would make V8 keep and read all of the file as 16-bit
 * characters, which takes a tenth longer.
 * @type {import("rolldown").Plugin}
 */
const asciiOnly = {
  name: "ascii-only",
  // At the end, so that the source map stays: lines remain what they are.
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === "chunk") chunk.code = chunk.code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
    }
  },
};

/**
 * The files of a package's dist: one for each door, and a few more for what it imports dynamically. Node spends a third to half a
 * millisecond on every module, so that with a file for each source most of a program's start would go into opening files. Doors are
 * bundled one by one, for together they would have files in common; so they may not share sources.
 * @param {string} root
 * @param {string} name
 */
export function bundlePackage(root, name) {
  return Promise.all(doorsOf(join(root, "packages", name)).map((door) => rolldown({
    cwd: root,
    input: door,
    // Not "node": its bundles import node:module, for a `require` that no package of ours has, which takes Node 2 ms.
    platform: "neutral",
    // Other packages stay what they are, ours too: whoever imports `tapegrad` and `@tapegrad/tensor` must get the same tensors. What a
    // package calls `#...` is a part of its own.
    external: (id, importer, isResolved) => importer !== undefined && !isResolved && !/^[.#]/.test(id) && id !== "seedrandom",
    resolve: { conditionNames: ["tapegrad-source"] },
    plugins: [takeInSeedrandom(join(root, "packages", name)), asciiOnly],
    // All of the sources: an op is in the table because its module was run, used or not.
    treeshake: false,
    transform: { target: "es2023" },
  })));
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

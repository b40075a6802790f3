import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import webpack from "webpack";
import { installTapegrad, kernelFiles } from "./consumer/install.ts";
import { readmeProgram, smallProgram, withoutTypes } from "./consumer/programs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

type Format = "esm" | "cjs";

/** Bundles a program into main.mjs or main.cjs of a folder, and returns what the bundler warns of. */
type Bundler = (entry: string, outFolder: string, format: Format) => Promise<readonly string[]>;

const bundlers: Readonly<Record<string, Bundler>> = {
  async esbuild(entry, outFolder, format) {
    const { warnings } = await esbuild.build({ entryPoints: [entry], bundle: true, platform: "node", format, outfile: join(outFolder, mainOf(format)), logLevel: "silent" });
    return warnings.map(({ text }) => text);
  },
  async rollup(entry, outFolder, format) {
    const warnings: string[] = [];
    const bundle = await rollup({ input: entry, plugins: [nodeResolve()], external: [/^node:/], onwarn: ({ message }) => void warnings.push(message) });
    await bundle.write({ dir: outFolder, format, entryFileNames: mainOf(format), chunkFileNames: `[name].${format === "esm" ? "mjs" : "cjs"}` });
    await bundle.close();
    return warnings;
  },
  async webpack(entry, outFolder, format) {
    const asModule = { output: { module: true, chunkFormat: "module" as const }, experiments: { outputModule: true } };
    const { output, ...rest } = format === "esm" ? asModule : { output: {} };
    const compiler = webpack({ mode: "production", optimization: { minimize: false }, target: "node", entry, ...rest, output: { path: outFolder, filename: mainOf(format), ...output } });
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
      compiler.run((error, result) => (error === null ? resolve(result) : reject(error)));
    });
    await new Promise((resolve) => compiler.close(resolve));
    return [...(stats?.compilation.errors ?? []), ...(stats?.compilation.warnings ?? [])].map(({ message }) => message);
  },
};

const mainOf = (format: Format): string => `main.${format === "esm" ? "mjs" : "cjs"}`;

let folder = "", small = "", readme = "";
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bundlers-")));
  await installTapegrad(root, folder);
  [small, readme] = [join(folder, "small.js"), join(folder, "readme.js")];
  writeFileSync(small, smallProgram);
  writeFileSync(readme, withoutTypes(readmeProgram(root)));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program prints; two threads, whatever the machine has. */
function run(file: string, cwd = folder): { readonly status: number | null; readonly out: string; readonly err: string } {
  const env = { ...process.env, NODE_OPTIONS: "", TAPEGRAD_THREADS: "2", TAPEGRAD_BLAS: "off" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd, env, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

const results = new Map<string, ReturnType<typeof run>>();

/** What the program prints as it stands, and that this is all. */
function expected(file: string): ReturnType<typeof run> {
  const result = results.get(file) ?? run(file);
  results.set(file, result);
  return { status: 0, out: result.out, err: "" };
}

const cases = Object.keys(bundlers).flatMap((name) => (["esm", "cjs"] as const).map((format) => [name, format] as const));

describe.each(cases)("bundled by %s as %s", (name, format) => {
  const bundle = async (entry: string): Promise<string> => {
    const outFolder = mkdtempSync(join(folder, `${name}-`));
    expect(await bundlers[name]?.(entry, outFolder, format)).toEqual([]);
    return outFolder;
  };
  let smallFolder = "";

  test("a program computes what it computes without a bundler", async () => {
    smallFolder = await bundle(small);
    expect(run(join(smallFolder, mainOf(format)))).toEqual(expected(small));
  });

  // A bundle that is CommonJS can await nothing at its top.
  if (format === "esm") {
    test("so does the README's", async () => {
      expect(Number(expected(readme).out)).toBeGreaterThan(0.9);
      expect(run(join(await bundle(readme), mainOf(format)))).toEqual(expected(readme));
    });
  }

  test("taken elsewhere it needs the kernels beside it, which webpack puts there itself, and says so", () => {
    const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), "bundled-")));
    cpSync(smallFolder, elsewhere, { recursive: true });
    const main = join(elsewhere, mainOf(format));
    if (name !== "webpack") {
      const { status, out, err } = run(main, elsewhere);
      expect([status, out]).toEqual([1, ""]);
      expect(err).toContain(`TapegradError: kernels: kernels-fma.wasm is neither beside the program, in ${elsewhere}, nor in a package @tapegrad/kernels that is found from there\n  hint: copy the files *.wasm out of @tapegrad/kernels/dist into that folder\n  code: kernels/file\n`);
      for (const file of kernelFiles) cpSync(join(folder, "node_modules/@tapegrad/kernels/dist", file), join(elsewhere, file));
    }
    expect(run(main, elsewhere)).toEqual(expected(small));
    rmSync(elsewhere, { recursive: true });
  });
});

test("a bundle in a project of pnpm's finds the kernels by way of tapegrad, which alone it sees", async () => {
  const project = realpathSync(mkdtempSync(join(tmpdir(), "strict-")));
  const out = join(project, "out");
  await bundlers["esbuild"]?.(small, out, "esm");
  mkdirSync(join(project, "node_modules"));
  const store = join(project, "store/node_modules");
  cpSync(join(folder, "node_modules"), store, { recursive: true, verbatimSymlinks: true });
  symlinkSync(join(store, "tapegrad"), join(project, "node_modules/tapegrad"), "junction");
  expect(readdirSync(join(project, "node_modules"))).toEqual(["tapegrad"]);
  expect(run(join(out, "main.mjs"), project)).toEqual(expected(small));
  rmSync(project, { recursive: true });
});

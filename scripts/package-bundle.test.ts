import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OutputChunk } from "rolldown";
import { expect, test } from "vitest";
import { bundleOutput, bundlePackage, publishedPackages } from "./package-bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

async function chunksOf(name: string): Promise<Map<string, OutputChunk>> {
  const chunks: OutputChunk[] = [];
  for (const bundle of await bundlePackage(root, name)) {
    const { output } = await bundle.generate(bundleOutput(root, name));
    await bundle.close();
    chunks.push(...output.filter((file) => file.type === "chunk"));
  }
  return new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
}

/** What a plain import of the package makes Node load: names of other packages, and files of its own as "package/file". */
async function loadedBy(name: string, loaded = new Set<string>()): Promise<Set<string>> {
  const chunks = await chunksOf(name);
  async function visit(fileName: string): Promise<void> {
    const path = `${name}/${fileName}`;
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const imported of chunks.get(fileName)?.imports ?? []) {
      if (chunks.has(imported)) await visit(imported);
      else if (imported.startsWith("@tapegrad/")) await loadedBy(imported.slice("@tapegrad/".length), loaded);
      else loaded.add(imported);
    }
  }
  await visit("index.js");
  return loaded;
}

test("importing tapegrad loads a few files, no library that only some programs need, and none of the builtins as modules (process.getBuiltinModule is milliseconds faster)", async () => {
  expect([...await loadedBy("tapegrad")].sort()).toEqual([
    "@petamoriken/float16",
    "autograd/index.js",
    "data/index.js",
    "data/next-turn.js",
    "data/rolldown-runtime.js",
    "kernels/index.js",
    "nn/index.js",
    "optim/index.js",
    "tapegrad/index.js",
    "tensor/index.js",
    "train/index.js",
  ]);
});

test("every package is a module of its own, so that it is the same one however it is imported", async () => {
  for (const name of publishedPackages(root)) {
    const sources = [...(await chunksOf(name)).values()].flatMap((chunk) => chunk.moduleIds).filter((id) => !id.startsWith("\0"));
    const foreign = sources.filter((id) => !id.startsWith(`${root}packages/${name}/src/`));
    expect(foreign.map((id) => basename(id))).toEqual(name === "tensor" ? ["seedrandom.js"] : []);
  }
});

test("what a package calls #... is in its bundle, and costs no further file", async () => {
  for (const name of publishedPackages(root)) {
    const imports = [...(await chunksOf(name)).values()].flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]);
    expect(imports.filter((imported) => imported.startsWith("#")), name).toEqual([]);
  }
  expect((await chunksOf("kernels")).get("index.js")?.moduleIds).toContain(`${root}packages/kernels/src/platform/node.ts`);
});

test("no source is in two files of a package, where it would be two modules", async () => {
  for (const name of publishedPackages(root)) {
    const sources = [...(await chunksOf(name)).values()].flatMap((chunk) => chunk.moduleIds).filter((id) => !id.startsWith("\0"));
    expect(sources.filter((id, i) => sources.indexOf(id) !== i)).toEqual([]);
  }
});

test("tapegrad has a door for what extends it, and one for tests, behind which alone fast-check is, loaded so that it may be missing", async () => {
  expect([...(await chunksOf("tapegrad")).keys()].sort()).toEqual(["extend.js", "index.js", "testing.js"]);
  const loaded = await loadedBy("testing");
  expect(loaded.has("fast-check")).toBe(false);
  expect((await chunksOf("testing")).get("index.js")?.dynamicImports).toEqual(["fast-check"]);
});

test("what was taken in from another author keeps its licence", async () => {
  expect((await chunksOf("tensor")).get("index.js")?.code).toMatch(/\/\*!\s+Copyright 2019 David Bau\.\s+Permission is hereby granted/);
});

test.each(publishedPackages(root))("what package.json of %s says of side effects is about the file that is published", (name) => {
  const { sideEffects } = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")) as { sideEffects: unknown };
  // What these do when they are imported concerns others: they bring the tape and the BLAS.
  const expected = ["autograd", "blas", "tapegrad", "tensor"].includes(name) ? ["./dist/index.js"] : false;
  expect(sideEffects).toEqual(expected);
});

import { fileURLToPath } from "node:url";
import type { OutputChunk } from "rolldown";
import { expect, test } from "vitest";
import { bundleOutput, bundlePackage, publishedPackages } from "./package-bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

async function chunksOf(name: string): Promise<Map<string, OutputChunk>> {
  const bundle = await bundlePackage(root, name);
  const { output } = await bundle.generate(bundleOutput(root, name));
  await bundle.close();
  return new Map(output.filter((file) => file.type === "chunk").map((chunk) => [chunk.fileName, chunk]));
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

test("importing tapegrad loads a few files, and no library or builtin that only some programs need", async () => {
  expect([...await loadedBy("tapegrad")].sort()).toEqual([
    "@petamoriken/float16",
    "autograd/index.js",
    "data/index.js",
    "data/records.js",
    "data/rolldown-runtime.js",
    "kernels/index.js",
    "nn/index.js",
    "node:buffer",
    "node:fs",
    "node:module",
    "node:os",
    "node:path",
    "node:timers/promises",
    "node:v8",
    "node:vm",
    "node:worker_threads",
    "optim/index.js",
    "tapegrad/index.js",
    "tensor/index.js",
    "train/index.js",
  ]);
});

test("every package is a module of its own, so that it is the same one however it is imported", async () => {
  for (const name of publishedPackages(root)) {
    const sources = [...(await chunksOf(name)).values()].flatMap((chunk) => chunk.moduleIds).filter((id) => !id.startsWith("\0"));
    expect(sources.filter((id) => !id.startsWith(`${root}packages/${name}/src/`))).toEqual([]);
  }
});

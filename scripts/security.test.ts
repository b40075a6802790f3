import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { allTargets } from "./fuzz/targets.ts";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");
const text = read("SECURITY.md");

/** The first cells of a table's rows. */
function rowsOf(heading: string): string[] {
  const [, table = ""] = text.split(new RegExp(`^\\| ${heading}.*\\n\\| --- .*\\n`, "m"));
  return table.split("\n\n")[0]?.split("\n").map((row) => row.split("|")[1]?.trim() ?? "") ?? [];
}

test("SECURITY.md names the parsers that are attacked, all of them and no others", async () => {
  const names = (await allTargets()).map(({ name }) => `\`${name}\``);
  expect(rowsOf("Parser").sort()).toEqual(names.sort());
});

test("the bounds that it gives are those of the sources", () => {
  const bounds: readonly (readonly [words: string, file: string, source: string])[] = [
    ["100,000,000 bytes", "packages/nn/src/safetensors/limits.ts", "mostHeaderBytes = 100_000_000;"],
    ["32,768 members", "packages/nn/src/safetensors/limits.ts", "mostMembers = 1 << 15;"],
    ["64 dimensions", "packages/nn/src/safetensors/limits.ts", "mostDims = 64;"],
    ["16 MiB of names or notes", "packages/nn/src/safetensors/limits.ts", "mostTextBytes = 1 << 24;"],
    ["128 levels", "packages/nn/src/safetensors/header-text.ts", "mostNested = 128;"],
    ["262,144 values; 8 levels", "packages/data/src/formats/pickle.ts", "mostValues = 1 << 18;"],
    ["262,144 values; 8 levels", "packages/data/src/formats/pickle.ts", "depthLimit = 8;"],
    ["notes of more than 64 KiB", "packages/data/src/formats/tar-entries.ts", "mostNoteBytes = 1 << 16;"],
    ["16 times its size beside what is wanted and 64 MiB", "packages/data/src/formats/tar-gz.ts", "mostRatio = 16;\nconst mostBesides = 1 << 26;"],
    ["beyond 64 MiB, more than a hundred times", "packages/data/src/mnist/local.ts", "muchBytes = 64 * 2 ** 20;\nconst largestRatio = 100;"],
    ["two million of them", "scripts/fuzz.mjs", 'default: "2000000"'],
    ["5 s of processor time", "scripts/fuzz/run-target.ts", "mostMs = 5000;"],
    ["more than 8,000 characters", "scripts/fuzz/run-target.ts", "mostMessage = 8000;"],
    ["more than 128 MiB", "scripts/fuzz/run-target.ts", "mostMemoryBytes = 128 << 20;"],
    ["Five at most", "packages/data/src/fetch/http-get.ts", "redirectLimit = 5;"],
    ["less than 1 KiB a second", "packages/data/src/fetch/download.ts", "minBytesPerSecond = 1024"],
    ["no dependency's install script is run", "pnpm-workspace.yaml", "onlyBuiltDependencies: []"],
    ["a week after it appeared", "pnpm-workspace.yaml", "minimumReleaseAge: 10080"],
  ];
  const line = text.replace(/\s+/g, " ");
  for (const [words, file, source] of bounds) {
    expect(line, words).toContain(words);
    expect(read(file), `${file}: ${source}`).toContain(source);
  }
});

test("packages of ours have no install scripts, and one source alone knows no https", () => {
  for (const name of ["autograd", "blas", "data", "kernels", "nn", "optim", "tapegrad", "tensor", "train"]) {
    const { scripts = {} } = JSON.parse(read(`packages/${name}/package.json`)) as { scripts?: Record<string, string> };
    expect(Object.keys(scripts).filter((script) => /install|prepare/.test(script))).toEqual([]);
  }
  const sources = ["mnist", "cifar10"].map((set) => read(`packages/data/src/${set}/official.ts`)).join("\n");
  expect(sources.match(/"http:[^"]*"/g)).toEqual([expect.stringContaining("fashion-mnist")]);
});

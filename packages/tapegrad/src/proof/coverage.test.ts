import { expect, test } from "vitest";
import * as umbrella from "tapegrad";
import { caseText, fewest } from "./case-list.ts";
import { families } from "./families.ts";

/** What the umbrella exports beside ops, and why it is not compared with PyTorch. */
const apart: Readonly<Record<string, string>> = {
  empty: "its elements are whatever the memory held",
  rand: "random numbers: other streams than PyTorch's", randLike: "as rand", randn: "as rand", randnLike: "as rand", randint: "as rand", randperm: "as rand", manualSeed: "as rand",
  keep: "memory", openScope: "memory", scope: "memory", collectGarbage: "memory", memoryStats: "memory", resetPeakMemory: "memory", setHeapBudget: "memory", setMemoryDebug: "memory",
  getNumThreads: "the machine", setNumThreads: "the machine", setBlasEnabled: "the machine", kernelInfo: "the machine",
  grad: "every case goes through it", gradcheck: "a test of gradients itself",
  enableGrad: "modes of the tape", inferenceMode: "modes of the tape", isGradEnabled: "modes of the tape", noGrad: "modes of the tape", setGradEnabled: "modes of the tape",
  collate: "data", compose: "data", normalize: "data", randomCrop: "data", randomHorizontalFlip: "data", randomSplit: "data",
  onMeta: "shapes alone; every op is tested on them", withAddress: "memory",
  loadCheckpoint: "files", saveCheckpoint: "files",
};

/** Methods in place, and those that are no functions of the umbrella. */
const methods = Object.getOwnPropertyNames(umbrella.Tensor.prototype).filter((name) => name.endsWith("_") && name !== "requiresGrad_");

const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value));
const functionsOf = (module: object): readonly string[] => Object.entries(module).flatMap(([name, value]) => (typeof value === "function" && !isClass(value) ? [name] : []));

const ops = families.flatMap((family) => family.ops);
const listed = new Set(ops.map(({ name }) => name));

test("every public op is compared with PyTorch, or has a reason why not", () => {
  const wanted = new Set([...functionsOf(umbrella), ...functionsOf(umbrella.nn.functional), ...methods]);
  const missing = [...wanted].filter((name) => !listed.has(name) && !(name in apart));
  expect(missing, "declare them with op(...) in packages/tapegrad/src/proof/cases").toEqual([]);
  expect(Object.keys(apart).filter((name) => !wanted.has(name) || listed.has(name)), "reasons that are none any more").toEqual([]);
});

test(`every op has ${fewest} cases, or says why not`, () => {
  expect(ops.filter(({ cases, few }) => cases.length < fewest && few === undefined).map(({ name, cases }) => `${name}: ${cases.length}`)).toEqual([]);
  expect(ops.filter(({ cases, few }) => cases.length >= fewest && few !== undefined).map(({ name, cases }) => `${name}: ${cases.length}`), "few, though it has enough").toEqual([]);
});

test("no case stands twice in the list", () => {
  for (const { name, cases } of ops) {
    const texts = cases.map(caseText);
    expect(texts.filter((text, i) => texts.indexOf(text) !== i), name).toEqual([]);
  }
  expect(listed.size).toBe(ops.length);
});

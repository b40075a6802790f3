import { setTimeout as later } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryStats, setHeapBudget } from "@tapegrad/kernels";
import "./methods.ts";
import { ones, tensor } from "./creation.ts";
import { mul } from "./ops/arithmetic.ts";
import { rand } from "./random.ts";
import type { Tensor } from "./tensor.ts";
import { withAddress } from "./with-address.ts";

const usual = memoryStats().budget;
const mebibyte = 2 ** 20;

beforeEach(() => setHeapBudget(32 * mebibyte));
afterEach(() => setHeapBudget(usual));

/** Ops whose results do not fit into the heap together, so that blocks are copied out and their memory is used again. */
function fillHeap(): Tensor[] {
  return Array.from({ length: 24 }, (_, i) => mul(rand([mebibyte]), i));
}

describe("while native code works on tensors by itself", () => {
  test("their elements stay where they are, and what it writes arrives in them alone", async () => {
    const [x, y] = [ones([mebibyte / 4]), tensor([1, 2, 3])];
    let others: Tensor[] = [];
    await withAddress([x, y], async ([first, second]) => {
      others = fillHeap();
      await later(5);
      others.push(...fillHeap());
      // The call in flight comes back.
      first?.fill(7 as never);
      second?.set([4, 5, 6] as never);
    });
    expect(new Set(x.toTypedArray())).toEqual(new Set([7]));
    expect(y.toArray()).toEqual([4, 5, 6]);
    expect(others.every((other, i) => other.toTypedArray("float32").every((value) => value >= 0 && value <= i % 24))).toBe(true);
  });

  test("memory that is freed meanwhile is given to nobody before", async () => {
    const x = ones([mebibyte / 4]);
    await withAddress([x], async ([elements]) => {
      x.storage.free();
      const others = fillHeap();
      await later(1);
      elements?.fill(-1 as never);
      expect(others.every((other) => other.toTypedArray("float32").every((value) => value >= 0))).toBe(true);
    });
    expect(() => x.toArray()).toThrow("is used after it was freed");
  });

  test("a tensor may be in several calls at once, and each counts as a change", async () => {
    const x = tensor([1, 2]);
    const before = x.storage.version;
    const slow = withAddress([x], async ([elements]) => {
      await later(10);
      fillHeap();
      elements?.set([9] as never, 1);
    });
    await withAddress([x], ([elements]) => elements?.set([8] as never, 0));
    fillHeap();
    await slow;
    expect(x.toArray()).toEqual([8, 9]);
    expect(x.storage.version).toBe(before + 2);
  });

  test("what the call throws comes through, and afterwards the memory may move again", async () => {
    const x = ones([mebibyte]);
    await expect(withAddress([x], () => Promise.reject(new Error("the library failed")))).rejects.toThrow("the library failed");
    const { spills } = memoryStats();
    fillHeap();
    expect(memoryStats().spills).toBeGreaterThan(spills);
    expect(x.sum().item()).toBe(mebibyte);
  });

  test("a part of a tensor is the part's elements", async () => {
    const x = tensor([1, 2, 3, 4]);
    expect(await withAddress([x.narrow(0, 1, 2)], ([elements]) => Array.from(elements ?? [], Number))).toEqual([2, 3]);
  });

  test.each([
    [() => withAddress([tensor([[1, 2], [3, 4]]).T], () => 0), "withAddress: the elements of tensors[0] do not lie one after another\n  tensors[0]  [2, 2]  float32\n  hint: give it a copy: x.contiguous()\n  code: withAddress/strides"],
    [() => withAddress(tensor([1]) as never, () => 0), "withAddress: tensors must be a list of tensors\n  code: withAddress/tensors"],
    [() => withAddress([], 3 as never), "withAddress: run 3 must be a function\n  code: withAddress/option"],
  ])("wrong calls say so", async (call, message) => {
    await expect(call()).rejects.toThrow(expect.objectContaining({ message }));
  });
});

test("elements can be waited for", async () => {
  const x = tensor([1, 2, 3]);
  expect(await x.data()).toEqual(Float32Array.of(1, 2, 3));
  expect((await x.data("float32")).length).toBe(3);
  await expect(x.data("int32")).rejects.toThrow(expect.objectContaining({ code: "toTypedArray/dtype" }));
});

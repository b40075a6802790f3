import { afterAll, afterEach, describe, expect, test } from "vitest";
import { collectGarbage, getNumThreads, memoryStats, resetPeakMemory, setHeapBudget, setMemoryDebug, setNumThreads } from "@tapegrad/kernels";
import {
  add, batchNorm, conv2d, crossEntropy, dropout, flatten, Generator, linear, maxPool2d, mul, ones, randint, randn, relu, scope, square, sum, tensor, zeros, type DType, type Tensor,
} from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { noGrad } from "../grad-mode.ts";

const mebibyte = 2 ** 20;
const usualBudget = memoryStats().budget;
const usualThreads = getNumThreads();

/** A small network with every kind of saved tensor: inputs, outputs, masks, indices, statistics. */
function makeNetwork(): { readonly parameters: readonly Tensor[]; readonly loss: (x: Tensor, y: Tensor, random: Generator) => Tensor } {
  const random = new Generator(1);
  const parameter = (shape: number[]): Tensor => mul(randn(shape, { generator: random }), 0.1).detach().requiresGrad_();
  const [w1, gamma, beta, w2, b2] = [parameter([16, 3, 3, 3]), ones([16], { requiresGrad: true }), zeros([16], { requiresGrad: true }), parameter([10, 16 * 64]), parameter([10])];
  const loss = (x: Tensor, y: Tensor, drops: Generator): Tensor => {
    const h = relu(batchNorm(conv2d(x, w1, null, { padding: 1 }), { weight: gamma, bias: beta, training: true }));
    return crossEntropy(linear(dropout(flatten(maxPool2d(h, 2), 1), { p: 0.25, generator: drops }), w2, b2), y);
  };
  return { parameters: [w1, gamma, beta, w2, b2], loss };
}

/** Trains for some steps and returns all weights and losses as bytes. */
function train(steps: number): string {
  const { parameters, loss } = makeNetwork();
  const random = new Generator(2);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const value = loss(randn([8, 3, 16, 16], { generator: random }), randint(0, 10, [8], { generator: random }), random);
    value.backward();
    losses.push(value.item());
    noGrad(() => {
      for (const p of parameters) {
        p.sub_(mul(p.grad as Tensor, 0.05));
        p.grad = null;
      }
    });
  }
  const bytes = parameters.map((p) => Buffer.from(p.toTypedArray().buffer).toString("base64"));
  return JSON.stringify([losses, bytes]);
}

afterEach(() => {
  setHeapBudget(usualBudget);
  setNumThreads(usualThreads);
});

describe("spilling", () => {
  test("a budget of 2 MiB changes nothing but time, backward included", () => {
    const expected = train(4);
    setHeapBudget(2 * mebibyte);
    const before = memoryStats();
    expect(train(4)).toBe(expected);
    const after = memoryStats();
    expect(after.spills).toBeGreaterThan(before.spills);
    expect(after.restores).toBeGreaterThan(before.restores);
  });

  test("with tensors larger than half the budget every op spills, and values stay", () => {
    const x = tensor(Float32Array.from({ length: 200_000 }, (_, i) => i % 97), { requiresGrad: true });
    const run = (): number[] => {
      const parts = Array.from({ length: 6 }, (_, i) => mul(x, i + 1));
      const total = sum(square(parts.reduce((a, b) => add(a, b))));
      const [dX] = grad([total], [x]);
      return [total.item(), ...dX.toTypedArray().slice(0, 100)];
    };
    const expected = run();
    setHeapBudget(3 * mebibyte);
    const before = memoryStats().spills;
    expect(run()).toEqual(expected);
    expect(memoryStats().spills - before).toBeGreaterThan(5);
  });

  test("thousands of small tensors, of every size and dtype, come back as they were", () => {
    const dtypes = ["float32", "float64", "int32", "uint8"] as const;
    const values = (i: number): number[] => Array.from({ length: i % 41 }, (_, k) => (i + k) % 251);
    const before = memoryStats();
    const kept = Array.from({ length: 12_000 }, (_, i) => tensor(values(i), { dtype: dtypes[i % 4] as DType, shape: [i % 41] }));
    expect(memoryStats().spills - before.spills).toBeGreaterThan(6000);
    // One by a read of the host's, the next by a kernel.
    kept.forEach((x, i) => expect(Array.from((i % 2 === 0 ? x : x.clone()).toTypedArray())).toEqual(values(i)));
    expect(memoryStats().restores - before.restores).toBeGreaterThan(2000);
  });

  test("what is used again and again stays, however many tensors come and go", () => {
    const weights = Array.from({ length: 50 }, (_, i) => ones([8]).add(i));
    const before = memoryStats();
    for (let i = 0; i < 20_000; i++) mul(weights[i % 50] as Tensor, 2);
    expect(memoryStats().spills - before.spills).toBeGreaterThan(10_000);
    expect(memoryStats().restores).toBe(before.restores);
  });

  test("a spilled tensor is read without coming back", () => {
    const x = tensor(Float32Array.from({ length: 1000 }, (_, i) => i));
    setHeapBudget(mebibyte);
    for (let i = 0; i < 8; i++) zeros([200_000]);
    const before = memoryStats().restores;
    expect(x.toTypedArray()[999]).toBe(999);
    expect(memoryStats().restores).toBe(before);
    expect(sum(x).item()).toBe(499_500);
    expect(memoryStats().restores).toBeGreaterThan(before);
  });
});

describe("what is freed", () => {
  test("a step leaves no mask, index or gradient of the middle behind", () => {
    const { parameters, loss } = makeNetwork();
    const [x, y] = [randn([8, 3, 16, 16]), randint(0, 10, [8])];
    const step = (): number => {
      const value = loss(x, y, new Generator(1));
      const before = memoryStats().blocks;
      value.backward();
      for (const p of parameters) expect(p.grad).not.toBeNull();
      return memoryStats().blocks - before;
    };
    step();
    // The gradients of the parameters are there already. What goes: two statistics, a mask, indices, two of the loss; and one
    // 4-byte upstream gradient stays for the collector.
    expect(step()).toBeLessThanOrEqual(-5);
  });

  test("inside a scope a step leaves nothing at all", () => {
    const { parameters, loss } = makeNetwork();
    const [x, y] = [randn([8, 3, 16, 16]), randint(0, 10, [8])];
    const step = (): void => scope(() => loss(x, y, new Generator(1)).backward());
    step();
    const before = memoryStats();
    for (let i = 0; i < 5; i++) step();
    expect(memoryStats().resident).toBe(before.resident);
    expect(memoryStats().blocks).toBe(before.blocks);
    expect(parameters.every((p) => p.grad !== null)).toBe(true);
  });

  test("ops that nobody records free their masks at once", () => {
    const x = randn([4, 2, 8, 8]);
    const before = memoryStats().blocks;
    const y = maxPool2d(x, 2);
    expect(memoryStats().blocks).toBe(before + 1);
    y.storage.free();
    expect(memoryStats().blocks).toBe(before);
  });

  test("a strided or float16 operand leaves no copy behind", () => {
    const x = randn([4, 6]).transpose(0, 1);
    const half = ones([5], { dtype: "float16" });
    const before = memoryStats().blocks;
    const made = [conv2d(x.reshape([1, 1, 6, 4]), ones([1, 1, 2, 2])), add(half, 1), sum(x), square(half)];
    // The reshape copies, and the filter is a tensor of its own.
    expect(memoryStats().blocks - before).toBe(made.length + 2);
  });
});

describe("memoryStats", () => {
  test("counts resident bytes by dtype, blocks and the peak", () => {
    resetPeakMemory();
    const before = memoryStats();
    const kept = [zeros([1000]), zeros([500], { dtype: "float64" }), zeros([300], { dtype: "uint8" })];
    const after = memoryStats();
    expect(after.resident - before.resident).toBe(4000 + 4000 + 300);
    expect(after.residentByDType.float64 - before.residentByDType.float64).toBe(4000);
    expect(after.blocks - before.blocks).toBe(3);
    expect(after.peak).toBeGreaterThanOrEqual(after.resident);
    expect(after.live).toBe(after.resident + after.spilled);
    for (const x of kept) x.storage.free();
    expect(memoryStats().resident).toBe(before.resident);
  });

  test("tells in debug mode where tensors were made", () => {
    setMemoryDebug(true);
    const x = zeros([12_345]);
    const origins = [...(memoryStats().origins ?? new Map<string, number>())];
    setMemoryDebug(false);
    expect(origins.some(([place, bytes]) => place.includes("memory.test") || bytes >= 4 * x.numel())).toBe(true);
    expect(memoryStats().origins).toBeUndefined();
  });
});

describe("threads", () => {
  test("1, 2, 3, 4 and 8 give the same bits after a few steps", async () => {
    setNumThreads(1);
    const expected = train(3);
    for (const threads of [2, 3, 4, 8]) {
      setNumThreads(threads);
      // Workers take part once they are up.
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(train(3)).toBe(expected);
    }
  });
});

describe("garbage", () => {
  test("is found in a synchronous loop, and freed without a copy", () => {
    setHeapBudget(128 * mebibyte);
    const kept = Array.from({ length: 4 }, (_, i) => zeros([100_000]).add(i));
    const before = memoryStats();
    for (let i = 0; i < 1000; i++) zeros([250_000]);
    const after = memoryStats();
    // On a busy machine a collection may now and then seem dearer than copying.
    expect(after.collected - before.collected).toBeGreaterThan(600);
    expect(after.spills - before.spills).toBeLessThan(200);
    expect(after.resident).toBeLessThanOrEqual(128 * mebibyte);
    expect(kept.map((x) => x.mean().item())).toEqual([0, 1, 2, 3]);
  });

  test("of a training loop without scope is freed rather than copied out", () => {
    setHeapBudget(64 * mebibyte);
    train(2);
    const before = memoryStats();
    train(300);
    const after = memoryStats();
    expect(after.collected - before.collected).toBeGreaterThan(4 * (after.spills - before.spills));
  });

  test("collectGarbage frees dropped tensors at once, and a whole recorded graph", () => {
    const run = (): void => {
      const { loss } = makeNetwork();
      for (let i = 0; i < 3; i++) loss(randn([8, 3, 16, 16]), randint(0, 10, [8]), new Generator(1)).backward();
    };
    run();
    collectGarbage();
    const settled = memoryStats().resident;
    for (let i = 0; i < 5; i++) run();
    expect(memoryStats().resident).toBeGreaterThan(settled + mebibyte);
    expect(collectGarbage()).toBeGreaterThan(mebibyte);
    expect(memoryStats().resident).toBeLessThan(settled + mebibyte / 4);
  });

  test("is never what the running kernel call uses, though nobody else holds it", () => {
    // Large enough for collections to come in the middle of a call, whose operand is a temporary.
    setHeapBudget(64 * mebibyte);
    const before = memoryStats().collected;
    let x = ones([2_000_000]);
    for (let i = 0; i < 60; i++) x = add(mul(x, 1), 1);
    expect(memoryStats().collected).toBeGreaterThan(before);
    expect(x.toTypedArray().every((value) => value === 61)).toBe(true);
  });
});

afterAll(() => setNumThreads(1));

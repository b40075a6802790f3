import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { collectGarbage, memoryStats, nn, optim, ones, rand, setHeapBudget, type Tensor } from "tapegrad";

const mebibyte = 2 ** 20;
const usualBudget = memoryStats().budget;
beforeAll(() => setHeapBudget(2 * mebibyte));
afterAll(() => setHeapBudget(usualBudget));

const bytesOf = (tensors: readonly Tensor[]): number => tensors.reduce((sum, x) => sum + 4 * x.numel(), 0);

/** `live` after a collection, apart from what these hold. */
function unexplained(held: readonly Tensor[] = []): number {
  collectGarbage();
  const { live, resident, spilled } = memoryStats();
  expect(live).toBe(resident + spilled);
  return live - bytesOf(held);
}

/** Makes tensors far beyond the budget, so that most are copied out; keeps the large ones for which `keeps` says so. */
function churn(sizes: readonly number[], keeps: (i: number) => boolean): Tensor[] {
  const held: Tensor[] = [];
  let last = ones([1]);
  for (const [i, size] of sizes.entries()) {
    const x = rand([size]);
    last = x.add(last.amax());
    if (size >= 4096 && keeps(i)) held.push(x);
  }
  return held;
}

test("where nothing lives, live is 0 to a mebibyte, whatever was copied out", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 4096, max: 200_000 })), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(sizes, fc.integer({ min: 1, max: 5 }), (list, every) => {
    churn(list, () => false);
    expect(unexplained()).toBeLessThan(mebibyte);
    const held = churn(list, (i) => i % every === 0);
    expect(Math.abs(unexplained(held))).toBeLessThan(mebibyte);
    // What is read comes back from where it was copied to.
    for (const x of held) expect(x.amax().item()).toBeLessThan(1);
    expect(Math.abs(unexplained(held))).toBeLessThan(mebibyte);
    held.length = 0;
    expect(unexplained()).toBeLessThan(mebibyte);
  }), { numRuns: 20 });
  expect(memoryStats().spilledTotal).toBeGreaterThan(10 * mebibyte);
});

test("a single large tensor that was made last is found too", () => {
  const drop = (): void => void ones([4 * mebibyte]).item;
  drop();
  expect(unexplained()).toBeLessThan(mebibyte);
});

test("a training's parameters, gradients and moments are what lives, and nothing once it is dropped", () => {
  const train = (): readonly Tensor[] => {
    const model = new nn.Sequential(new nn.Linear(300, 400), new nn.ReLU(), new nn.Linear(400, 300));
    const optimizer = new optim.Adam(model.parameters());
    for (let i = 0; i < 20; i++) {
      optimizer.zeroGrad();
      model.forward(rand([64, 300])).square().mean().backward();
      optimizer.step();
    }
    const gradients = model.parameters().flatMap(({ grad }) => (grad === null ? [] : [grad]));
    const moments = Object.values(optimizer.stateDict().state).flatMap((own) => Object.values(own).filter((value) => typeof value !== "number"));
    expect(Math.abs(unexplained([...model.parameters(), ...gradients, ...moments, ...moments]))).toBeLessThan(mebibyte);
    return [];
  };
  train();
  expect(unexplained()).toBeLessThan(mebibyte);
});

test("so it stays in a long synchronous loop that spills all the time", () => {
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 30_000; i++) rand([5000]).add(1);
  expect(unexplained()).toBeLessThan(mebibyte);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * mebibyte);
});

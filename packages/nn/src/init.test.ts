import { describe, expect, test } from "vitest";
import { Generator, manualSeed } from "@tapegrad/tensor";
import { BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";

/** The largest distance between the distribution of the values and the uniform one in [-bound, bound] (Kolmogorov-Smirnov). */
function distanceFromUniform(values: ArrayLike<number>, bound: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted.reduce((worst, value, i) => {
    const share = (value / bound + 1) / 2;
    return Math.max(worst, Math.abs(share - i / sorted.length), Math.abs(share - (i + 1) / sorted.length));
  }, 0);
}

describe("fresh weights", () => {
  const layers = [
    ["Linear", new Linear(100, 200, { generator: new Generator(1) }), 1 / 10],
    ["Conv2d", new Conv2d(16, 200, [5, 5], { generator: new Generator(2) }), 1 / 20],
    ["Conv2d with groups", new Conv2d(36, 400, [2, 2], { groups: 4, generator: new Generator(3) }), 1 / 6],
  ] as const;

  test.each(layers)("of %s are uniform in +-1 / sqrt(fanIn), weight and bias", (_name, { weight, bias }, bound) => {
    for (const parameter of [weight, bias]) {
      const values = parameter?.toTypedArray() ?? new Float32Array(0);
      expect(values.length).toBeGreaterThanOrEqual(200);
      expect(Math.max(...values)).toBeLessThanOrEqual(bound);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(-bound);
      // Beyond 1.95 / sqrt(n) with probability 1e-3, were the seed not fixed.
      expect(distanceFromUniform(values, bound)).toBeLessThan(1.95 / Math.sqrt(values.length));
    }
  });

  test("differ between weight and bias, and from layer to layer", () => {
    const generator = new Generator(5);
    const [first, second] = [new Linear(1, 4, { generator }), new Linear(1, 4, { generator })];
    const drawn = [first.weight, first.bias, second.weight, second.bias].map((x) => String(x?.toTypedArray()));
    expect(new Set(drawn).size).toBe(4);
  });

  test("follow the seed, of the default generator or of one's own", () => {
    const weights = (): unknown[] => [new Linear(3, 2), new Conv2d(2, 2, 3)].flatMap((layer) => layer.parameters().map((parameter) => parameter.toArray()));
    manualSeed("a seed");
    const first = weights();
    const continued = weights();
    manualSeed("a seed");
    expect(weights()).toEqual(first);
    expect(continued).not.toEqual(first);

    const own = (): unknown => new Linear(3, 2, { generator: new Generator(7) }).weight.toArray();
    const before = own();
    manualSeed(1);
    expect(own()).toEqual(before);
  });

  test("come in the dtype asked for", () => {
    expect(new Linear(2, 2, { dtype: "float64" }).bias?.dtype).toBe("float64");
    expect(new Conv2d(1, 1, 1, { dtype: "float16" }).weight.dtype).toBe("float16");
    expect(new BatchNorm2d(2, { dtype: "float64" }).runningVar?.dtype).toBe("float64");
    expect(new LayerNorm(2, { dtype: "float64" }).weight?.dtype).toBe("float64");
  });

  test("of the norms are ones and zeros", () => {
    const norm = new BatchNorm2d(2);
    expect([norm.weight, norm.bias, norm.runningMean, norm.runningVar].map((x) => x?.toArray())).toEqual([[1, 1], [0, 0], [0, 0], [1, 1]]);
    expect(norm.numBatchesTracked?.item()).toBe(0);
  });
});

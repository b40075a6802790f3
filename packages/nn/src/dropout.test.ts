import { describe, expect, test } from "vitest";
import { Generator, manualSeed, ones, tensor } from "@tapegrad/tensor";
import "@tapegrad/autograd";
import { Dropout } from "./dropout.ts";
import { Sequential } from "./sequential.ts";

describe("Dropout", () => {
  test("is the identity in evaluation and for p = 0", () => {
    const x = tensor([1, NaN, -0]);
    expect(new Dropout(0.5).eval().forward(x)).toBe(x);
    expect(new Dropout(0).forward(x)).toBe(x);
    expect(new Dropout(1).eval().forward(x)).toBe(x);
  });

  test("drops all for p = 1, with gradient 0", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const out = new Dropout(1).forward(x);
    expect(out.toArray()).toEqual([0, 0]);
    out.sum().backward();
    expect(x.grad?.toArray()).toEqual([0, 0]);
  });

  test.each([0.1, 0.5, 0.8])("drops about a share of %d and scales the rest by 1 / (1 - p), in the gradient too", (p) => {
    const n = 10_000;
    const x = tensor(new Float64Array(n).fill(1), { requiresGrad: true });
    const out = new Dropout(p, { generator: new Generator(3) }).forward(x);
    const values = out.toTypedArray();
    expect(new Set(values)).toEqual(new Set([0, 1 / (1 - p)]));
    // Five standard deviations of the binomial distribution.
    expect(Math.abs(values.filter((value) => value === 0).length - n * p)).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));
    out.sum().backward();
    expect(x.grad?.toArray()).toEqual(out.toArray());
  });

  test("draws anew each time, and follows the seed", () => {
    const layer = new Dropout(0.5);
    const draw = (): unknown => layer.forward(ones([64])).toArray();
    manualSeed(4);
    const [first, second] = [draw(), draw()];
    expect(second).not.toEqual(first);
    manualSeed(4);
    expect(draw()).toEqual(first);
  });

  test("draws from its own generator, where it has one", () => {
    const draw = (): unknown => new Dropout(0.5, { generator: new Generator("own") }).forward(ones([64])).toArray();
    const first = draw();
    manualSeed(99);
    expect(draw()).toEqual(first);
  });

  test("has no state", () => {
    expect(new Sequential(new Dropout(0.5, { generator: new Generator(1) })).stateDict()).toEqual({});
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AvgPool2d, BatchNorm2d, Conv2d, Flatten, LayerNorm, Linear, MaxPool2d, ReLU, Sigmoid, Tanh } from "@tapegrad/nn";
import { defaultGenerator, rand } from "@tapegrad/tensor";
import { checkGradients } from "../gradients/check-gradients.ts";
import { modules, modulesOf } from "./modules.ts";

const found = fc.sample(modules(), { seed: 1, numRuns: 600 });
const shown = (seed: number): string[] => fc.sample(modules(), { seed, numRuns: 50 }).map((each) => fc.stringify(each));

describe("modules", () => {
  test("take their input, train, and have parameters", () => {
    for (const { module, input } of found) {
      module.forward(input).sum().backward();
      expect(module.parameters().length).toBeGreaterThan(0);
      expect(module.training).toBe(true);
      expect(module.parameters().every(({ dtype, grad }) => dtype === "float64" && grad !== null)).toBe(true);
    }
  });

  test.each([AvgPool2d, BatchNorm2d, Conv2d, Flatten, LayerNorm, Linear, MaxPool2d, ReLU, Sigmoid, Tanh])("have layers of %o", (kind) => {
    expect(found.filter(({ module }) => module.children().some((layer) => layer instanceof kind)).length).toBeGreaterThan(10);
  });

  test("follow from fast-check's seed, weights too; the default generator is left as it was", () => {
    const state = defaultGenerator.getState();
    const once = shown(4);
    const weights = (): number[][] => fc.sample(modules(), { seed: 4, numRuns: 20 }).map(({ module }) => module.parameters().flatMap((parameter) => [...parameter.toTypedArray()]));
    const own = weights();
    expect(defaultGenerator.getState()).toEqual(state);
    rand([5]);
    expect(shown(4)).toEqual(once);
    expect(weights()).toEqual(own);
    expect(shown(5)).not.toEqual(once);
  });

  test("have other weights under another seed", () => {
    const layers = modulesOf(() => new Linear(1, 1), fc.constant(null), () => [1, 1]);
    expect(new Set(fc.sample(layers, { seed: 1, numRuns: 50 }).map(({ module }) => module.weight.item())).size).toBeGreaterThan(20);
  });

  test("shrink to few and narrow layers", () => {
    const { counterexample } = fc.check(fc.property(modules(), ({ module }) => !module.children().some((layer) => layer instanceof Tanh)), { seed: 1 });
    expect(fc.stringify(counterexample?.[0])).toBe(
      "Sequential(\n  (0): Tanh()\n  (1): Linear(inFeatures=1, outFeatures=1, bias=true)\n) (weights of seed 0), input Tensor [1, 1] float64: [[0.00390625]]",
    );
  });

  test("that are smooth have gradients as they are numerically, first and second ones", () => {
    fc.assert(fc.property(modules({ smooth: true }), ({ module, input }) => checkGradients(module, [input])), { seed: 1, numRuns: 60 });
    fc.assert(fc.property(modules({ smooth: true, maxLayers: 3 }), ({ module, input }) => checkGradients(module, [input], { order: 2 })), { seed: 2, numRuns: 8 });
  });
});

test("modules of one's own have the dtype, layout and elements that are asked for", () => {
  const sizes = fc.record({ from: fc.integer({ min: 1, max: 4 }), to: fc.integer({ min: 1, max: 4 }) });
  const layers = modulesOf(({ from, to }) => new Linear(from, to), sizes, ({ from }) => [3, from], { dtype: "float32", layout: "transposed", values: "finite" });
  for (const { module, input } of fc.sample(layers, { seed: 1, numRuns: 100 })) {
    expect([module.weight.dtype, input.dtype, input.shape[1]]).toEqual(["float32", "float32", module.inFeatures]);
    if (module.inFeatures > 1) expect(input.strides).toEqual([1, 3]);
  }
});

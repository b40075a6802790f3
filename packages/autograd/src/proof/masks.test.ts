import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  amax, crossEntropy, dropout, fullLike, Generator, isfinite, leakyRelu, logSoftmax, maximum, mul, nllLoss, ones, relu, sum, tensor, where, type DType, type Tensor,
} from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { fromValues } from "./operands.ts";

const poisons = [NaN, Infinity, -Infinity];
const dtypes: readonly DType[] = ["float32", "float64", "float16", "bfloat16"];
const losses = {
  crossEntropy,
  nllLoss: (x: Tensor, targets: Tensor, { labelSmoothing: _, ...options }: Parameters<typeof crossEntropy>[2] = {}) => nllLoss(x, targets, options),
};

const problem = fc.record({
  targets: fc.array(fc.constantFrom(0, 1, 2, -100), { minLength: 1, maxLength: 4 }),
  weights: fc.option(fc.array(fc.constantFrom(0, 1, 2.5), { minLength: 3, maxLength: 3 }), { nil: null }),
  labelSmoothing: fc.constantFrom(0, 0, 0.25, 1),
  reduction: fc.constantFrom("mean" as const, "sum" as const, "none" as const),
  poison: fc.constantFrom(...poisons),
});

describe.each(Object.keys(losses) as (keyof typeof losses)[])("%s", (name) => {
  test.each(dtypes)("%s: rows that are ignored or weigh nothing have no influence, on loss, gradient and second derivative", (dtype) => {
    fc.assert(fc.property(problem, ({ targets, weights, labelSmoothing, reduction, poison }) => {
      const smoothing = name === "crossEntropy" ? labelSmoothing : 0;
      const counts = (target: number): boolean => target !== -100 && (smoothing > 0 || weights === null || weights[target] !== 0);
      const options = { labelSmoothing: smoothing, reduction, weight: weights === null ? null : tensor(weights, { dtype }) };
      const run = (filler: number): unknown[] => {
        const data = targets.flatMap((target, row) => [0, 1, 2].map((j) => (counts(target) ? ((row + 2 * j) % 3) - 3 : filler)));
        const x = fromValues(data, [targets.length, 3], dtype).requiresGrad_();
        const loss = losses[name](x, tensor(targets, { dtype: "int32" }), options);
        const [plain] = grad([sum(loss)], [x], { retainGraph: true });
        const [first] = grad([sum(loss)], [x], { createGraph: true });
        const second = first.requiresGrad ? grad([sum(mul(first, first))], [x], { allowUnused: true })[0] : null;
        targets.forEach((target, row) => {
          if (counts(target)) return;
          for (const gradient of [plain, first]) expect(gradient.select(0, row).add(0).toArray()).toEqual([0, 0, 0]);
        });
        return [loss.toArray(), plain.toArray(), first.add(0).toArray(), second?.add(0).toArray()];
      };
      expect(run(poison)).toEqual(run(0));
    }), { seed: 9, numRuns: 250 });
  });

  test.each(dtypes)("%s: with nothing left the mean is NaN, and every gradient 0", (dtype) => {
    for (const weight of [null, tensor([0, 1], { dtype })]) {
      const targets = weight === null ? [-100, -100] : [0, -100];
      for (const [reduction, expected] of [["mean", NaN], ["sum", 0]] as const) {
        for (const createGraph of [false, true]) {
          const x = fromValues([1, 2, 3, 4], [2, 2], dtype).requiresGrad_();
          const loss = losses[name](x, tensor(targets, { dtype: "int32" }), { weight, reduction });
          expect(loss.item()).toBe(expected);
          expect(grad([loss], [x], { createGraph })[0].add(0).toArray()).toEqual([[0, 0], [0, 0]]);
        }
      }
    }
  });
});

describe("cross-entropy", () => {
  test.each(["float32", "float64"] as const)("%s: a class of weight 0 has no term of its own where labels are smoothed", (dtype) => {
    const weight = tensor([1, 0, 2], { dtype });
    const [logits, targets] = [[0.5, -Infinity, 1], tensor([0], { dtype: "int32" })];
    const x = fromValues(logits, [1, 3], dtype).requiresGrad_();
    const loss = crossEntropy(x, targets, { weight, labelSmoothing: 0.3 });
    const total = Math.log(Math.exp(0.5) + Math.exp(1));
    const expected = 0.7 * (total - 0.5) + 0.1 * ((total - 0.5) + 2 * (total - 1));
    expect(loss.item()).toBeCloseTo(expected, 5);
    const p = [Math.exp(0.5 - total), 0, Math.exp(1 - total)];
    const slope = p.map((v, j) => v * (0.7 + 0.1 * 3) - ([0.8, 0, 0.2][j] as number));
    for (const createGraph of [false, true]) {
      const [gradient] = grad([crossEntropy(x, targets, { weight, labelSmoothing: 0.3 })], [x], { createGraph });
      (gradient.toArray() as number[][])[0]?.forEach((v, j) => expect(v).toBeCloseTo(slope[j] as number, 5));
    }
  });
  test("smoothed wholly, the target's own logit counts as every other", () => {
    expect(crossEntropy(tensor([[0, 2]]), tensor([1], { dtype: "int32" }), { labelSmoothing: 1 }).item()).toBeCloseTo(Math.log(1 + Math.exp(2)) - 1, 6);
    // The target has an infinite term only as one of all.
    expect(crossEntropy(tensor([[0, -Infinity]]), tensor([1], { dtype: "int32" }), { labelSmoothing: 1, weight: tensor([1, 0]) }).item()).toBeNaN();
    expect(crossEntropy(tensor([[0, -Infinity]]), tensor([1], { dtype: "int32" }), { labelSmoothing: 1, weight: tensor([1, 0]), reduction: "sum" }).item()).toBe(0);
  });
  test("an ignored row of NaN keeps the weights of a model finite, with createGraph too", () => {
    const w = ones([2, 2], { requiresGrad: true });
    const x = tensor([[1, 2], [3, 4]]);
    for (const createGraph of [false, true]) {
      const [gradient] = grad([crossEntropy(x.matmul(w), tensor([-100, -100], { dtype: "int32" }))], [w], { createGraph });
      expect(gradient.add(0).toArray()).toEqual([[0, 0], [0, 0]]);
    }
  });
  test("nllLoss of log-probabilities with -inf in an ignored row, as pinned", () => {
    expect(nllLoss(tensor([[-Infinity, 0], [-1, -2]]), tensor([-100, 0], { dtype: "int32" })).item()).toBe(1);
    expect(nllLoss(logSoftmax(tensor([[-Infinity, 0], [0, 0]]), 1), tensor([-100, 0], { dtype: "int32" })).item()).toBeCloseTo(Math.LN2, 6);
  });
});

describe("cross-entropy of probabilities", () => {
  test.each(dtypes)("%s: a class that weighs nothing has no part in the sum, whatever its logit and its probability", (dtype) => {
    const weight = tensor([0, 1, 2.5], { dtype });
    const run = (logit: number, probability: number, options: object): unknown[] => {
      const x = fromValues([logit, 1, -2, logit, 0.5, 3], [2, 3], dtype).requiresGrad_();
      const p = fromValues([probability, 0.25, 0.5, probability, 0.75, 0.125], [2, 3], dtype).requiresGrad_();
      const loss = crossEntropy(x, p, { weight, ...options });
      const first = grad([sum(loss)], [x, p], { createGraph: true });
      const second = grad([sum(mul(first[0], first[0]))], [x, p]);
      return [loss, ...first, ...second].map((tensor) => tensor.add(0).toArray());
    };
    for (const options of [{}, { reduction: "sum" }, { reduction: "none", labelSmoothing: 0.25 }]) {
      // A logit of -inf takes nothing of the others' probability; any other one would.
      for (const probability of [0.5, ...poisons]) expect(run(-Infinity, probability, options)).toEqual(run(-Infinity, 0, options));
    }
  });
});

describe("dropout", () => {
  test.each(dtypes)("%s: what is dropped is 0, whatever it was and whatever gradient comes back", (dtype) => {
    for (const n of [1, 7, 1000]) {
      const draw = (x: Tensor): Tensor => dropout(x, { p: 0.5, generator: new Generator(7) });
      const kept = draw(ones([n], { dtype })).ne(0);
      for (const poison of poisons) {
        const x = fullLike(kept, poison, { dtype }).requiresGrad_();
        const out = draw(x);
        expect(where(kept, 0, out).toTypedArray()).toEqual(where(kept, 0, ones([n], { dtype }).mul(0)).toTypedArray());
        const [gradient] = grad([out], [x], { gradOutputs: [fullLike(out, poison)] });
        expect(where(kept, 0, gradient).toTypedArray()).toEqual(where(kept, 0, ones([n], { dtype }).mul(0)).toTypedArray());
      }
      const all = fullLike(kept, NaN, { dtype }).requiresGrad_();
      const none = dropout(all, { p: 1 });
      expect([none, grad([none], [all], { gradOutputs: [fullLike(none, Infinity)] })[0]].map((t) => isfinite(t).toTypedArray().every((v) => v === 1))).toEqual([true, true]);
    }
  });
});

describe("a gradient that is infinite or NaN stays where it belongs", () => {
  const choices: Readonly<Record<string, readonly [f: (x: Tensor) => Tensor, data: number[], reached: boolean[]]>> = {
    relu: [relu, [-1, 2], [false, true]],
    maximum: [(x) => maximum(x, 0), [-1, 2], [false, true]],
    clamp: [(x) => x.clamp({ min: 0 }), [-1, 2], [false, true]],
    where: [(x) => where(tensor([false, true]), x, 0), [1, 2], [false, true]],
    leakyRelu: [(x) => leakyRelu(x), [-1, 2], [true, true]],
    amax: [(x) => amax(x), [1, 2], [false, true]],
    amin: [(x) => x.amin(), [2, 1], [false, true]],
    "max along a dimension": [(x) => x.max(0).values, [1, 2], [false, true]],
    select: [(x) => x.select(0, 1), [1, 2], [false, true]],
  };
  test.each(Object.keys(choices))("%s", (name) => {
    const [f, data, reached] = choices[name] as (typeof choices)[string];
    for (const poison of poisons) {
      const x = tensor(data, { requiresGrad: true });
      const out = f(x);
      const [gradient] = grad([out], [x], { gradOutputs: [fullLike(out, poison)] });
      (gradient.toArray() as number[]).forEach((v, i) => expect(v === 0).toBe(reached[i] !== true));
    }
  });
});

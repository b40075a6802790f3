import fc from "fast-check";
import * as reference from "@tapegrad/reference";
import { tensor, type Shape } from "@tapegrad/tensor";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "../../loss.ts";
import { dyadic } from "../pattern.ts";
import { array, input, labels, seed, size, type LayerEntry } from "./layer-case.ts";

const reduction = fc.constantFrom("mean" as const, "sum" as const, "none" as const);

/** Logits, their class indices (7 is ignored) and the losses' options. */
const classified = fc.record({
  shape: fc.tuple(size, fc.integer({ min: 2, max: 5 }), fc.array(size, { maxLength: 2 })).map(([n, c, rest]) => [n, c, ...rest]),
  from: seed,
  classes: seed,
  weighted: fc.boolean(),
  reduction,
});

function targetsFor([n = 0, c = 0, ...rest]: Shape, from: number): { targets: Int32Array<ArrayBuffer>; targetShape: Shape } {
  const targetShape = [n, ...rest];
  // The first is kept: the mean of nothing is NaN.
  const targets = Int32Array.from(dyadic(targetShape, from), (value, i) => (value < -1.5 && i > 0 ? 7 : Math.abs(Math.round(value * 1024)) % c));
  return { targets, targetShape };
}

const weightOf = (classes: number): Float64Array => dyadic([classes], 3).map((value) => Math.abs(value) + 0.25);

export const crossEntropyLoss: LayerEntry = {
  cases: fc.tuple(classified, fc.constantFrom(0, 0.1, 1)).map(([{ shape, from, classes, weighted, reduction: kind }, labelSmoothing]) => {
    const { targets, targetShape } = targetsFor(shape, classes);
    const options = { reduction: kind, ignoreIndex: 7, labelSmoothing };
    const weight = weightOf(shape[1] ?? 0);
    return {
      options: { ...options, from, classes, shape, weighted },
      make: () => new CrossEntropyLoss(weighted ? { ...options, weight: tensor(weight) } : options),
      inputs: (dtype) => [input(shape, from)(dtype), labels(targets, targetShape)],
      expected: () => {
        const { out, cache } = reference.crossEntropyForward(array(shape, from), targets, weighted ? { ...options, weight } : options);
        return { out, backward: (dOut) => reference.crossEntropyBackward(dOut, cache) };
      },
    };
  }),
  traits: {},
  hasModes: false,
};

export const nllLoss: LayerEntry = {
  cases: classified.map(({ shape, from, classes, weighted, reduction: kind }) => {
    const { targets, targetShape } = targetsFor(shape, classes);
    const options = { reduction: kind, ignoreIndex: 7 };
    const weight = weightOf(shape[1] ?? 0);
    return {
      options: { ...options, from, classes, shape, weighted },
      make: () => new NLLLoss(weighted ? { ...options, weight: tensor(weight) } : options),
      inputs: (dtype) => [input(shape, from)(dtype), labels(targets, targetShape)],
      expected: () => {
        const { out, cache } = reference.nllLossForward(array(shape, from), targets, weighted ? { ...options, weight } : options);
        return { out, backward: (dOut) => reference.nllLossBackward(dOut, cache) };
      },
    };
  }),
  traits: {},
  hasModes: false,
};

/** With the gradient of the target. */
export const mseLoss: LayerEntry = {
  cases: fc.tuple(seed, fc.array(size, { maxLength: 3 }), reduction).map(([from, shape, kind]) => ({
    options: { from, shape, kind },
    make: () => new MSELoss({ reduction: kind }),
    inputs: (dtype) => [input(shape, from)(dtype), input(shape, from + 55)(dtype)],
    expected: () => {
      const { out, cache } = reference.mseLossForward(array(shape, from), array(shape, from + 55), kind);
      return { out, backward: (dOut) => reference.mseLossBackward(dOut, cache) };
    },
  })),
  traits: {},
  hasModes: false,
};

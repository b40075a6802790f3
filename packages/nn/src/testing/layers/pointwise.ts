import fc from "fast-check";
import * as reference from "@tapegrad/reference";
import { ReLU, Sigmoid, Tanh } from "../../activation.ts";
import { Dropout } from "../../dropout.ts";
import { Flatten } from "../../flatten.ts";
import type { Module } from "../../module.ts";
import { array, arrayOf, input, seed, size, type Expected, type LayerEntry } from "./layer-case.ts";

const shapes = fc.array(size, { maxLength: 3 });

function activation(make: () => Module, forward: (x: reference.NdArray) => Expected): LayerEntry["cases"] {
  return fc.tuple(shapes, seed).map(([shape, from]) => ({ options: { shape, from }, make, inputs: (dtype) => [input(shape, from)(dtype)], expected: () => forward(array(shape, from)) }));
}

export const relu: LayerEntry = {
  cases: activation(() => new ReLU(), (x) => {
    const { out, cache } = reference.reluForward(x);
    return { out, backward: (dOut) => reference.reluBackward(dOut, cache) };
  }),
  traits: { keepsNothing: true, isRelu: true },
  hasModes: false,
};

export const sigmoid: LayerEntry = {
  cases: activation(() => new Sigmoid(), (x) => {
    const { out, cache } = reference.sigmoidForward(x);
    return { out, backward: (dOut) => reference.sigmoidBackward(dOut, cache) };
  }),
  traits: { keepsNothing: true },
  hasModes: false,
};

export const tanh: LayerEntry = {
  cases: activation(() => new Tanh(), (x) => {
    const { out, cache } = reference.tanhForward(x);
    return { out, backward: (dOut) => reference.tanhBackward(dOut, cache) };
  }),
  traits: { keepsNothing: true },
  hasModes: false,
};

/** With the mask that it drew. */
export const dropout: LayerEntry = {
  cases: fc.tuple(shapes, seed, fc.constantFrom(0, 0.25, 0.5, 0.9, 1)).map(([shape, from, p]) => ({
    options: { shape, from, p },
    make: () => new Dropout(p),
    inputs: (dtype) => [input(shape, from)(dtype)],
    expected: ({ training }, out) => {
      // No element of the input is 0, so that one in the output was dropped.
      const mask = reference.map((value) => (value === 0 ? 0 : 1), arrayOf(out, shape, 0));
      const { out: expected, cache } = reference.dropoutForward(array(shape, from), mask, training ? p : 0);
      return { out: expected, backward: (dOut) => reference.dropoutBackward(dOut, cache) };
    },
  })),
  traits: { keepsNothing: true },
  hasModes: true,
};

export const flatten: LayerEntry = {
  cases: fc.tuple(fc.array(size, { minLength: 1, maxLength: 4 }), seed, fc.nat(3), fc.nat(3)).map(([shape, from, a, b]) => {
    const [start, end] = [Math.min(a, b, shape.length - 1), Math.min(Math.max(a, b), shape.length - 1)];
    const joined = shape.slice(start, end + 1).reduce((product, n) => product * n, 1);
    const outShape = [...shape.slice(0, start), joined, ...shape.slice(end + 1)];
    return {
      options: { shape, from, start, end },
      // From the end as well as from the start.
      make: () => (from % 2 === 0 ? new Flatten(start, end) : new Flatten(start - shape.length, end - shape.length)),
      inputs: (dtype) => [input(shape, from)(dtype)],
      expected: () => ({ out: reference.reshape(array(shape, from), outShape), backward: (dOut) => ({ dX: reference.reshape(dOut, shape) }) }),
    };
  }),
  traits: { keepsNothing: true },
  hasModes: false,
};

import { allDTypes, type DType } from "@tapegrad/kernels";
import { sizeOf } from "../../../shape.ts";
import { wordsAt } from "../philox.ts";
import type { Call } from "./both-backends.ts";
import { floats } from "./element-cases.ts";
import type { Operands } from "./operands.ts";

const summed = [...floats, "int32", "int64", "uint8", "bool"] as const;

/** A shape with the size n along a dimension, and the same with another one there. */
function around(from: Operands): { readonly shape: number[]; readonly other: number[]; readonly dim: number; readonly n: number } {
  const shape = [...from.shape(from.integer(1, 3))], dim = from.integer(0, shape.length - 1), other = [...shape];
  other[dim] = from.integer(1, 5);
  return { shape, other, dim, n: shape[dim] as number };
}

/** What is added to: numbers whose sums are the same in any order of rounding, as their order is part of what is promised. */
const values = (from: Operands, dtype: DType, count: number): ReturnType<Operands["any"]> =>
  dtype === "float32" || dtype === "float64" ? from.mild(dtype, count) : from.any(dtype, count);

const indexSelect: Call = (backend, from, result) => {
  for (const dtype of allDTypes) {
    const { shape, other, dim, n } = around(from);
    backend.indexSelect(from.tensor(dtype, shape), from.indices([other[dim] as number], -n, n - 1), result(other, dtype), dim);
  }
};

const gather: Call = (backend, from, result) => {
  for (const dtype of allDTypes) {
    const { shape, other, dim, n } = around(from);
    backend.gather(from.tensor(dtype, shape), from.indices(other, -n, n - 1), result(other, dtype), dim);
  }
};

const scatterAdd: Call = (backend, from, result) => {
  for (const dtype of summed) {
    const { shape, other, dim, n } = around(from), out = result(shape, dtype, "same", values(from, dtype, sizeOf(shape)));
    backend.scatterAdd(out, from.indices(other, -n, n - 1), from.tensor(dtype, other, "shifted", (count) => values(from, dtype, count)), dim);
  }
};

const indexAdd: Call = (backend, from, result) => {
  for (const dtype of summed) {
    const { shape, other, dim, n } = around(from), out = result(shape, dtype, "same", values(from, dtype, sizeOf(shape)));
    backend.indexAdd(out, from.indices([other[dim] as number], -n, n - 1), from.tensor(dtype, other, "shifted", (count) => values(from, dtype, count)), dim);
  }
};

const invalidIndex: Call = (backend, from) => backend.invalidIndex(from.indices([from.integer(1, 6)], -6, 5), 5);

const randomUniform: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const [low, high] = from.choice([[0, 1], [-1, 0], [-0.1, 0.3], [5, 5.000001], [5, 5.000000000000001], [-1e30, 1e30]]);
    backend.randomUniform(result([from.integer(1, 40)], dtype), from.place(), low, high);
  }
};

const randomNormal: Call = (backend, from, result) => {
  for (const dtype of floats) backend.randomNormal(result([from.integer(1, 40)], dtype, 16), from.place(), from.choice([0, 3]), from.choice([1, 0.5]));
};

const randomInt: Call = (backend, from, result) => {
  const [low, high] = from.choice([[0, 10], [-5, 3], [-(2 ** 31), 2 ** 31 - 1], [7, 8]]);
  backend.randomInt(result([from.integer(1, 40)], "int32"), from.place(), low, high);
};

const dropout: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = [from.integer(1, 40)], place = from.place();
    // At the bound itself, as one in 2^24 is.
    const first = ((wordsAt(place, 1)[0] as number) >>> 8) / 2 ** 24;
    backend.dropout(from.tensor(dtype, shape, "shifted"), result(shape, dtype), result(shape, "uint8"), from.choice([0.1, 0.5, 0.75, 1, first]), place);
  }
};

const dropoutBackward: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = [from.integer(1, 40)], mask = from.mildTensor("uint8", shape, undefined, () => from.integer(0, 1));
    backend.dropoutBackward(from.tensor(dtype, shape, "shifted"), mask, result(shape, dtype), from.choice([0.1, 0.5, 1]));
  }
};

const sgdStep: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = [from.integer(1, 9)], own = () => result(shape, dtype, 4, from.mild(dtype, sizeOf(shape))), flag = () => from.integer(0, 1) === 1;
    const parameter = own(), buffer = flag() ? own() : null;
    backend.sgdStep(parameter, from.mildTensor(dtype, shape), buffer, {
      lr: 0.1, momentum: buffer === null ? 0 : 0.9, dampening: from.choice([0, 0.3]), weightDecay: from.choice([0, 0.01]), nesterov: flag(), maximize: flag(), first: flag(),
    });
  }
};

const adamStep: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = [from.integer(1, 9)], flag = () => from.integer(0, 1) === 1, positive = () => from.number(0.01, 1);
    const own = (ordinary?: () => number) => result(shape, dtype, 8, from.mild(dtype, sizeOf(shape), ordinary));
    const parameter = own(), m = own(), v = own(positive), maxV = flag() ? own(positive) : null;
    backend.adamStep(parameter, from.mildTensor(dtype, shape), m, v, maxV, {
      lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: from.choice([0, 0.01]), decoupled: flag(), maximize: flag(), step: from.integer(1, 20),
    });
  }
};

/** Of indexing, random numbers and the steps of optimizers. */
export const otherCases = {
  indexSelect, gather, scatterAdd, indexAdd, invalidIndex, randomUniform, randomNormal, randomInt, dropout, dropoutBackward, sgdStep, adamStep,
};

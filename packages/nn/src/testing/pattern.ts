import { copy_, tensor, type DType, type Shape, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { pattern } from "@tapegrad/test-support";
import type { AnyModule } from "../any-module.ts";

const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1);

/** Distinct numbers from -2 to 2 in no order that float32 holds exactly, at most 4093 of them. */
export function dyadic(shape: Shape, seed: number): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => (((i * 1237 + seed * 389) % 4093) - 2046) / 1024);
}

/** A leaf with given elements. */
export function leaf(values: Float64Array, shape: Shape, dtype: DType): Tensor {
  return tensor(values, { shape, dtype, requiresGrad: true });
}

/** Gives a module's parameters the values that generate.py gives them: seeds 2, 3, ... in order. */
export function setParameters(module: AnyModule, values: (shape: Shape, seed: number) => Float64Array = pattern): void {
  noGrad(() => module.parameters().forEach((parameter, i) => copy_(parameter, tensor(values(parameter.shape, 2 + i), { shape: parameter.shape }))));
}

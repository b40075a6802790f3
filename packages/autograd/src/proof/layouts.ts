import { narrow, type DType, type Shape, type Tensor } from "@tapegrad/tensor";
import type { Layout } from "@tapegrad/testing";
import { numbersOf } from "./expect-values.ts";
import { fromValues, sizeOf } from "./operands.ts";

/** Views with the elements that a tensor has. */
export const viewLayouts = ["transposed", "narrowed", "strided"] as const satisfies readonly Layout[];

/** A view that repeats one entry along a dimension with stride 0, and its row-major copy. */
export function expanded(x: Tensor, dim: number): { view: Tensor; copy: Tensor } {
  const single = narrow(x, dim, 0, Math.min(1, x.shape[dim] as number));
  const base = fromValues(numbersOf(single), single.shape, x.dtype);
  const view = (x.shape[dim] as number) === 0 ? base : base.expand(x.shape);
  return { view, copy: fromValues(numbersOf(view), x.shape, x.dtype) };
}

/** A row-major tensor of one dtype full of numbers that differ. */
export function upstream(shape: Shape, dtype: DType, random: () => number): Tensor {
  return fromValues(Float64Array.from({ length: sizeOf(shape) }, () => 2 * random() - 1), shape, dtype);
}

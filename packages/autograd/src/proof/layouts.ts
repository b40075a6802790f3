import { narrow, permute, reshape, slice, type DType, type Shape, type Tensor } from "@tapegrad/tensor";
import { numbersOf } from "./expect-values.ts";
import { fromValues, sizeOf } from "./operands.ts";

/** What fills the gaps around a strided view: a value that would show in any result. */
const filler = 77;

/** Ways to lay the same elements out in memory. Each gives null where the shape has no such layout. */
export const layouts: Readonly<Record<string, (x: Tensor) => Tensor | null>> = {
  transposed: (x) => {
    if (x.ndim < 2) return null;
    const order = x.shape.map((_, i) => x.ndim - 1 - i);
    const turned = permute(x, order);
    return permute(fromValues(numbersOf(turned), turned.shape, x.dtype), order);
  },
  offset: (x) => {
    const around = [filler, filler, filler, ...numbersOf(x), filler];
    return reshape(narrow(fromValues(around, [around.length], x.dtype), 0, 3, x.numel()), x.shape);
  },
  stepped: (x) => {
    if (x.ndim === 0) return null;
    const values = [...numbersOf(x)].flatMap((value) => [filler, value]);
    const wide: Shape = [...x.shape.slice(0, -1), (x.shape.at(-1) as number) * 2];
    return slice(fromValues(values, wide, x.dtype), x.ndim - 1, 1, Infinity, 2);
  },
};

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

import { checkArgument, isFloating, optionRules, requireTensor, tensor, type DType, type Shape, type Tensor } from "@tapegrad/tensor";

/** How the elements lie in memory: row by row; with the dimensions in reverse; from the middle of a longer row; every other one; or one for many. */
export type Layout = "contiguous" | "transposed" | "narrowed" | "strided" | "expanded";

/** What lies around a view: a number that would show in any result. */
const fillerOf = (dtype: DType): number => (dtype === "bool" ? 1 : isFloating(dtype) ? 77.5 : 77);

/** Numbers, or of int64 bigints. */
type Elements = readonly (number | bigint)[];
type View = (values: Elements, shape: Shape, dtype: DType) => Tensor | null;

const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1);
const made = (values: Elements, shape: Shape, dtype: DType): Tensor => tensor(dtype === "int64" ? BigInt64Array.from(values, BigInt) : Float64Array.from(values, Number), { shape, dtype });

/**
 * Each gives a tensor of this shape with these elements, or null where none lies so; an expanded one takes those of its first entry
 * along the dimension that repeats.
 */
const views: Readonly<Record<Layout, View>> = {
  contiguous: made,
  transposed(values, shape, dtype) {
    if (shape.length < 2) return null;
    const order = shape.map((_, dim) => shape.length - 1 - dim);
    const turned = made(values, shape, dtype).permute(order);
    return turned.contiguous().permute(order);
  },
  narrowed(values, shape, dtype) {
    const filler = fillerOf(dtype);
    const around = [filler, filler, filler, ...values, filler];
    return made(around, [around.length], dtype).narrow(0, 3, values.length).view(shape);
  },
  strided(values, shape, dtype) {
    if (shape.length === 0) return null;
    const filler = fillerOf(dtype);
    const wide = [...shape.slice(0, -1), (shape.at(-1) as number) * 2];
    return made(values.flatMap((value) => [filler, value]), wide, dtype).slice(shape.length - 1, 1, Infinity, 2);
  },
  expanded(values, shape, dtype) {
    const dim = shape.findIndex((length) => length > 1);
    if (dim < 0) return null;
    const single = shape.map((length, i) => (i === dim ? 1 : length));
    const inner = sizeOf(shape.slice(dim + 1));
    const length = shape[dim] as number;
    const first = values.filter((_, i) => Math.floor(i / inner) % length === 0);
    return made(first, single, dtype).expand(shape);
  },
};

export const everyLayout = Object.keys(views) as readonly Layout[];

/** A tensor that is laid out so; where the shape allows no such layout, row by row. */
export function tensorIn(layout: Layout, values: readonly number[], shape: Shape, dtype: DType): Tensor {
  return views[layout](values, shape, dtype) ?? made(values, shape, dtype);
}

/**
 * The same elements in another place and layout, or null where no tensor of this shape lies so. One that is expanded repeats its first
 * entry along the first dimension that has several. Memory around a view holds other numbers.
 *
 * Throws    IndexError `laidOut/option`; ArgumentError `tapegrad/not-a-tensor`
 * @example
 * import { laidOut } from "tapegrad/testing";
 *
 * laidOut(ones([2, 3]), "transposed")?.strides; // [1, 2]
 * laidOut(ones([3]), "transposed"); // null
 */
export function laidOut(x: Tensor, layout: Layout): Tensor | null {
  requireTensor("laidOut", "x", x);
  checkArgument("laidOut", "layout", layout, optionRules.oneOf(...everyLayout));
  return views[layout](Array.from<number | bigint, number | bigint>(x.toTypedArray(), (value) => value), x.shape, x.dtype);
}

import { ShapeError } from "../errors.ts";
import { formatShape, sameShape, type Shape } from "../shape.ts";
import { describe, type Tensor } from "../tensor.ts";

/** Position after the last element that a layout reaches, counted from its first. */
export function reach(shape: Shape, strides: readonly number[]): number {
  return shape.reduce((end, size, dim) => end + (size - 1) * (strides[dim] as number), 1);
}

/** Whether the two share memory. Ranges that meet count, even if the elements in them take turns. */
export function overlaps(a: Tensor, b: Tensor): boolean {
  if (a.storage !== b.storage || a.numel() === 0 || b.numel() === 0) return false;
  return a.offset < b.offset + reach(b.shape, b.strides) && b.offset < a.offset + reach(a.shape, a.strides);
}

/** Whether writing `target` element by element may change elements of `source` before they are read: they overlap, and not place by place. */
export function disturbs(target: Tensor, source: Tensor): boolean {
  if (!overlaps(target, source)) return false;
  return target.offset !== source.offset || !sameShape(target.shape, source.shape) || !sameShape(target.strides, source.strides);
}

/** Whether two indices lead to one element, as after `expand`. */
export function meetsItself(x: Tensor): boolean {
  if (x.isContiguous() || x.numel() === 0) return false;
  const strides = x.strides;
  const dims = x.shape.flatMap((size, dim) => (size > 1 ? [{ size, stride: strides[dim] as number }] : [])).sort((a, b) => a.stride - b.stride);
  let last = 0;
  let isNested = true;
  for (const { size, stride } of dims) {
    if (stride === 0) return true;
    isNested &&= stride > last;
    last += stride * (size - 1);
  }
  // Steps beyond the reach of all smaller ones, as in every view of a dense tensor, never meet. Others have to be walked.
  if (isNested) return false;
  const seen = new Set<number>([0]);
  let count = 1;
  for (const { size, stride } of dims) {
    for (const position of [...seen]) for (let i = 1; i < size; i++) seen.add(position + i * stride);
    count *= size;
    if (seen.size < count) return true;
  }
  return false;
}

/** Throws ShapeError `inPlace/coinciding` for a tensor that cannot be written to: what one element gets, another would lose. */
export function refuseCoinciding(op: string, name: string, x: Tensor): void {
  if (!meetsItself(x)) return;
  throw new ShapeError({
    op,
    fact: `several elements of ${name} are one in memory (strides ${formatShape(x.strides)}): none of them can be changed alone`,
    details: [describe(name, x)],
    hint: "change a clone(), or the tensor that was expanded",
    code: "inPlace/coinciding",
    data: { shape: x.shape, strides: x.strides },
  });
}

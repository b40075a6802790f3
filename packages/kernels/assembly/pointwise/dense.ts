/**
 * Large operands whose rows are not dense are copied first: the copy transposes in blocks, while gathering elements from
 * far apart touches a cache line for each.
 */
import { JOB_ARGUMENTS } from "../runtime/control";
import { temporary } from "../runtime/memory";
import { PARALLEL_FROM, innerSize, rankOf, rowCount, rowStride, sizeAt, strideAt } from "../runtime/strided";
import { copyStrided } from "./copy";

/** Layouts written here, by the launching thread alone: one for the copy, one that takes the operands' place. */
const COPY_LAYOUT: usize = JOB_ARGUMENTS + 2560;
const DENSE_LAYOUT: usize = JOB_ARGUMENTS + 3072;

/** A row stride beyond which the elements of a vector come from cache lines of their own. */
const FAR: i32 = 16;

// @ts-ignore: decorator
@inline export function isFar(layout: usize, operand: i32): bool {
  return rowStride(layout, operand) >= FAR && <i64>rowCount(layout) * innerSize(layout) > PARALLEL_FROM;
}

function setStride(layout: usize, operand: i32, dim: i32, stride: i32): void {
  store<i32>(layout + (<usize>(1 + operand * rankOf(layout) + dim) << 2), stride);
}

/** Writes the contiguous strides of the sizes. */
function setContiguous(layout: usize, operand: i32): void {
  let stride = 1;
  for (let dim = rankOf(layout) - 1; dim >= 0; dim--) {
    setStride(layout, operand, dim, stride);
    stride *= sizeAt(layout, dim);
  }
}

/** A layout of the same sizes, all operands as they were. */
export function copyLayout(layout: usize, operands: i32): usize {
  memory.copy(DENSE_LAYOUT, layout, <usize>(1 + (1 + operands) * rankOf(layout)) << 2);
  return DENSE_LAYOUT;
}

/** A contiguous copy of an operand, to be freed by the caller; `into` (from `copyLayout`) gets its strides. */
export function denseCopy(elementBytes: usize, x: usize, layout: usize, operand: i32, into: usize): usize {
  const rank = rankOf(layout);
  memory.copy(COPY_LAYOUT, layout, <usize>(1 + rank) << 2);
  for (let dim = 0; dim < rank; dim++) setStride(COPY_LAYOUT, 1, dim, strideAt(layout, operand, dim));
  setContiguous(COPY_LAYOUT, 2);
  setContiguous(into, operand);
  const copy = temporary(<usize>rowCount(layout) * innerSize(layout) * elementBytes);
  copyStrided(<i32>elementBytes, x, copy, COPY_LAYOUT);
  return copy;
}

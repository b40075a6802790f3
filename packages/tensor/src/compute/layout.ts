import { layoutPointer, layoutWords } from "@tapegrad/kernels";
import type { Shape } from "../shape.ts";

const sizes = new Int32Array(64);
const steps = [new Int32Array(64), new Int32Array(64), new Int32Array(64)];

/**
 * Writes shape and strides where strided kernels read them: [rank, sizes, strides of each operand]. Neighbouring
 * dimensions that every operand steps through evenly become one, dimensions of size 1 vanish; so most layouts that reach
 * a kernel have rank 1 or 2.
 */
export function writeLayout(shape: Shape, operands: readonly (readonly number[])[]): number {
  let rank = 0;
  for (let dim = 0; dim < shape.length; dim++) {
    const size = shape[dim] as number;
    if (size === 1) continue;
    if (rank > 0 && mergesWithPrevious(rank - 1, size, dim, operands)) {
      sizes[rank - 1] = (sizes[rank - 1] as number) * size;
      for (let k = 0; k < operands.length; k++) (steps[k] as Int32Array)[rank - 1] = operands[k]?.[dim] as number;
    } else {
      sizes[rank] = size;
      for (let k = 0; k < operands.length; k++) (steps[k] as Int32Array)[rank] = operands[k]?.[dim] as number;
      rank++;
    }
  }
  layoutWords[0] = rank;
  let word = 1;
  for (let i = 0; i < rank; i++) layoutWords[word++] = sizes[i] as number;
  for (let k = 0; k < operands.length; k++) {
    for (let i = 0; i < rank; i++) layoutWords[word++] = (steps[k] as Int32Array)[i] as number;
  }
  return layoutPointer;
}

function mergesWithPrevious(previous: number, size: number, dim: number, operands: readonly (readonly number[])[]): boolean {
  for (let k = 0; k < operands.length; k++) {
    if ((steps[k] as Int32Array)[previous] !== (operands[k]?.[dim] as number) * size) return false;
  }
  return true;
}

/** Strides of a tensor seen at a larger shape: 0 along every dimension that is broadcast. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): number[] {
  const lead = target.length - shape.length;
  return target.map((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? 0 : (strides[i - lead] as number)));
}

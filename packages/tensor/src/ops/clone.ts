import { cloneKernel } from "../compute/copy.ts";
import { defineOp } from "../op.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import { everyDType } from "./every-dtype.ts";

const definition = defineOp<readonly ["x"], null>({
  name: "clone",
  inputs: ["x"],
  saves: [],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x]) => x,
  forward: ([x]) => cloneKernel(x),
  backward: { x: (dOut) => dOut },
  samples: () => [[], [5], [2, 3], [0]].map((shape) => ({ inputs: [{ shape }], attrs: null })),
});

/**
 * A row-major copy with storage of its own.
 *
 * Gradient  dx = dOut
 * @example
 * clone(tensor([1, 2])).toArray(); // [1, 2]
 */
export function clone(x: Tensor): Tensor {
  return definition.run([x], null);
}

/**
 * The tensor itself if its elements lie in row-major order, a copy that does otherwise.
 *
 * Gradient  dx = dOut
 * @example
 * contiguous(tensor([[1, 2], [3, 4]]).transpose(0, 1)).isContiguous(); // true
 */
export function contiguous(x: Tensor): Tensor {
  requireTensor("contiguous", "x", x);
  return x.isContiguous() ? x : clone(x);
}

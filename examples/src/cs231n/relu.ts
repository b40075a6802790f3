import { maximum, type Tensor } from "tapegrad";

/** max(0, x), element by element. */
export function reluForward(x: Tensor): [out: Tensor, cache: Tensor] {
  return [maximum(x, 0), x];
}

export function reluBackward(dOut: Tensor, x: Tensor): [dX: Tensor] {
  return [dOut.mul(x.gt(0))];
}

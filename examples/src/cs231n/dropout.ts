import { Generator, rand, type Tensor } from "tapegrad";

export interface DropoutParam {
  readonly mode: "train" | "test";
  /** Probability to keep an element; PyTorch's p is that of dropping it. */
  readonly p: number;
  /** The same mask in each call, for gradient checks. */
  readonly seed: number;
}

/** Inverted dropout: what is kept grows by 1 / p, so that nothing is left to do at test time. */
export function dropoutForward(x: Tensor, { mode, p, seed }: DropoutParam): [out: Tensor, mask: Tensor | null] {
  if (mode === "test") return [x, null];
  const mask = rand(x.shape, { dtype: x.dtype, generator: new Generator(seed) }).lt(p).to(x.dtype).div(p);
  return [x.mul(mask), mask];
}

export function dropoutBackward(dOut: Tensor, mask: Tensor | null): [dX: Tensor] {
  return [mask === null ? dOut : dOut.mul(mask)];
}

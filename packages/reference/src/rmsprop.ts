export interface RmspropOptions {
  readonly learningRate: number;
  /** Share of the old average that stays; PyTorch's alpha. */
  readonly decayRate?: number;
  readonly epsilon?: number;
}

/**
 * RMSprop: a running average of the squared gradient scales every step; eps is added outside the square root.
 *
 * cache = decayRate * cache + (1 - decayRate) * dW²; w = w - learningRate * dW / (sqrt(cache) + epsilon)
 */
export function rmspropStep(
  w: Float64Array,
  dW: Float64Array,
  cache: Float64Array,
  { learningRate, decayRate = 0.99, epsilon = 1e-8 }: RmspropOptions,
): { w: Float64Array; cache: Float64Array } {
  const next = cache.map((value, i) => decayRate * value + (1 - decayRate) * dW[i]! ** 2);
  return { w: w.map((value, i) => value - (learningRate * dW[i]!) / (Math.sqrt(next[i]!) + epsilon)), cache: next };
}

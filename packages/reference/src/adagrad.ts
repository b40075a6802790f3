export interface AdagradOptions {
  readonly learningRate: number;
  readonly epsilon?: number;
}

/**
 * AdaGrad: the sum of all squared gradients scales every step; eps is added outside the square root.
 *
 * cache = cache + dW²; w = w - learningRate * dW / (sqrt(cache) + epsilon)
 */
export function adagradStep(
  w: Float64Array,
  dW: Float64Array,
  cache: Float64Array,
  { learningRate, epsilon = 1e-10 }: AdagradOptions,
): { w: Float64Array; cache: Float64Array } {
  const next = cache.map((value, i) => value + dW[i]! ** 2);
  return { w: w.map((value, i) => value - (learningRate * dW[i]!) / (Math.sqrt(next[i]!) + epsilon)), cache: next };
}

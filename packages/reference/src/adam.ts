export interface AdamState {
  /** Running average of the gradient. */
  readonly m: Float64Array;
  /** Running average of the squared gradient. */
  readonly v: Float64Array;
  /** Steps taken so far. */
  readonly t: number;
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

/**
 * Adam; weight decay is added to the gradient.
 *
 * Source    Kingma and Ba 2014, https://arxiv.org/abs/1412.6980; the denominator is sqrt(v) / sqrt(1 - beta2^t) + eps, as PyTorch
 */
export function adamStep(w: Float64Array, dW: Float64Array, state: AdamState, options: AdamOptions): { w: Float64Array; state: AdamState } {
  const { weightDecay = 0 } = options;
  return adaptiveStep(w, dW.map((slope, i) => slope + weightDecay * w[i]!), state, options);
}

/**
 * AdamW; weight decay multiplies the weight by 1 - learningRate * weightDecay before the step, and never meets the averages.
 *
 * Source    Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101; weightDecay 0.01 by default, as PyTorch
 */
export function adamwStep(w: Float64Array, dW: Float64Array, state: AdamState, options: AdamOptions): { w: Float64Array; state: AdamState } {
  const { learningRate, weightDecay = 0.01 } = options;
  return adaptiveStep(w.map((value) => value * (1 - learningRate * weightDecay)), dW, state, options);
}

function adaptiveStep(
  w: Float64Array,
  gradient: Float64Array,
  state: AdamState,
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): { w: Float64Array; state: AdamState } {
  const t = state.t + 1;
  const m = state.m.map((value, i) => beta1 * value + (1 - beta1) * gradient[i]!);
  const v = state.v.map((value, i) => beta2 * value + (1 - beta2) * gradient[i]! ** 2);
  const stepSize = learningRate / (1 - beta1 ** t);
  const stepped = w.map((value, i) => value - (stepSize * m[i]!) / (Math.sqrt(v[i]!) / Math.sqrt(1 - beta2 ** t) + epsilon));
  return { w: stepped, state: { m, v, t } };
}

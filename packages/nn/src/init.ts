import { optionRules, uniform, type DType, type Generator, type OptionRules, type Shape, type Tensor } from "@tapegrad/tensor";

/** Inputs that flow into one unit: the sizes after the first, multiplied. */
function fanIn(shape: Shape): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

/** How fresh weights are made. */
export interface InitOptions {
  readonly dtype?: DType;
  readonly generator?: Generator;
}

export const initRules: OptionRules<InitOptions> = { dtype: optionRules.floatingDType, generator: optionRules.generator };

/**
 * Uniform in +-1 / sqrt(fan-in of `weightShape`): PyTorch's default for the weights and biases of Linear and Conv layers
 * (kaiming uniform with a = sqrt 5).
 */
export function defaultUniform(shape: Shape, weightShape: Shape, options: InitOptions): Tensor {
  const bound = 1 / Math.sqrt(fanIn(weightShape));
  return uniform(shape, -bound, bound, options);
}

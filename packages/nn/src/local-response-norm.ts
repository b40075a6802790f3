import { add, cat, checkOptions, div, mul, narrow, optionRules, pow, ShapeError, square, zeros, describe, type OptionRules, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";
import { requirePositive } from "./positive.ts";

/** Constants of local response normalisation. */
export interface LocalResponseNormOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
}

const rules: OptionRules<LocalResponseNormOptions> = { alpha: optionRules.finite, beta: optionRules.finite, k: optionRules.finite };

/**
 * x / (k + alpha / size * sum of squares over `size` neighbouring channels)^beta.
 *
 * Shapes    x [N, C, ...] -> the same
 * Throws    ShapeError `LocalResponseNorm/dims`, IndexError `LocalResponseNorm/size`, `LocalResponseNorm/option`; ArgumentError
 *           `LocalResponseNorm/unknown-option`
 * Source    Krizhevsky et al. 2012; the mean inside as PyTorch
 * @example
 * new nn.LocalResponseNorm(2, { alpha: 0 }).forward(ones([1, 3, 1, 1])).toArray(); // [[[[1]], [[1]], [[1]]]]
 */
export class LocalResponseNorm extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    checkOptions("LocalResponseNorm", options, rules);
    const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
    requirePositive("LocalResponseNorm", { size });
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  override forward(x: Tensor): Tensor {
    if (x.ndim < 3) {
      throw new ShapeError({ op: "LocalResponseNorm", fact: `x must be [N, C, ...] with at least 3 dimensions, not ${x.ndim}`, details: [describe("x", x)], code: "LocalResponseNorm/dims" });
    }
    const { size } = this;
    const [n = 0, channels = 0, ...rest] = x.shape;
    const empty = (count: number): Tensor => zeros([n, count, ...rest], { dtype: x.dtype });
    // Padded so that each channel sees size / 2 before and (size - 1) / 2 behind it, as PyTorch.
    const padded = cat([empty(size >> 1), square(x), empty((size - 1) >> 1)], 1);
    let total = narrow(padded, 1, 0, channels);
    for (let i = 1; i < size; i++) total = add(total, narrow(padded, 1, i, channels));
    return div(x, pow(add(mul(total, this.alpha / size), this.k), this.beta));
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${this.alpha}, beta=${this.beta}, k=${this.k}`;
  }
}

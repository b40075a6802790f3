import { add, checkOptions, div, mean, mul, ones, optionRules, requireTensor, sameShape, ShapeError, describe, formatShape, sqrt, sub, variance, zeros, type DType, type OptionRules, type Shape, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { requirePositive } from "./positive.ts";

/** Options of `layerNorm`. */
export interface LayerNormOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Added to the variance; 1e-5 unless told. */
  readonly eps?: number;
}

const functionalRules: OptionRules<LayerNormOptions> = { weight: optionRules.tensorOrNull, bias: optionRules.tensorOrNull, eps: optionRules.nonNegative };

/**
 * Normalises the last dimensions, those of `normalizedShape`, to mean 0 and variance 1; then scales and shifts.
 *
 * Shapes    x [..., ...normalizedShape] -> the same
 * Throws    ShapeError `layerNorm/shape`, `layerNorm/parameter`; IndexError `layerNorm/option`; ArgumentError `layerNorm/unknown-option`
 * Source    Ba, Kiros and Hinton 2016; as PyTorch
 * @example
 * nn.functional.layerNorm(tensor([[1, 3]]), [2], { eps: 0 }).toArray(); // [[-1, 1]]
 */
export function layerNorm(x: Tensor, normalizedShape: Shape, options: LayerNormOptions = {}): Tensor {
  checkOptions("layerNorm", options, functionalRules);
  const { weight = null, bias = null, eps = 1e-5 } = options;
  const lead = x.ndim - normalizedShape.length;
  if (lead < 0 || normalizedShape.length === 0 || !sameShape(x.shape.slice(lead), normalizedShape)) {
    throw new ShapeError({
      op: "layerNorm",
      fact: `the last dimensions of x ${formatShape(x.shape)} must be ${formatShape(normalizedShape)}`,
      details: [describe("x", x)],
      code: "layerNorm/shape",
      data: { x: x.shape, normalizedShape },
    });
  }
  for (const [name, v] of Object.entries({ weight, bias })) {
    if (v === null) continue;
    requireTensor("layerNorm", name, v);
    if (sameShape(v.shape, normalizedShape)) continue;
    throw new ShapeError({
      op: "layerNorm",
      fact: `${name} ${formatShape(v.shape)} must have the normalized shape ${formatShape(normalizedShape)}`,
      details: [describe("x", x)],
      code: "layerNorm/parameter",
      data: { name, shape: v.shape, normalizedShape },
    });
  }
  const dim = normalizedShape.map((_, i) => lead + i);
  const centered = sub(x, mean(x, { dim, keepdim: true }));
  const normalized = div(centered, sqrt(add(variance(x, { dim, keepdim: true, correction: 0 }), eps)));
  const scaled = weight === null ? normalized : mul(normalized, weight);
  return bias === null ? scaled : add(scaled, bias);
}

/** Options of the `LayerNorm` layer. */
export interface LayerNormLayerOptions {
  /** Added to the variance; 1e-5 unless told. */
  readonly eps?: number;
  /** Whether a scale and a shift are learned; they are unless told. */
  readonly elementwiseAffine?: boolean;
  readonly dtype?: DType;
}

const layerRules: OptionRules<LayerNormLayerOptions> = {
  eps: optionRules.nonNegative,
  elementwiseAffine: optionRules.boolean,
  dtype: optionRules.floatingDType,
};

/**
 * Layer normalisation with a learned scale and shift.
 *
 * Shapes    x [..., ...normalizedShape] -> the same
 * Throws    ShapeError `layerNorm/shape`, IndexError `LayerNorm/size`, `LayerNorm/option`; ArgumentError `LayerNorm/unknown-option`
 * @example
 * new nn.LayerNorm(4).forward(randn([2, 4])).shape; // [2, 4]
 */
export class LayerNorm extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  readonly normalizedShape: Shape;
  readonly eps: number;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: number | Shape, options: LayerNormLayerOptions = {}) {
    super();
    checkOptions("LayerNorm", options, layerRules);
    const { eps = 1e-5, elementwiseAffine = true, dtype = "float32" } = options;
    this.normalizedShape = Array.isArray(normalizedShape) ? (normalizedShape as Shape) : [normalizedShape as number];
    requirePositive("LayerNorm", Object.fromEntries(this.normalizedShape.map((size, i) => [`normalizedShape[${i}]`, size])));
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape, { dtype })) : null;
    this.bias = elementwiseAffine ? new Parameter(zeros(this.normalizedShape, { dtype })) : null;
    this.noteFields();
  }

  override forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, { weight: this.weight, bias: this.bias, eps: this.eps });
  }

  override extraRepr(): string {
    return `${formatShape(this.normalizedShape)}, eps=${this.eps}, elementwiseAffine=${this.weight !== null}`;
  }
}

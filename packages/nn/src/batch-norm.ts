import { batchNormChecked, checkOptions, ones, optionRules, ShapeError, zeros, describe, type DType, type Epilogue, type OptionRules, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { requirePositive } from "./positive.ts";

/** Options of the batch-norm layers. */
export interface BatchNormLayerOptions {
  /** Added to the variance; 1e-5 unless told. */
  readonly eps?: number;
  /** Share of the batch in the running statistics, 0.1 unless told; null averages all batches alike. */
  readonly momentum?: number | null;
  /** Whether a scale and a shift are learned; they are unless told. */
  readonly affine?: boolean;
  /** Whether running statistics are kept for evaluation; they are unless told. */
  readonly trackRunningStats?: boolean;
  readonly dtype?: DType;
}

const rules: OptionRules<BatchNormLayerOptions> = {
  eps: optionRules.nonNegative,
  momentum: optionRules.orNull(optionRules.share),
  affine: optionRules.boolean,
  trackRunningStats: optionRules.boolean,
  dtype: optionRules.floatingDType,
};

/** What both layers do; they differ in the shapes they take. */
abstract class BatchNorm extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true, fusesRelu: true };
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Buffer | null;
  runningVar: Buffer | null;
  numBatchesTracked: Buffer | null;
  /** Numbers of dimensions that the layer takes. */
  protected abstract readonly ranks: readonly number[];

  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super();
    requirePositive(new.target.name, { numFeatures });
    checkOptions(new.target.name, options, rules);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true, dtype = "float32" } = options;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new Parameter(ones([numFeatures], { dtype })) : null;
    this.bias = affine ? new Parameter(zeros([numFeatures], { dtype })) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures], { dtype })) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures], { dtype })) : null;
    // States from before PyTorch counted have none, nor do those of some other libraries.
    this.numBatchesTracked = trackRunningStats ? new Buffer(zeros([], { dtype: "int64" }), { optional: true }) : null;
    this.noteFields();
  }

  override forward(x: Tensor): Tensor;
  // `Sequential` tells what follows.
  override forward(x: Tensor, epilogue: Epilogue = "none"): Tensor {
    if (!this.ranks.includes(x.ndim) || x.shape[1] !== this.numFeatures) {
      const name = this.constructor.name;
      throw new ShapeError({
        op: name,
        fact: `x must have ${this.ranks.join(" or ")} dimensions and ${this.numFeatures} channels in dimension 1`,
        details: [describe("x", x)],
        code: `${name}/shape`,
        data: { x: x.shape, numFeatures: this.numFeatures },
      });
    }
    const { weight, bias, runningMean, runningVar, training, eps } = this;
    const counter = training ? this.numBatchesTracked : null;
    const batches = counter === null ? 0 : counter.item() + 1;
    const momentum = this.momentum ?? (batches > 0 ? 1 / batches : 0);
    const out = batchNormChecked(x, { weight, bias, runningMean, runningVar, training, momentum, eps }, epilogue);
    // A batch that was refused does not count.
    counter?.fill_(batches);
    return out;
  }

  override extraRepr(): string {
    return `${this.numFeatures}, eps=${this.eps}, momentum=${this.momentum}, affine=${this.weight !== null}, trackRunningStats=${this.runningMean !== null}`;
  }
}

/**
 * Batch normalisation of [N, C] or [N, C, L].
 *
 * Shapes    x [N, C] or [N, C, L] -> the same
 * Throws    ShapeError `BatchNorm1d/shape`, `batchNorm/single`; IndexError `BatchNorm1d/size`, `BatchNorm1d/option`;
 *           ArgumentError `BatchNorm1d/unknown-option`
 * @example
 * new nn.BatchNorm1d(3).forward(randn([8, 3])).shape; // [8, 3]
 */
export class BatchNorm1d extends BatchNorm {
  protected override readonly ranks = [2, 3];
}

/**
 * Batch normalisation of images.
 *
 * Shapes    x [N, C, H, W] -> the same
 * Throws    ShapeError `BatchNorm2d/shape`, `batchNorm/single`; IndexError `BatchNorm2d/size`, `BatchNorm2d/option`;
 *           ArgumentError `BatchNorm2d/unknown-option`
 * @example
 * new nn.BatchNorm2d(3).forward(randn([2, 3, 4, 4])).shape; // [2, 3, 4, 4]
 */
export class BatchNorm2d extends BatchNorm {
  protected override readonly ranks = [4];
}

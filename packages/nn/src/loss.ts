import {
  checkOptions, classificationLossRules, crossEntropy, crossEntropyRules, mseLoss, mseLossRules, nllLoss, requireTensor, type ClassificationLossOptions,
  type CrossEntropyOptions, type MSELossOptions, type OptionRules, type Reduction, type Tensor,
} from "@tapegrad/tensor";
import { Module } from "./module.ts";
import { Buffer } from "./parameter.ts";

/** A loss with a weight for each class, which belongs to its state. */
abstract class ClassificationLoss<Options extends ClassificationLossOptions> extends Module {
  protected readonly options: Omit<Options, "weight">;
  weight: Buffer | null;

  constructor(checked: Options, rules: OptionRules<Options>) {
    super();
    checkOptions(new.target.name, checked, rules);
    const { weight = null, ...options } = checked;
    this.options = options;
    if (weight !== null) requireTensor(new.target.name, "weight", weight);
    this.weight = weight === null ? null : new Buffer(weight);
    this.noteFields();
  }
}

/**
 * Softmax cross-entropy of logits and class indices, or class probabilities; the mean over the batch unless told.
 *
 * Shapes    input [N, C] or [N, C, ...d], target [N] or [N, ...d], or input's shape for probabilities -> []
 * Throws    IndexError `CrossEntropyLoss/option`, ArgumentError `CrossEntropyLoss/unknown-option`; what `crossEntropy` throws
 * @example
 * new nn.CrossEntropyLoss().forward(zeros([2, 10]), tensor([3, 7], { dtype: "int32" })).item(); // 2.3025850929940455
 */
export class CrossEntropyLoss extends ClassificationLoss<CrossEntropyOptions> {
  constructor(options: CrossEntropyOptions = {}) {
    super(options, crossEntropyRules);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * Negative log-likelihood of log-probabilities and class indices; the mean over the batch unless told.
 *
 * Shapes    input [N, C] or [N, C, ...d], target [N] or [N, ...d] -> []
 * Throws    IndexError `NLLLoss/option`, ArgumentError `NLLLoss/unknown-option`; what `nllLoss` throws
 * @example
 * new nn.NLLLoss().forward(tensor([[-1, -2]]), tensor([1], { dtype: "int32" })).item(); // 2
 */
export class NLLLoss extends ClassificationLoss<ClassificationLossOptions> {
  constructor(options: ClassificationLossOptions = {}) {
    super(options, classificationLossRules);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * Mean squared error.
 *
 * Shapes    input, target of one shape, or broadcast with a warning -> []
 * Throws    IndexError `MSELoss/option`, ArgumentError `MSELoss/unknown-option`, ShapeError `mseLoss/broadcast`
 * @example
 * new nn.MSELoss().forward(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export class MSELoss extends Module {
  readonly reduction: Reduction;

  constructor(options: MSELossOptions = {}) {
    super();
    checkOptions("MSELoss", options, mseLossRules);
    this.reduction = options.reduction ?? "mean";
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}

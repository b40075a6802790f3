import { checkOptions, linearBefore, optionRules, type Epilogue, type OptionRules, type Tensor } from "@tapegrad/tensor";
import { defaultUniform, initRules, type InitOptions } from "./init.ts";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { requirePositive } from "./positive.ts";

/** Options of `Linear`. */
export interface LinearOptions extends InitOptions {
  /** Whether there is a bias; there is unless told. */
  readonly bias?: boolean;
}

const rules: OptionRules<LinearOptions> = { ...initRules, bias: optionRules.boolean };

/**
 * x weightᵀ + bias. Weight and bias start uniform in +-1 / sqrt(inFeatures).
 *
 * Shapes    x [..., inFeatures] -> [..., outFeatures]; weight [outFeatures, inFeatures], bias [outFeatures]
 * Throws    IndexError `Linear/size`, `Linear/option`; ArgumentError `Linear/unknown-option`; what `linear` throws
 * @example
 * new nn.Linear(3, 2).forward(zeros([5, 3])).shape; // [5, 2]
 */
export class Linear extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true, fusesRelu: true };
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    requirePositive("Linear", { inFeatures, outFeatures });
    checkOptions("Linear", options, rules);
    const { bias = true, ...init } = options;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const shape = [outFeatures, inFeatures];
    this.weight = new Parameter(defaultUniform(shape, shape, init));
    this.bias = bias ? new Parameter(defaultUniform([outFeatures], shape, init)) : null;
    this.noteFields();
  }

  override forward(x: Tensor): Tensor;
  // `Sequential` tells what follows.
  override forward(x: Tensor, epilogue: Epilogue = "none"): Tensor {
    return linearBefore(x, this.weight, this.bias, epilogue);
  }

  override extraRepr(): string {
    return `inFeatures=${this.inFeatures}, outFeatures=${this.outFeatures}, bias=${this.bias !== null}`;
  }
}

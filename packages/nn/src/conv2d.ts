import { checkArgument, checkOptions, conv2dChecked, conv2dRules, IndexError, kernelRule, optionRules, type Conv2dOptions, type Epilogue, type OptionRules, type Pair, type Tensor } from "@tapegrad/tensor";
import { defaultUniform, initRules, type InitOptions } from "./init.ts";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { requirePositive } from "./positive.ts";

/** Options of the `Conv2d` layer. */
export interface Conv2dLayerOptions extends Conv2dOptions, InitOptions {
  /** Whether there is a bias; there is unless told. */
  readonly bias?: boolean;
}

const rules: OptionRules<Conv2dLayerOptions> = { ...conv2dRules, ...initRules, bias: optionRules.boolean };

/**
 * Two-dimensional convolution. Weight and bias start uniform in +-1 / sqrt(inChannels / groups * kH * kW).
 *
 * Shapes    x [N, inChannels, H, W] -> [N, outChannels, H', W'], or both without N; weight [outChannels, inChannels / groups, kH, kW]
 * Throws    IndexError `Conv2d/size`, `Conv2d/groups`, `Conv2d/option`; ArgumentError `Conv2d/unknown-option`; what `conv2d` throws
 * @example
 * new nn.Conv2d(3, 6, 5).forward(zeros([1, 3, 32, 32])).shape; // [1, 6, 28, 28]
 */
export class Conv2d extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true, fusesRelu: true };
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Pair;
  readonly options: Conv2dOptions;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inChannels: number, outChannels: number, kernelSize: number | Pair, options: Conv2dLayerOptions = {}) {
    super();
    checkOptions("Conv2d", options, rules);
    const { bias = true, dtype, generator, ...convolution } = options;
    const kernel: Pair = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    const { groups = 1 } = convolution;
    requirePositive("Conv2d", { inChannels, outChannels, kernelHeight: kernel[0], kernelWidth: kernel[1] });
    checkArgument("Conv2d", "kernelSize", kernelSize, kernelRule);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new IndexError({
        op: "Conv2d",
        fact: `groups ${groups} must divide inChannels ${inChannels} and outChannels ${outChannels}`,
        code: "Conv2d/groups",
        data: { groups, inChannels, outChannels },
      });
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernel;
    this.options = convolution;
    const init: InitOptions = { ...(dtype === undefined ? {} : { dtype }), ...(generator === undefined ? {} : { generator }) };
    const shape = [outChannels, inChannels / groups, ...kernel];
    this.weight = new Parameter(defaultUniform(shape, shape, init));
    this.bias = bias ? new Parameter(defaultUniform([outChannels], shape, init)) : null;
    this.noteFields();
  }

  override forward(x: Tensor): Tensor;
  // `Sequential` tells what follows.
  override forward(x: Tensor, epilogue: Epilogue = "none"): Tensor {
    return conv2dChecked(x, this.weight, this.bias, this.options, epilogue);
  }

  override extraRepr(): string {
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = this.options;
    const parts = [`${this.inChannels}, ${this.outChannels}`, `kernelSize=${show(this.kernelSize)}`, `stride=${show(stride)}`];
    if (show(padding) !== "[0, 0]") parts.push(`padding=${show(padding)}`);
    if (show(dilation) !== "[1, 1]") parts.push(`dilation=${show(dilation)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.bias === null) parts.push("bias=false");
    return parts.join(", ");
  }
}

function show(value: number | Pair | string): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? `[${value}, ${value}]` : `[${value.join(", ")}]`;
}

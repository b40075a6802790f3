import { avgPool2dChecked, avgPool2dRules, checkArgument, checkOptions, kernelRule, maxPool2dChecked, maxPool2dRules, type AvgPool2dOptions, type MaxPool2dOptions, type Pair, type Pool2dOptions, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";

const show = (value: number | Pair): string => JSON.stringify(value).replace(",", ", ");

/** The windows, as PyTorch prints them. */
function describeWindow(kernelSize: number | Pair, { stride = kernelSize, padding = 0 }: Pool2dOptions): string {
  return `kernelSize=${show(kernelSize)}, stride=${show(stride)}, padding=${show(padding)}`;
}

/**
 * The largest element of each window; the stride is the kernel's size unless told.
 *
 * Shapes    x [N, C, H, W] -> [N, C, H', W']
 * Throws    IndexError `MaxPool2d/option`, ArgumentError `MaxPool2d/unknown-option`; what `maxPool2d` throws
 * @example
 * new nn.MaxPool2d(2).forward(zeros([1, 3, 8, 8])).shape; // [1, 3, 4, 4]
 */
export class MaxPool2d extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true, givesOutputAway: true, picksLargest: true };
  readonly kernelSize: number | Pair;
  readonly options: MaxPool2dOptions;

  constructor(kernelSize: number | Pair, options: MaxPool2dOptions = {}) {
    super();
    checkArgument("MaxPool2d", "kernelSize", kernelSize, kernelRule);
    checkOptions("MaxPool2d", options, maxPool2dRules);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return maxPool2dChecked(x, this.kernelSize, this.options);
  }

  override extraRepr(): string {
    const { dilation = 1, ceilMode = false } = this.options;
    return `${describeWindow(this.kernelSize, this.options)}, dilation=${show(dilation)}, ceilMode=${ceilMode}`;
  }
}

/**
 * The mean of each window; the stride is the kernel's size unless told.
 *
 * Shapes    x [N, C, H, W] -> [N, C, H', W']
 * Throws    IndexError `AvgPool2d/option`, ArgumentError `AvgPool2d/unknown-option`; what `avgPool2d` throws
 * @example
 * new nn.AvgPool2d(2).forward(zeros([1, 3, 8, 8])).shape; // [1, 3, 4, 4]
 */
export class AvgPool2d extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  readonly kernelSize: number | Pair;
  readonly options: AvgPool2dOptions;

  constructor(kernelSize: number | Pair, options: AvgPool2dOptions = {}) {
    super();
    checkArgument("AvgPool2d", "kernelSize", kernelSize, kernelRule);
    checkOptions("AvgPool2d", options, avgPool2dRules);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return avgPool2dChecked(x, this.kernelSize, this.options);
  }

  override extraRepr(): string {
    return describeWindow(this.kernelSize, this.options);
  }
}

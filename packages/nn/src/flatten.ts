import { checkArgument, flatten, optionRules, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";

/**
 * Dimensions `startDim` to `endDim` (included) made one; all but the batch unless told.
 *
 * Throws    IndexError `Flatten/option`, `flatten/dim`, ShapeError `flatten/order`
 * @example
 * new nn.Flatten().forward(zeros([2, 3, 4])).shape; // [2, 12]
 */
export class Flatten extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    checkArgument("Flatten", "startDim", startDim, optionRules.integer);
    checkArgument("Flatten", "endDim", endDim, optionRules.integer);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`;
  }
}

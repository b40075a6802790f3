import { checkArgument, checkOptions, dropoutChecked, dropoutRules, type DropoutOptions, type Generator, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";

/**
 * Zeros each element with probability `p` in training and scales the rest by 1 / (1 - p); the identity in evaluation.
 *
 * Throws    IndexError `Dropout/option`, ArgumentError `Dropout/unknown-option`
 * @example
 * new nn.Dropout(0.5).eval().forward(tensor([1, 2])).toArray(); // [1, 2]
 */
export class Dropout extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  readonly p: number;
  private readonly generator: Generator | undefined;

  constructor(p = 0.5, options: Pick<DropoutOptions, "generator"> = {}) {
    super();
    checkArgument("Dropout", "p", p, dropoutRules.p);
    checkOptions("Dropout", options, { generator: dropoutRules.generator });
    this.p = p;
    this.generator = options.generator;
  }

  override forward(x: Tensor): Tensor {
    const options = { p: this.p, training: this.training };
    return dropoutChecked(x, this.generator === undefined ? options : { ...options, generator: this.generator });
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}

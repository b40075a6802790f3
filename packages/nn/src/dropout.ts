import { checkDropProbability, dropout, type Generator, type Tensor } from "@tapegrad/tensor";
import { Module } from "./module.ts";

/**
 * Zeros each element with probability `p` in training and scales the rest by 1 / (1 - p); the identity in evaluation.
 *
 * Throws    IndexError `dropout/p`
 * @example
 * new nn.Dropout(0.5).eval().forward(tensor([1, 2])).toArray(); // [1, 2]
 */
export class Dropout extends Module {
  readonly p: number;
  readonly #generator: Generator | undefined;

  constructor(p = 0.5, { generator }: { readonly generator?: Generator } = {}) {
    super();
    checkDropProbability(p);
    this.p = p;
    this.#generator = generator;
  }

  override forward(x: Tensor): Tensor {
    const options = { p: this.p, training: this.training };
    return dropout(x, this.#generator === undefined ? options : { ...options, generator: this.#generator });
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}

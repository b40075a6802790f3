import { flatten, type Tensor } from "@tapegrad/tensor";
import { Module } from "./module.ts";

/**
 * Dimensions `start` to `end` (included) made one; all but the batch unless told.
 *
 * Throws    IndexError `flatten/dim`, ShapeError `flatten/order`
 * @example
 * new nn.Flatten().forward(zeros([2, 3, 4])).shape; // [2, 12]
 */
export class Flatten extends Module {
  readonly start: number;
  readonly end: number;

  constructor(start = 1, end = -1) {
    super();
    this.start = start;
    this.end = end;
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, this.start, this.end);
  }

  override extraRepr(): string {
    return `start=${this.start}, end=${this.end}`;
  }
}

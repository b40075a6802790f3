import { IndexError, type Tensor } from "@tapegrad/tensor";
import { ReLU } from "./activation.ts";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** Layers whose output is a tensor of its own that nothing saves for backward. */
const donors: ReadonlySet<unknown> = new Set([Conv2d, Linear, BatchNorm1d, BatchNorm2d]);

/** Whether `next`, a ReLU, is the only one to see what `module` gives: it then works in place. */
function donates(module: Module, next: Module | undefined): boolean {
  return next?.constructor === ReLU && donors.has(module.constructor) && !module.hasForwardHooks;
}

/**
 * Modules one after another, each fed with what the one before gave. Names are positions: `0.weight`. A ReLU behind a
 * convolution, a linear layer or a batch norm works in place.
 *
 * @example
 * new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU()).forward(zeros([2, 4])).shape; // [2, 3]
 */
export class Sequential extends Module {
  [position: number]: Module;
  readonly #length: number;

  constructor(...modules: Module[]) {
    super();
    modules.forEach((module, i) => {
      this[i] = module;
    });
    this.#length = modules.length;
  }

  get length(): number {
    return this.#length;
  }

  /** The module at a position; negative ones count from the end. Throws IndexError `Sequential/at`. */
  at(position: number): Module {
    const module = this[position < 0 ? position + this.#length : position];
    if (module !== undefined) return module;
    throw new IndexError({ op: "Sequential", fact: `position ${position} is outside the ${this.#length} modules`, code: "Sequential/at", data: { position } });
  }

  *[Symbol.iterator](): Generator<Module> {
    for (let i = 0; i < this.#length; i++) yield this.at(i);
  }

  override forward(x: Tensor): Tensor {
    let out = x;
    for (let i = 0; i < this.#length; i++) {
      const module = this.at(i);
      out = module.forward(out);
      if (donates(module, this[i + 1])) out.donated = true;
    }
    return out;
  }
}

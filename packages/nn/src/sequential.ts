import { IndexError, type Tensor } from "@tapegrad/tensor";
import { Module } from "./module.ts";

/**
 * Modules one after another, each fed with what the one before gave. Names are positions: `0.weight`.
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
    for (const module of this) out = module.forward(out);
    return out;
  }
}

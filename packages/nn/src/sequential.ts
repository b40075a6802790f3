import { donateToRelu, freeIfForgotten, IndexError, type Tensor } from "@tapegrad/tensor";
import { ReLU, Sigmoid, Tanh } from "./activation.ts";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { LocalResponseNorm } from "./local-response-norm.ts";
import { Module } from "./module.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";

/** Layers whose output is a tensor of its own that nothing saves for backward. */
const donors: ReadonlySet<unknown> = new Set([Conv2d, Linear, BatchNorm1d, BatchNorm2d, MaxPool2d]);

/** Layers that keep neither what they are given nor what they give, which is new, or what they are given in another shape. */
const forgetful: ReadonlySet<unknown> = new Set([
  AvgPool2d, BatchNorm1d, BatchNorm2d, Conv2d, Dropout, Flatten, LayerNorm, Linear, LocalResponseNorm, MaxPool2d, ReLU, Sigmoid, Tanh,
]);

/** Whether `next`, a ReLU, is the only one to see what `module` gives: it then works in place. */
function donates(module: Module, next: Module | undefined): boolean {
  return next?.constructor === ReLU && donors.has(module.constructor) && !module.hasForwardHooks;
}

/**
 * Whether the two are a ReLU and a max pooling that nobody looks at. The largest of some numbers cut off at zero is the largest of
 * them, cut off: pooled first, there are fewer to cut off, forward and backward. The gradient is the same, because one that goes to
 * a number below zero is zero wherever in the window that is.
 */
function commute(module: Module, next: Module): boolean {
  return !module.hasForwardHooks && !next.hasForwardHooks && module.constructor === ReLU && next.constructor === MaxPool2d;
}

/**
 * Modules one after another, each fed with what the one before gave. Names are positions: `0.weight`. Unless a forward hook would
 * see it, a ReLU behind a convolution, a linear layer or a batch norm is done by that layer's kernel, or else in place, and one
 * before a max pooling works on what that gives.
 *
 * @example
 * new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU()).forward(zeros([2, 4])).shape; // [2, 3]
 */
export class Sequential extends Module {
  [position: number]: Module;
  private readonly count: number;

  constructor(...modules: Module[]) {
    super();
    modules.forEach((module, i) => {
      this[i] = module;
    });
    this.count = modules.length;
  }

  get length(): number {
    return this.count;
  }

  /** The module at a position; negative ones count from the end. Throws IndexError `Sequential/at`. */
  at(position: number): Module {
    const module = this[position < 0 ? position + this.count : position];
    if (module !== undefined) return module;
    throw new IndexError({ op: "Sequential", fact: `position ${position} is outside the ${this.count} modules`, code: "Sequential/at", data: { position } });
  }

  *[Symbol.iterator](): Generator<Module> {
    for (let i = 0; i < this.count; i++) yield this.at(i);
  }

  override forward(x: Tensor): Tensor {
    const modules = [...this];
    let out = x;
    modules.forEach((first, i) => {
      const second = modules[i + 1];
      if (second !== undefined && commute(first, second)) [modules[i], modules[i + 1]] = [second, first];
      const module = modules[i] ?? first;
      const given = out;
      out = donates(module, modules[i + 1]) ? donateToRelu(() => pass(module, given)) : pass(module, given);
    });
    // What the caller gets is the caller's.
    out.storage.transient = false;
    return out;
  }
}

/** What the module makes of x. If only this Sequential has x it is freed, now or with the last of the tape's nodes that saved it. */
function pass(module: Module, x: Tensor): Tensor {
  const forgets = forgetful.has(module.constructor) && !module.hasForwardHooks;
  if (!forgets && module.constructor !== Sequential) x.storage.transient = false;
  const out = module.forward(x);
  if (out.storage === x.storage) return out;
  freeIfForgotten(x.storage);
  if (forgets) out.storage.transient = true;
  return out;
}

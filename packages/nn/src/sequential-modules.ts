import { freeIfForgotten, IndexError, type Epilogue, type Tensor } from "@tapegrad/tensor";
import { passesOn, type LayerTraits } from "./layer-traits.ts";
import { hookRuns } from "./module-call.ts";
import { Module } from "./module.ts";

/** What `Sequential` is where it runs; as a type, that adds those of the modules by position. */
class Sequential<Modules extends readonly Module[] = readonly Module[]> extends Module {
  static override readonly traits: LayerTraits = { [passesOn]: true } as LayerTraits;
  [position: number]: Modules[number];
  private readonly count: number;

  constructor(...modules: Modules) {
    super();
    modules.forEach((module, i) => {
      this[i] = module;
    });
    this.count = modules.length;
  }

  get length(): Modules["length"] {
    return this.count;
  }

  /** The module at a position; negative ones count from the end. Throws IndexError `Sequential/at`. */
  at(position: number): Modules[number] {
    const module = this[position < 0 ? position + this.count : position];
    if (module !== undefined) return module;
    throw new IndexError({ op: "Sequential", fact: `position ${position} is outside the ${this.count} modules`, code: "Sequential/at", data: { position } });
  }

  *[Symbol.iterator](): Generator<Modules[number]> {
    for (let i = 0; i < this.count; i++) yield this.at(i);
  }

  override forward(x: Tensor): Tensor {
    let out = x;
    if (this.count > 0) {
      let module: Module = this.at(0);
      for (let i = 1; i < this.count; i++) {
        const next: Module = this.at(i);
        if (module.knownTraits.isRelu && next.knownTraits.picksLargest) {
          // The ReLU waits until the largest are picked.
          out = run(next, out, module);
        } else {
          out = run(module, out, next);
          module = next;
        }
      }
      out = pass(module, out);
    }
    // What the caller gets is the caller's.
    out.storage.transient = false;
    return out;
  }
}

// Under this name, so that the class has the one that modules print.
export { Sequential as SequentialModules };

/**
 * What the module makes of x. Where `next` is a ReLU, the only one to see it, that works in place, or leaves its work to the module.
 *
 * A ReLU and a max pooling that nobody looks at are taken in the other order: the largest of some numbers cut off at zero is the
 * largest of them, cut off. Pooled first, there are fewer to cut off, forward and backward. The gradient is the same, because one
 * that goes to a number below zero is zero wherever in the window that is.
 */
function run(module: Module, x: Tensor, next: Module): Tensor {
  const traits = module.knownTraits;
  if (!traits.givesOutputAway || !next.knownTraits.isRelu) return pass(module, x);
  const hooksBefore = hookRuns.count;
  const out = pass(module, x, traits.fusesRelu ? "relu" : "none");
  if (out.donated === "no" && out.storage !== x.storage && hookRuns.count === hooksBefore) out.donated = "yes";
  return out;
}

/** A module whose traits say that it does the work of a ReLU behind it. */
interface Fusing {
  forward(x: Tensor, epilogue: Epilogue): Tensor;
}

/** What the module makes of x. If only this Sequential has x it is freed, now or with the last of the tape's nodes that saved it. */
function pass(module: Module, x: Tensor, epilogue: Epilogue = "none"): Tensor {
  const traits = module.knownTraits;
  const { storage } = x;
  const isForgotten = storage.transient;
  // A Sequential goes on as this one does. In any other module that has modules x may be needed after one of them.
  if (!traits.passesOn) storage.transient = false;
  const hooksBefore = hookRuns.count;
  const out = epilogue === "none" ? module.forward(x) : (module as Fusing).forward(x, epilogue);
  if (out.storage === storage) {
    // In another shape, or as it was: it goes on.
    if (traits.keepsNothing && hookRuns.count === hooksBefore) storage.transient = isForgotten;
  } else if (traits.passesOn) {
    freeIfForgotten(storage);
  } else if (traits.keepsNothing && hookRuns.count === hooksBefore) {
    // No hook of a module inside has seen it either.
    storage.transient = isForgotten;
    freeIfForgotten(storage);
    out.storage.transient = true;
  }
  return out;
}

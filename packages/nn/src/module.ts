import type { Tensor } from "@tapegrad/tensor";
import { AnyModule } from "./any-module.ts";

/** A module that takes and gives these: one tensor each unless told. What it extends says nothing of them, its `forward` does. */
export interface Module<In extends unknown[] = [x: Tensor], Out = Tensor> extends AnyModule {
  forward(...inputs: In): Out;
}

/** As a type, `Module<[x: Tensor], Tensor>` takes and gives these; as a class to extend, it leaves that to `forward`. */
type ModuleClass = typeof AnyModule & (abstract new <In extends unknown[], Out = Tensor>() => Module<In, Out>);

/**
 * Base class of all layers and models: a plain class with fields. Parameters (`Parameter`), state that is not trained
 * (`Buffer`) and submodules are found by walking the fields in the order of their declaration. Arrays, plain objects, maps and
 * sets of them count too, so there is no ModuleList and no ModuleDict. Private `#fields` cannot be looked into: a module in one
 * is warned of when it runs.
 *
 * @example
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(4, 8);
 *   fc2 = new nn.Linear(8, 2);
 *   override forward(x: Tensor) { return this.fc2.forward(relu(this.fc1.forward(x))); }
 * }
 * new Net().forward(zeros([3, 4])).shape; // [3, 2]
 */
export const Module = AnyModule as ModuleClass;

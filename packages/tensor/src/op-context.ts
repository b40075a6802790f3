import type { RecordedCall } from "./op-spec.ts";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

const nothing: readonly Tensor[] = [];

/**
 * What gradient functions read (`BackwardContext`). Saved tensors are looked up and checked when they are read. One class for all
 * ops: V8 takes its time over objects of many classes.
 */
export class OpContext {
  protected readonly call: RecordedCall;
  // Not a private name: V8 adds those one by one, which costs as much as the rest of a small op's context.
  protected shared: { readonly value: unknown } | null = null;

  constructor(call: RecordedCall) {
    this.call = call;
  }

  get attrs(): unknown {
    return this.call.attrs;
  }

  get shapes(): readonly (Shape | undefined)[] {
    return this.call.shapes;
  }

  get aux(): readonly Tensor[] {
    return this.call.aux ?? nothing;
  }

  once<T>(compute: () => T): T {
    this.shared ??= { value: compute() };
    return this.shared.value as T;
  }
}

/** Lets contexts tell saved tensors of these names. */
export function offerSaved(names: readonly string[]): void {
  for (const name of names) {
    if (Object.hasOwn(OpContext.prototype, name)) continue;
    Object.defineProperty(OpContext.prototype, name, {
      get(this: { readonly call: RecordedCall }) {
        return this.call.savedNamed(name);
      },
    });
  }
}

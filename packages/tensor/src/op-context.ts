import type { RecordedCall } from "./op-spec.ts";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

const nothing: readonly Tensor[] = [];

/** What every gradient function may read; the saved tensors join it by name, one class for each op. */
class OpContext {
  protected readonly call: RecordedCall;
  // Not a private name: V8 adds those one by one, which costs as much as the rest of a small op's context.
  protected shared: { readonly value: unknown } | null = null;

  constructor(call: RecordedCall) {
    this.call = call;
  }

  get attrs(): unknown {
    return this.call.attrs;
  }

  get shapes(): readonly Shape[] {
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

/** A context class with a getter for each saved tensor: only what a gradient reads is looked up and checked. */
export function contextClass(saves: readonly string[]): new (call: RecordedCall) => object {
  const Context = class extends OpContext {};
  saves.forEach((name, i) => {
    Object.defineProperty(Context.prototype, name, {
      get(this: { readonly call: RecordedCall }) {
        return this.call.saved(i);
      },
    });
  });
  return Context;
}

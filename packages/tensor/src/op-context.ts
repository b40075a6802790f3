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

const offered = new Set<string>();

/** Whether a saved tensor may have this name: contexts have none of their own, nor from JavaScript. */
export function isFreeForSaved(name: string): boolean {
  return offered.has(name) || !(name in OpContext.prototype || contextFields.includes(name));
}

const contextFields: readonly string[] = ["call", "shared"];

/** Lets contexts tell saved tensors of these names. */
export function offerSaved(names: readonly string[]): void {
  for (const name of names) {
    if (offered.has(name)) continue;
    offered.add(name);
    Object.defineProperty(OpContext.prototype, name, {
      get(this: { readonly call: RecordedCall }) {
        return this.call.savedNamed(name);
      },
    });
  }
}

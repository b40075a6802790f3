// Goes along into the declarations: programs that compile for ES2022 have `Disposable` from here.
/// <reference lib="esnext.disposable" preserve="true" />
import { enterScope, leaveScope, type Storage } from "@tapegrad/kernels";
import { Tensor } from "./tensor.ts";

/** Tensors found in what a scope returns: itself, or in arrays, plain objects, maps and sets. */
function collectStorages(value: unknown, found: Set<Storage>, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Tensor) {
    found.add(value.storage);
    const grad = value.peekGrad();
    if (grad !== null) found.add(grad.storage);
    return;
  }
  if (value instanceof Map) {
    for (const entry of value.values()) collectStorages(entry, found, seen);
    return;
  }
  const entries: Iterable<unknown> = Array.isArray(value) || value instanceof Set ? value : Object.values(value);
  for (const entry of entries) collectStorages(entry, found, seen);
}

/** An open scope; `using s = openScope()` closes it at the end of the block. */
export class Scope implements Disposable {
  readonly #outer: number;
  #open = true;

  /** @internal */
  constructor() {
    this.#outer = enterScope();
  }

  /** Frees what was made since the scope was opened, except the tensors in `result` and what was kept. */
  close(result?: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    const survivors = new Set<Storage>();
    collectStorages(result, survivors, new Set());
    leaveScope(this.#outer, survivors);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens a scope by hand: what is made until it closes is freed then. `scope` is the safer form. */
export function openScope(): Scope {
  return new Scope();
}

/**
 * Runs a function and frees at once every tensor made in it that it does not return. Never needed, since memory is
 * managed; it saves the cost of finding out that tensors are dead. Gradients of leaves and optimizer state survive;
 * anything else that must, `keep`. An asynchronous function is not allowed.
 *
 * @example
 * scope(() => sum(mul(tensor([1, 2]), 3))).item(); // 9
 */
export function scope<T>(run: () => T): T {
  const opened = new Scope();
  try {
    const result = run();
    opened.close(result);
    return result;
  } finally {
    opened.close();
  }
}

/**
 * Lets a tensor survive the scopes it was made in.
 *
 * @example
 * let kept = zeros([1]);
 * scope(() => { kept = keep(ones([1])); });
 * kept.item(); // 1
 */
export function keep<T extends Tensor>(x: T): T {
  x.storage.kept = true;
  return x;
}

// Goes along into the declarations: programs that compile for ES2022 have `Disposable` from here.
/// <reference lib="esnext.disposable" preserve="true" />
import { enterScope, leaveScope, type Storage } from "./compute/memory.ts";
import { ArgumentError } from "./errors.ts";
import { callable } from "./option-rules.ts";
import { checkArgument } from "./options.ts";
import { requireTensor, Tensor } from "./tensor.ts";

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

const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;

const isThenable = (value: unknown): boolean => typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

function asynchronous(): ArgumentError {
  return new ArgumentError({
    op: "scope",
    fact: "the function is asynchronous: what it makes after an await would be made outside",
    hint: "open scopes inside it, around the synchronous parts",
    code: "scope/async",
  });
}

/**
 * Runs a function and frees at once every tensor made in it that it does not return. Never needed, since memory is
 * managed; it saves the cost of finding out that tensors are dead. Gradients of leaves and optimizer state survive;
 * anything else that must, `keep`. An asynchronous function is not allowed.
 *
 * Throws    ArgumentError `scope/async`, IndexError `scope/option`
 * @example
 * scope(() => sum(mul(tensor([1, 2]), 3))).item(); // 9
 */
export function scope<T>(run: () => T): T {
  checkArgument("scope", "run", run, callable);
  // At once, where that can be seen: the scope would close before what is behind the first await.
  if ((run as unknown) instanceof AsyncFunction) throw asynchronous();
  const opened = new Scope();
  try {
    const result = run();
    if (isThenable(result)) throw asynchronous();
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
  requireTensor("keep", "x", x);
  x.storage.kept = true;
  return x;
}

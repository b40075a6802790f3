import { ArgumentError } from "./errors.ts";
import { showValue } from "./show-value.ts";

/**
 * Where the copy of the library that a tensor or module belongs to was loaded from. A program may come to load two: two
 * versions that are installed side by side, or one that a bundler took in twice. Their classes are different ones, and their
 * tensors lie in different memories, so that an address of the one is anything in the other. The registry of symbols is what
 * they have in common.
 */
const copyMark = Symbol.for("tapegrad.copy");

/** Marks all instances of a class. A bundle that is CommonJS has no URL. */
export function markCopy(type: { readonly prototype: object }, url: string | undefined): void {
  Object.defineProperty(type.prototype, copyMark, { value: url ?? "a bundle" });
}

/** Where the copy was loaded from that a marked object belongs to; null for anything else. */
export function copyOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const url = (value as { readonly [copyMark]?: unknown })[copyMark];
  return typeof url === "string" ? url : null;
}

/** The error for an object of another copy. `url` is where the one was loaded from that throws. */
export function foreignError(op: string, name: string, value: unknown, url: string, cause?: unknown): ArgumentError {
  const other = copyOf(value);
  return new ArgumentError({
    op,
    fact: `${name} belongs to another copy of tapegrad, which has a memory and classes of its own`,
    details: [`this copy  ${url}`, `its copy   ${other}`],
    hint: "load one copy only: `npm ls @tapegrad/tensor` shows how many are installed, `npm dedupe` makes them one",
    code: "tapegrad/two-copies",
    data: { thisCopy: url, itsCopy: other },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The error for what should have been a tensor of this copy. */
export function notATensor(op: string, name: string, value: unknown, cause?: unknown, must = "a tensor"): ArgumentError {
  if (copyOf(value) !== null) return foreignError(op, name, value, import.meta.url, cause);
  return new ArgumentError({ op, fact: `${name} must be ${must}, not ${showValue(value)}`, code: "tapegrad/not-a-tensor", ...(cause === undefined ? {} : { cause }) });
}

import { copyOf, notATensor } from "./copies.ts";
import { boolean, nonNegative } from "./option-rules.ts";
import { checkOptions, type OptionRules } from "./options.ts";
import { sameShape } from "./shape.ts";
import { Tensor, type ElementArray } from "./tensor.ts";

/** Throws ArgumentError `tapegrad/not-a-tensor`. The tensor may be one of another copy of the library: its values are read, not its memory. */
function requireValues(op: string, name: string, value: unknown): void {
  if (value instanceof Tensor || (copyOf(value) !== null && "toTypedArray" in (value as object))) return;
  throw notATensor(op, name, value);
}

/**
 * Whether two tensors have one shape and dtype and the same elements, bit for bit: NaN equals NaN, 0 differs from -0.
 *
 * @example
 * equal(tensor([1, 2]), tensor([1, 2])); // true
 */
export function equal(a: Tensor, b: Tensor): boolean {
  requireValues("equal", "a", a);
  requireValues("equal", "b", b);
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const left = a.toTypedArray();
  const right = b.toTypedArray();
  for (let i = 0; i < left.length; i++) if (!Object.is(left[i], right[i])) return false;
  return true;
}

/** Tolerances of `allclose`. */
export interface CloseOptions {
  readonly rtol?: number;
  readonly atol?: number;
  /** Whether NaN equals NaN; not unless told. */
  readonly equalNan?: boolean;
}

const closeRules: OptionRules<CloseOptions> = { rtol: nonNegative, atol: nonNegative, equalNan: boolean };

/**
 * Whether |a - b| <= atol + rtol |b| everywhere; infinities must be equal.
 *
 * Throws    IndexError `allclose/option`, ArgumentError `allclose/unknown-option`
 *
 * @example
 * allclose(tensor([1]), tensor([1 + 1e-7])); // true
 */
export function allclose(a: Tensor, b: Tensor, options: CloseOptions = {}): boolean {
  requireValues("allclose", "a", a);
  requireValues("allclose", "b", b);
  checkOptions("allclose", options, closeRules);
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  if (!sameShape(a.shape, b.shape)) return false;
  const [left, right] = [a, b].map((x) => (x.dtype === "int64" ? Float64Array.from(x.toTypedArray("int64"), Number) : x.toTypedArray())) as [ElementArray, ElementArray];
  for (let i = 0; i < left.length; i++) {
    const x = left[i] as number;
    const y = right[i] as number;
    if (x === y) continue;
    if (Number.isNaN(x) && Number.isNaN(y) && equalNan) continue;
    if (!(Math.abs(x - y) <= atol + rtol * Math.abs(y)) || !Number.isFinite(x - y)) return false;
  }
  return true;
}

import { checkOptions, formatShape, optionRules, sameShape, type OptionRules, type Shape } from "@tapegrad/tensor";
import { ClosenessError, type Compared } from "./closeness-error.ts";
import { differencesOf, type Criterion, type Greatest } from "./differences.ts";
import { indexOf } from "../index-of.ts";
import { tolerancesFor } from "./tolerances.ts";
import { valuesOf, type Comparable, type Values } from "./values.ts";

/** Options of `expectClose`: |actual - expected| <= atol + rtol |expected|. */
export interface ExpectCloseOptions {
  /** By dtype unless told, as PyTorch's `assert_close`: float64 1e-7, float32 1.3e-6, float16 1e-3, bfloat16 1.6e-2, others 0. */
  readonly rtol?: number;
  /** By dtype unless told: float64 1e-7, other floating ones 1e-5, others 0. */
  readonly atol?: number;
  /** Whether NaN equals NaN; not unless told. */
  readonly equalNan?: boolean;
  /** Demands the very same numbers, whatever the tolerances: 0 differs from -0, NaN is NaN. */
  readonly exact?: boolean;
  /** What is compared, for the message. */
  readonly name?: string;
}

const rules: OptionRules<ExpectCloseOptions> = {
  rtol: optionRules.nonNegative,
  atol: optionRules.nonNegative,
  equalNan: optionRules.boolean,
  exact: optionRules.boolean,
  name: { must: "a text", accepts: (value) => typeof value === "string" },
};

/** More elements than this are not handed to the test runner: its picture of them would hide the message. */
const mostCompared = 100;

/**
 * Throws unless two things hold the same numbers within tolerances. Tensors must agree in shape and dtype too; numbers in arrays have a
 * shape and no dtype; a typed array is the elements, row by row, of whatever shape the other one has. Infinities must be equal. The error
 * says how many elements differ, how far and where at most, and works in every test runner: it is thrown, and has `actual` and `expected`.
 *
 * Throws    ClosenessError `expectClose/shape`, `expectClose/dtype`, `expectClose/values`; ArgumentError `expectClose/values`,
 *           `expectClose/unknown-option`; IndexError `expectClose/option`
 * @example
 * import { expectClose } from "tapegrad/testing";
 *
 * expectClose(tensor([0.1, 0.2]).add(1), [1.1, 1.2]);
 * expectClose(tensor([1, 2]), tensor([1, 2.1])); // throws expectClose/values
 * expectClose(tensor([1, 2]), tensor([1, 2.1]), { atol: 0.2 });
 */
export function expectClose(actual: Comparable, expected: Comparable, options: ExpectCloseOptions = {}): void {
  checkOptions("expectClose", options, rules);
  const [a, b] = [valuesOf("expectClose", "actual", actual), valuesOf("expectClose", "expected", expected)];
  const shape = commonShape(a, b, options);
  if (a.isTensor && b.isTensor && a.dtype !== b.dtype) throw unlike("dtype", a, b, options);
  const criterion = criterionFor(a, b, options);
  const found = differencesOf(a.elements, b.elements, criterion);
  if (found === null) return;
  const { count, absolute, relative } = found;
  const size = b.elements.length;
  const line = (kind: string, { at, difference }: Greatest, allowed: string): string =>
    `greatest ${kind} difference: ${difference} at ${formatShape(indexOf(at, shape))}, ${shown(a.elements[at])} where ${shown(b.elements[at])} is expected${criterion.exact ? "" : ` (${allowed})`}`;
  throw new ClosenessError(
    {
      op: "expectClose",
      fact: `${count} of ${size} ${size === 1 ? "element" : "elements"}${nameIn(options, "of")} ${count === 1 ? "differs" : "differ"}`,
      details: [described("actual", a), described("expected", b), line("absolute", absolute, `atol ${criterion.atol}`), line("relative", relative, `rtol ${criterion.rtol}`)],
      code: "expectClose/values",
      data: { count, size, absolute: { ...absolute, index: indexOf(absolute.at, shape) }, relative: { ...relative, index: indexOf(relative.at, shape) } },
    },
    size <= mostCompared ? compared(a, b, shape) : null,
  );
}

/** Throws ClosenessError `expectClose/shape` where there is none. */
function commonShape(a: Values, b: Values, options: ExpectCloseOptions): Shape {
  const isOne = a.shape !== null && b.shape !== null ? sameShape(a.shape, b.shape) : a.elements.length === b.elements.length;
  if (!isOne) throw unlike("shape", a, b, options);
  return a.shape ?? b.shape ?? [a.elements.length];
}

function unlike(what: "shape" | "dtype", a: Values, b: Values, options: ExpectCloseOptions): ClosenessError {
  const one = (values: Values): string => (what === "dtype" ? `${values.dtype}` : values.shape === null ? `${values.elements.length} elements` : formatShape(values.shape));
  return new ClosenessError(
    {
      op: "expectClose",
      fact: `the ${what}${nameIn(options, "of")} is ${one(a)}, ${one(b)} is expected`,
      details: [described("actual", a), described("expected", b)],
      code: `expectClose/${what}`,
      data: { actual: a[what], expected: b[what] },
    },
    { actual: one(a), expected: one(b) },
  );
}

/** Numbers in arrays take the tolerances of what they are compared with, and among themselves those of float64. */
function criterionFor(a: Values, b: Values, { rtol, atol, equalNan = false, exact = false }: ExpectCloseOptions): Criterion {
  const known = tolerancesFor(a.dtype ?? b.dtype ?? "float64", b.dtype ?? a.dtype ?? "float64");
  return { rtol: rtol ?? known.rtol, atol: atol ?? known.atol, equalNan, exact };
}

const nameIn = ({ name }: ExpectCloseOptions, preposition: string): string => (name === undefined ? "" : ` ${preposition} ${name}`);

function described(name: string, { shape, dtype, elements }: Values): string {
  return `${name.padEnd("expected".length)}  ${shape === null ? `${elements.length} elements` : formatShape(shape)}${dtype === null ? "" : `  ${dtype}`}`;
}

function compared(a: Values, b: Values, shape: Shape): Compared {
  return { actual: nested(a.elements, shape), expected: nested(b.elements, shape) };
}

function nested(elements: ArrayLike<number | bigint>, shape: Shape): unknown {
  let next = 0;
  const build = (dim: number): unknown => (dim === shape.length ? elements[next++] : Array.from({ length: shape[dim] as number }, () => build(dim + 1)));
  return build(0);
}

const shown = (value: number | bigint | undefined): string => (Object.is(value, -0) ? "-0" : String(value));

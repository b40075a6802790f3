import type { DType, Shape } from "@tapegrad/tensor";

/**
 * How the values of an input come from its seed. values.ts makes them here, fixtures/generate.py in Python; both say in whole
 * numbers and powers of two what each recipe is, so that they agree to the last bit.
 */
export type Recipe =
  /** Eighths from -2 to 2: sums of products of these are exact, in any order. */
  | "eighths"
  /** From -2 to 2 in steps so small that few are equal; never 0. */
  | "fine"
  /** From -1 to 1, never 0. */
  | "unit"
  /** Above 0, to 4. */
  | "positive"
  /** -1, 0 and 1. */
  | "ties"
  /** Eighths, a third of them 0. */
  | "zeros"
  /** Zeros of both signs, NaN, infinities and plain numbers, at random. */
  | "specials"
  /** Each of these in turn. */
  | "everySpecial"
  /** The same without NaN. */
  | "infinite"
  /** The largest numbers of the dtype, of both signs. */
  | "large"
  /** The smallest numbers of the dtype, subnormal ones among them. */
  | "small"
  /** Magnitudes far apart. */
  | "wide"
  /** 0, 1, 2, ... */
  | "count"
  /** From 0 to 4: indices, and classes. */
  | "index5"
  /** From 0 to 2. */
  | "index3"
  /** From 0 to 1. */
  | "index2"
  /** The ends of an integer dtype's range, and what lies beside them. */
  | "extremes";

/** Where the elements lie in memory. All but "plain" have gaps or repetitions around them. */
export type Layout = "plain" | "transposed" | "narrowed" | "stepped" | "offset" | "expanded";

/** A tensor as the case list describes it. */
export interface Input {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: Recipe | readonly number[];
  readonly layout: Layout;
  /** Takes no gradient, though its dtype has one. */
  readonly constant: boolean;
}

type Details = Partial<Omit<Input, "shape">>;

/** An input, float32 in eighths and row-major unless told. */
export function of(shape: Shape, details: Details = {}): Input {
  return { shape, dtype: "float32", values: "eighths", layout: "plain", constant: false, ...details };
}

/** An input of certain values. */
export function list(values: readonly number[], details: Partial<Omit<Input, "values">> = {}): Input {
  return { ...of([values.length], details), values };
}

/** A short name for the messages of the tests. */
export function inputText(input: Input | number | null): string {
  if (input === null) return "none";
  if (typeof input === "number") return Object.is(input, -0) ? "-0" : String(input);
  const { shape, dtype, values, layout, constant } = input;
  const text = typeof values === "string" ? (values === "eighths" ? "" : ` ${values}`) : ` {${values.map((v) => (Object.is(v, -0) ? "-0" : v)).join(" ")}}`;
  return `${dtype}[${shape.join(",")}]${text}${layout === "plain" ? "" : ` ${layout}`}${constant ? " constant" : ""}`;
}

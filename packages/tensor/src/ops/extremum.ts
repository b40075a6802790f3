import { dtypeInfo, type DType } from "@tapegrad/kernels";
import { fitsInteger } from "../encode.ts";
import { IndexError } from "../errors.ts";
import { bound } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { eq, ge, gt, le, logicalAnd, lt } from "./comparison.ts";
import { defineBinary, type BinaryOp } from "./define-binary.ts";
import { defineParameterised } from "./define-unary.ts";
import { where } from "./where.ts";

// A tie shares the gradient evenly; NaN, which loses no comparison, lets it through (as PyTorch).
function shareOf(dOut: Tensor, loses: Tensor, tie: Tensor): Tensor {
  return where(loses, 0, where(tie, mul(dOut, 0.5), dOut));
}

/**
 * The larger of two elements; NaN if either is.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  to the larger one; shared evenly where they are equal
 * Throws    ShapeError `maximum/broadcast`
 * @example
 * maximum(tensor([1, 5]), tensor([4, 2])).toArray(); // [4, 5]
 */
export const maximum: BinaryOp = defineBinary("maximum", {
  saves: ["a", "b"],
  gradient: {
    a: (dOut, { a, b }) => shareOf(dOut, lt(a, b), eq(a, b)),
    b: (dOut, { a, b }) => shareOf(dOut, gt(a, b), eq(a, b)),
  },
  result: "promoted",
  a: { range: [-2, -0.1] },
  b: { range: [0, 2] },
});

/**
 * The smaller of two elements; NaN if either is.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  to the smaller one; shared evenly where they are equal
 * Throws    ShapeError `minimum/broadcast`
 * @example
 * minimum(tensor([1, 5]), tensor([4, 2])).toArray(); // [1, 2]
 */
export const minimum: BinaryOp = defineBinary("minimum", {
  saves: ["a", "b"],
  gradient: {
    a: (dOut, { a, b }) => shareOf(dOut, gt(a, b), eq(a, b)),
    b: (dOut, { a, b }) => shareOf(dOut, lt(a, b), eq(a, b)),
  },
  result: "promoted",
  a: { range: [-2, -0.1] },
  b: { range: [0, 2] },
});

const clampOp = defineParameterised<{ min: number; max: number }, ["x"]>("clamp", {
  saves: ["x"],
  gradient: (dOut, { x, attrs: { min, max } }) => where(logicalAnd(ge(x, min), le(x, max)), dOut, 0),
  result: "same",
  parameters: ({ min, max }) => [min, max],
  sampleAttrs: [{ min: -1, max: 1 }, { min: -Infinity, max: 0.5 }, { min: 0, max: Infinity }],
  sample: { avoid: [-1, 0, 0.5, 1] },
});

/** Options of `clamp`. */
export interface ClampBounds {
  readonly min?: number;
  readonly max?: number;
}

const clampRules: OptionRules<ClampBounds> = { min: bound, max: bound };

/** The limits, given as options or one after the other. Throws IndexError `OP/option`, ArgumentError `OP/options`, `OP/unknown-option`. */
function limitsOf(op: string, first: number | ClampBounds | undefined, max: number | undefined): ClampBounds {
  const isPositional = typeof first === "number" || max !== undefined;
  const limits = isPositional ? { min: first as number | undefined, max } : (first as ClampBounds);
  checkOptions(op, limits as ClampBounds, clampRules);
  return limits as ClampBounds;
}

/**
 * Elements limited to [min, max]; either bound may be left out. Where min is above max, everything is max. NaN stays NaN, and a NaN bound
 * makes everything NaN. Integers keep their dtype if the bounds are integers (infinite ones limit nothing), else they become float32;
 * bool becomes int64.
 *
 * Gradient  dx = dOut where min <= x <= max, else 0          (1 at the bounds, as PyTorch 1.13)
 * Throws    IndexError `clamp/option`, `clamp/value` for a limit that lies outside the integer dtype
 * @example
 * clamp(tensor([-2, 0.5, 2]), -1, 1).toArray(); // [-1, 0.5, 1]
 * clamp(tensor([-2, 0.5, 2]), { min: 0 }).toArray(); // [0, 0.5, 2]
 */
export function clamp(x: Tensor, min: number | undefined, max?: number): Tensor;
export function clamp(x: Tensor, bounds: ClampBounds): Tensor;
export function clamp(x: Tensor, first: number | ClampBounds | undefined, last?: number): Tensor {
  requireTensor("clamp", "x", x);
  const { min = -Infinity, max = Infinity } = limitsOf("clamp", first, last);
  if (dtypeInfo[x.dtype].isFloating) return clampFloats(x, min, max);
  const isWhole = (Number.isInteger(min) || min === -Infinity) && (Number.isInteger(max) || max === Infinity);
  return isWhole ? clampIntegers(x.dtype === "bool" ? to(x, "int64") : x, min, max) : clampFloats(to(x, "float32"), min, max);
}

function clampFloats(x: Tensor, min: number, max: number): Tensor {
  if (!Number.isNaN(min) && !Number.isNaN(max)) return clampOp(x, { min, max });
  // The kernel's comparisons would pass a NaN over. Bounds that cross let no gradient through; nor does a NaN.
  return add(clampOp(x, { min: 1, max: 0 }), NaN);
}

/** A bound beyond the dtype's range limits nothing, unless it is beyond all that the dtype holds. */
function clampIntegers(x: Tensor, min: number, max: number): Tensor {
  const dtype = x.dtype as "int64" | "int32" | "uint8";
  if (min > 0 && !fitsInteger(min, dtype)) throw outside("min", min, dtype);
  if (max < 0 && (dtype === "uint8" || !fitsInteger(max, dtype))) throw outside("max", max, dtype);
  return clampOp(x, { min, max });
}

function outside(name: string, value: number, dtype: DType): IndexError {
  return new IndexError({
    op: "clamp",
    fact: `${name} ${value} lies outside ${dtype}: no element could have it`,
    hint: 'convert the tensor first: x.to("float32")',
    code: "clamp/value",
    data: { [name]: value, dtype },
  });
}

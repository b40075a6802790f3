import { dtypeInfo } from "@tapegrad/kernels";
import { IndexError } from "../errors.ts";
import { bound } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
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

interface ClampBounds {
  min?: number;
  max?: number;
}

const clampRules: OptionRules<ClampBounds> = { min: bound, max: bound };

/**
 * Elements limited to [min, max]; either bound may be left out. NaN stays NaN. Integers with a bound that is none become float32.
 *
 * Gradient  dx = dOut where min <= x <= max, else 0          (1 at the bounds, as PyTorch 1.13)
 * Throws    IndexError `clamp/bounds`
 * @example
 * clamp(tensor([-2, 0.5, 2]), { min: -1, max: 1 }).toArray(); // [-1, 0.5, 1]
 */
export function clamp(x: Tensor, bounds: ClampBounds): Tensor {
  requireTensor("clamp", "x", x);
  checkOptions("clamp", bounds, clampRules);
  const { min = -Infinity, max = Infinity } = bounds;
  if (!(min <= max)) {
    throw new IndexError({ op: "clamp", fact: `min ${min} must not be above max ${max}`, code: "clamp/bounds", data: { min, max } });
  }
  const isWhole = (bound: number): boolean => Number.isInteger(bound) || !Number.isFinite(bound);
  return clampOp(dtypeInfo[x.dtype].isFloating || (isWhole(min) && isWhole(max)) ? x : to(x, "float32"), { min, max });
}

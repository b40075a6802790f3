import { dtypeInfo } from "@tapegrad/kernels";
import { zerosLike } from "../creation.ts";
import { IndexError } from "../errors.ts";
import { describe, requireOperand, type Tensor } from "../tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { eq, ge, logicalAnd } from "./comparison.ts";
import { defineBinary, type BinaryOp, type Operand } from "./define-binary.ts";
import { defineParameterised } from "./define-unary.ts";
import { numericDTypes } from "./every-dtype.ts";
import { log } from "./exponential.ts";
import { where } from "./where.ts";

const powScalar: (x: Tensor, attrs: { exponent: number }) => Tensor = defineParameterised("powScalar", {
  saves: ["x"],
  gradient: (dOut, { x, attrs: { exponent } }) =>
    exponent === 0 ? zerosLike(dOut) : mul(dOut, mul(powScalar(x, { exponent: exponent - 1 }), exponent)),
  parameters: ({ exponent }) => [exponent, 0],
  sampleAttrs: [{ exponent: 0 }, { exponent: 1 }, { exponent: 2 }, { exponent: 3 }, { exponent: -1 }, { exponent: 0.5 }],
  sample: { range: [0.2, 2] },
});

const powTensor: BinaryOp = defineBinary("pow", {
  saves: ["a", "b", "out"],
  gradient: {
    // `where` stands outside: dOut may be NaN, as it is in second derivatives of a negative base.
    a: (dOut, { a, b }) => where(eq(b, 0), 0, mul(dOut, mul(b, powTensor(a, sub(b, 1))))),
    // 0^b does not change with b while b >= 0; the logarithm, taken in the digits of the result, would say -inf.
    b: (dOut, { a, b, out }) => {
      const flat = logicalAnd(eq(a, 0), ge(b, 0));
      return where(flat, 0, mul(dOut, mul(out, log(where(flat, 1, to(a, out.dtype))))));
    },
  },
  result: "promoted",
  dtypes: numericDTypes,
  countsBools: true,
  a: { range: [0.2, 2] },
});

/**
 * `base` to the power of `exponent`; 0^0 = 1. Integers stay integers, unless the exponent is a fraction; among tensors a negative power
 * of an integer is 0, except of 1 and -1, as in PyTorch.
 *
 * Shapes    base, exponent broadcast to the output
 * Gradient  dBase = dOut exponent base^(exponent-1), dExponent = dOut out log(base)          (0 for base 0)
 * Throws    ShapeError `pow/broadcast`, DTypeError `pow/dtype` for two bools; IndexError `pow/negative` for an integer and a negative number
 * @example
 * pow(tensor([1, 2, 3]), 2).toArray(); // [1, 4, 9]
 */
export function pow(base: Operand, exponent: Operand): Tensor {
  requireOperand("pow", "base", base);
  requireOperand("pow", "exponent", exponent);
  if (typeof exponent !== "number" || typeof base === "number") return powTensor(base, exponent);
  if (dtypeInfo[base.dtype].isFloating || !Number.isInteger(exponent)) return powScalar(base, { exponent });
  if (exponent >= 0) return powTensor(base, exponent);
  throw new IndexError({
    op: "pow",
    fact: `an integer to the power of ${exponent} is no integer`,
    details: [describe("base", base)],
    hint: `convert it first: base.to("float32").pow(${exponent})`,
    code: "pow/negative",
    data: { exponent },
  });
}

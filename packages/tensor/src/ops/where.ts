import { toDType } from "../compute/cast.ts";
import { backend } from "../compute/chosen-backend.ts";
import { DTypeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { resultType } from "../promote.ts";
import { broadcastShapes } from "../shape.ts";
import { emptyTensor, requireOperand, requireTensor, type Tensor } from "../tensor.ts";
import { operand, type Operand } from "./define-binary.ts";

const definition = defineOp<readonly ["condition", "a", "b"], null, readonly ["condition"]>({
  name: "where",
  inputs: ["condition", "a", "b"],
  saves: ["condition"],
  dtypes: ["bool"],
  halfNative: true,
  infer: ([condition, a, b]) => {
    const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape), ["condition", "values"]);
    return { shape, dtype: resultType(a, b) };
  },
  forward: ([condition, a, b], _, spec) => {
    const left = toDType(a, spec.dtype);
    const right = toDType(b, spec.dtype);
    const out = emptyTensor(spec.shape, spec.dtype);
    if (out.numel() > 0) backend.where(condition, left, right, out);
    return out;
  },
  backward: {
    condition: null,
    a: (dOut, { condition }) => where(condition, dOut, 0),
    b: (dOut, { condition }) => where(condition, 0, dOut),
  },
  samples: () => [
    { inputs: [{ shape: [], values: [1], dtype: "bool" }, { shape: [] }, { shape: [] }], attrs: null },
    { inputs: [{ shape: [5], values: [1, 0, 0, 1, 1], dtype: "bool" }, { shape: [5] }, { shape: [5] }], attrs: null },
    { inputs: [{ shape: [3, 1], values: [1, 0, 1], dtype: "bool" }, { shape: [2, 1, 4] }, { shape: [4] }], attrs: null },
    { inputs: [{ shape: [0], values: [], dtype: "bool" }, { shape: [1] }, { shape: [0] }], attrs: null },
  ],
});

/**
 * Elements of `a` where the condition holds, of `b` elsewhere.
 *
 * Shapes    condition, a, b broadcast to the output
 * Gradient  da = dOut where the condition holds, else 0; db the other way round. An infinite or NaN derivative inside the
 *           branch not taken still leaks if that branch was computed from the same input (0 * inf): make the input safe
 *           first, `where(ok, f(where(ok, x, 1)), y)`.
 * Throws    DTypeError `where/condition`, ShapeError `where/broadcast`
 * Source    as PyTorch
 * @example
 * where(tensor([true, false]), tensor([1, 2]), 0).toArray(); // [1, 0]
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  requireTensor("where", "condition", condition);
  requireOperand("where", "a", a);
  requireOperand("where", "b", b);
  if (condition.dtype !== "bool") {
    throw new DTypeError({
      op: "where",
      fact: `condition.dtype = ${condition.dtype} must be bool`,
      hint: "compare first: where(ne(condition, 0), a, b)",
      code: "where/condition",
      data: { dtype: condition.dtype },
    });
  }
  return definition.run([condition, operand(a, b), operand(b, a)], null);
}

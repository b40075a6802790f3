import type { Epilogue, Followed } from "../compute/backend.ts";
import { gemmKernel } from "../compute/gemm.ts";
import { rectified } from "../compute/pointwise.ts";
import { zeros } from "../creation.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { sameShape, sizeOf, tryBroadcast, type Shape } from "../shape.ts";
import { describe, requireTensor, Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { conversionHint } from "./conversion-hint.ts";
import { t, transpose } from "./permute.ts";
import { flatten, reshape } from "./reshape.ts";
import { squeeze, unsqueeze } from "./squeeze.ts";
import { sum } from "./sum.ts";

const batchOf = (x: Tensor): Shape => x.shape.slice(0, -2);

const matmulOp = defineOp<readonly ["a", "b"], null, readonly ["a", "b"]>({
  name: "matmul",
  inputs: ["a", "b"],
  saves: ["a", "b"],
  infer: ([a, b]) => {
    checkMatrices(a, b);
    const batch = tryBroadcast(batchOf(a), batchOf(b));
    if (batch === null) {
      throw new ShapeError({
        op: "matmul",
        fact: "the batch dimensions do not broadcast",
        details: [describe("a", a), describe("b", b)],
        code: "matmul/broadcast",
        data: { a: a.shape, b: b.shape },
      });
    }
    return { shape: [...batch, a.shape.at(-2) as number, b.shape.at(-1) as number], dtype: a.dtype };
  },
  forward: ([a, b], _, { shape }) => gemmKernel(a, b, shape.slice(0, -2)),
  backward: {
    a: (dOut, { b }) => matmul(dOut, transpose(b, -2, -1)),
    b: (dOut, { a }) => matmul(transpose(a, -2, -1), dOut),
  },
  samples: () =>
    (
      [
        [[2, 3], [3, 4]],
        [[1, 1], [1, 1]],
        [[5, 17], [17, 3]],
        [[2, 2, 3], [2, 3, 2]],
        [[3, 1, 2, 4], [2, 4, 3]],
        [[2, 0], [0, 3]],
        [[0, 2], [2, 3]],
      ] as const
    ).map(([a, b]) => ({ inputs: [{ shape: a }, { shape: b }], attrs: null })),
  errors: () => [
    {
      call: () => matmul(zeros([2, 3]), zeros([4, 3])),
      error: "ShapeError",
      message: `matmul: a.shape[-1] = 3 must equal b.shape[-2] = 4
  a  [2, 3]  float32
  b  [4, 3]  float32
  hint: b looks transposed: matmul(a, b.mT)
  code: matmul/inner`,
    },
  ],
});

function checkMatrices(a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) {
    throw new DTypeError({
      op: "matmul",
      fact: `a.dtype = ${a.dtype} must equal b.dtype = ${b.dtype}`,
      details: [describe("a", a), describe("b", b)],
      hint: `convert one: b.to("${a.dtype}")`,
      code: "matmul/dtypes",
      data: { a: a.dtype, b: b.dtype },
    });
  }
  const inner = a.shape.at(-1);
  if (inner === b.shape.at(-2)) return;
  throw new ShapeError({
    op: "matmul",
    fact: `a.shape[-1] = ${inner} must equal b.shape[-2] = ${b.shape.at(-2)}`,
    details: [describe("a", a), describe("b", b)],
    ...(inner === b.shape.at(-1) ? { hint: "b looks transposed: matmul(a, b.mT)" } : {}),
    code: "matmul/inner",
    data: { a: a.shape, b: b.shape },
  });
}

/**
 * Matrix product, batched and broadcast over leading dimensions. A 1-d operand counts as a row on the left and as a column
 * on the right, and its dimension vanishes from the result.
 *
 * Shapes    a [...B, m, k], b [...B, k, n] -> [...B, m, n]
 * Gradient  da = dOut bᵀ, db = aᵀ dOut
 * Throws    ShapeError `matmul/inner`, `matmul/broadcast`, `matmul/scalar`; DTypeError `matmul/dtypes`
 * Source    as PyTorch
 * @example
 * matmul(tensor([[1, 2], [3, 4]]), tensor([[5], [6]])).toArray(); // [[17], [39]]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  requireTensor("matmul", "a", a);
  requireTensor("matmul", "b", b);
  if (a.ndim === 0 || b.ndim === 0) {
    throw new ShapeError({
      op: "matmul",
      fact: "both operands must have at least 1 dimension",
      details: [describe("a", a), describe("b", b)],
      hint: "multiply by a scalar with mul",
      code: "matmul/scalar",
    });
  }
  if (a.ndim === 1 && b.ndim === 1) return squeeze(matmul(unsqueeze(a, 0), unsqueeze(b, 1)), [0, 1]);
  if (a.ndim === 1) return squeeze(matmul(unsqueeze(a, 0), b), -2);
  if (b.ndim === 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
  if (a.ndim > 2 && b.ndim === 2) {
    // One tall product instead of many small ones; and the gradient of b needs no sum over the batch.
    checkMatrices(a, b);
    return reshape(matmulOp.run([flatten(a, 0, -2), b], null), [...a.shape.slice(0, -1), b.shape[1] as number]);
  }
  return matmulOp.run([a, b], null);
}

const linearOp = defineOp<readonly ["x", "weight", "bias?"], Followed, readonly ["x", "weight"]>({
  name: "linear",
  inputs: ["x", "weight", "bias?"],
  saves: ["x", "weight"],
  infer: ([x, weight, bias]) => {
    checkFeatures(x, weight, bias);
    return { shape: [x.shape[0] as number, weight.shape[0] as number], dtype: x.dtype };
  },
  forward: ([x, weight, bias], { epilogue }) => gemmKernel(x, transposed(weight), [], bias, epilogue),
  backward: {
    x: (dOut, { weight }) => matmul(dOut, weight),
    weight: (dOut, { x }) => matmul(t(dOut), x),
    bias: (dOut) => sum(dOut, { dim: 0 }),
  },
  composite: ([x, weight, bias]) => (bias === null ? matmul(x, t(weight)) : add(matmul(x, t(weight)), bias)),
  samples: () => [
    { inputs: [{ shape: [2, 3] }, { shape: [4, 3] }, { shape: [4] }], attrs: {} },
    { inputs: [{ shape: [3, 17] }, { shape: [5, 17] }, null], attrs: {} },
    { inputs: [{ shape: [1, 1] }, { shape: [1, 1] }, { shape: [1] }], attrs: {} },
    { inputs: [{ shape: [0, 3] }, { shape: [2, 3] }, { shape: [2] }], attrs: {} },
  ],
});

/** Throws ShapeError `linear/features`, `linear/bias`. */
function checkFeatures(x: Tensor, weight: Tensor, bias: Tensor | null): void {
  const [outFeatures = 0, inFeatures = 0] = weight.shape;
  const badX = x.shape.at(-1) !== inFeatures;
  if (!badX && (bias === null || sameShape(bias.shape, [outFeatures]))) return;
  const flattens = badX && x.ndim > 2 && sizeOf(x.shape.slice(1)) === inFeatures;
  throw new ShapeError({
    op: "linear",
    fact: badX
      ? `x.shape[-1] = ${x.shape.at(-1)} must equal weight.shape[1] = ${inFeatures}`
      : `bias must have shape [${outFeatures}], the output features of weight`,
    details: [describe("x", x), describe("weight", weight), ...(bias === null ? [] : [describe("bias", bias)])],
    ...(flattens ? { hint: "make a row of each of them: x.flatten(1)" } : {}),
    code: badX ? "linear/features" : "linear/bias",
    data: { x: x.shape, weight: weight.shape },
  });
}

/** A transposed view for kernels, unrecorded. */
function transposed(x: Tensor): Tensor {
  const [rows = 0, columns = 0] = x.shape;
  const [rowStride = 0, columnStride = 0] = x.strides;
  return new Tensor(x.storage, [columns, rows], [columnStride, rowStride], x.offset);
}

/**
 * x weightᵀ + bias.
 *
 * Shapes    x [..., in], weight [out, in], bias [out] or null -> [..., out]
 * Gradient  dx = dOut weight, dWeight = dOutᵀ x, dBias = sum of dOut over all but the last dimension
 * Throws    ShapeError `linear/features`, `linear/bias`, `linear/weight`; DTypeError `linear/dtypes`
 * Source    as PyTorch
 * @example
 * linear(tensor([[1, 2]]), tensor([[3, 4], [5, 6]]), tensor([10, 20])).toArray(); // [[21, 37]]
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  return linearBefore(x, weight, bias, "none");
}

/** `linear` with what follows. @internal */
export function linearBefore(x: Tensor, weight: Tensor, bias: Tensor | null, epilogue: Epilogue): Tensor {
  requireTensor("linear", "x", x);
  requireTensor("linear", "weight", weight);
  if (weight.ndim !== 2 || x.ndim === 0) {
    throw new ShapeError({
      op: "linear",
      fact: `weight must have 2 dimensions [out, in] and x at least 1, not ${weight.ndim} and ${x.ndim}`,
      details: [describe("x", x), describe("weight", weight)],
      code: "linear/weight",
      data: { x: x.shape, weight: weight.shape },
    });
  }
  if (x.dtype !== weight.dtype || (bias !== null && bias.dtype !== x.dtype)) {
    throw new DTypeError({
      op: "linear",
      fact: `x.dtype = ${x.dtype} must equal the dtype of weight (${weight.dtype})${bias === null ? "" : ` and bias (${bias.dtype})`}`,
      details: [describe("x", x), describe("weight", weight)],
      hint: conversionHint(x, weight.dtype),
      code: "linear/dtypes",
      data: { x: x.dtype, weight: weight.dtype },
    });
  }
  if (x.ndim === 2) return rectified(linearOp.run([x, weight, bias], { epilogue }), epilogue);
  // In the shapes that the user knows.
  checkFeatures(x, weight, bias);
  const rows = x.ndim === 1 ? unsqueeze(x, 0) : flatten(x, 0, -2);
  return rectified(reshape(linearOp.run([rows, weight, bias], { epilogue }), [...x.shape.slice(0, -1), weight.shape[0] as number]), epilogue);
}

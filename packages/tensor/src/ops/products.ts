import { inTheNameOf, ShapeError } from "../errors.ts";
import { describe, requireTensor, type Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";

/** `matmul` of operands with these numbers of dimensions, and no others. Throws ShapeError `OP/rank`, `OP/batch`, `OP/inner`. */
function product(op: string, a: Tensor, b: Tensor, ranks: readonly [number, number]): Tensor {
  requireTensor(op, "a", a);
  requireTensor(op, "b", b);
  const wrong = a.ndim !== ranks[0] ? ("a" as const) : b.ndim !== ranks[1] ? ("b" as const) : null;
  if (wrong !== null) {
    const [x, rank] = wrong === "a" ? [a, ranks[0]] : [b, ranks[1]];
    throw refused(op, `${wrong} must have ${rank} dimension${rank === 1 ? "" : "s"}, not ${x.ndim}`, "rank", a, b, "matmul takes operands of any number of dimensions");
  }
  const isBatched = ranks[1] === 3;
  if (isBatched && a.shape[0] !== b.shape[0]) {
    throw refused(op, `a.shape[0] = ${a.shape[0]} must equal b.shape[0] = ${b.shape[0]}`, "batch", a, b, "matmul broadcasts batches");
  }
  const inner = isBatched ? 1 : 0;
  if (a.shape.at(-1) !== b.shape[inner]) throw refused(op, `a.shape[-1] = ${a.shape.at(-1)} must equal b.shape[${inner}] = ${b.shape[inner]}`, "inner", a, b);
  return inTheNameOf(op, () => matmul(a, b));
}

function refused(op: string, fact: string, reason: string, a: Tensor, b: Tensor, hint?: string): ShapeError {
  return new ShapeError({ op, fact, details: [describe("a", a), describe("b", b)], ...(hint === undefined ? {} : { hint }), code: `${op}/${reason}`, data: { a: a.shape, b: b.shape } });
}

/**
 * Product of two matrices: `matmul` that takes nothing else.
 *
 * Shapes    a [m, k], b [k, n] -> [m, n]
 * Gradient  da = dOut bᵀ, db = aᵀ dOut
 * Throws    ShapeError `mm/rank`, `mm/inner`
 * @example
 * mm(tensor([[1, 2]]), tensor([[3], [4]])).toArray(); // [[11]]
 */
export function mm(a: Tensor, b: Tensor): Tensor {
  return product("mm", a, b, [2, 2]);
}

/**
 * Products of matrices of two batches of the same size.
 *
 * Shapes    a [B, m, k], b [B, k, n] -> [B, m, n]
 * Gradient  da = dOut bᵀ, db = aᵀ dOut
 * Throws    ShapeError `bmm/rank`, `bmm/batch`, `bmm/inner`
 * @example
 * bmm(tensor([[[1, 2]], [[3, 4]]]), tensor([[[1], [0]], [[0], [1]]])).toArray(); // [[[1]], [[4]]]
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  return product("bmm", a, b, [3, 3]);
}

/**
 * Product of a matrix and a vector.
 *
 * Shapes    a [m, k], b [k] -> [m]
 * Gradient  da = dOut bᵀ, db = aᵀ dOut
 * Throws    ShapeError `mv/rank`, `mv/inner`
 * @example
 * mv(tensor([[1, 2], [3, 4]]), tensor([1, 10])).toArray(); // [21, 43]
 */
export function mv(a: Tensor, b: Tensor): Tensor {
  return product("mv", a, b, [2, 1]);
}

/**
 * Sum of the products of two vectors' elements.
 *
 * Shapes    a [n], b [n] -> []
 * Gradient  da = dOut b, db = dOut a
 * Throws    ShapeError `dot/rank`, `dot/inner`
 * @example
 * dot(tensor([1, 2]), tensor([3, 4])).item(); // 11
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  return product("dot", a, b, [1, 1]);
}

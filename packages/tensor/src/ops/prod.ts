import { isHalf } from "@tapegrad/kernels";
import { reduceKernel } from "../compute/reduce.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import { countType } from "../promote.ts";
import type { Tensor } from "../tensor.ts";
import type { Sample } from "../op-spec.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { eq, gt, isfinite, isinf, isnan, logicalAnd, logicalOr } from "./comparison.ts";
import { everyDType } from "./every-dtype.ts";
import { narrow } from "./narrow.ts";
import { permute } from "./permute.ts";
import { keptShape, noOptions, outputShape, reduceCasesWithEmpty, reducedSize, reduceRules, resolveReduce, type Dims, type KeepdimOptions, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshape, reshapeOrSame } from "./reshape.ts";
import { sign } from "./rounding.ts";
import { amin } from "./select-extremum.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

const definition: DefinedOp<readonly ["x"], ReduceAttrs> = defineOp<readonly ["x"], ReduceAttrs, readonly ["x"]>({
  name: "prod",
  inputs: ["x"],
  saves: ["x"],
  dtypes: everyDType,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: countType(x.dtype) }),
  forward: ([x], { dims }, out) => reduceKernel("prod", x, dims, out.shape, out.dtype),
  backward: {
    // The product of the others: of the non-zero ones, unless another factor is zero.
    x: (dOut, { x, attrs }) => {
      const isZero = eq(x, 0);
      const others = where(isZero, 1, x);
      const product = definition.run([others], { dims: attrs.dims, keepdim: true });
      const rest = allFinite(product) ? exceptOne(others, product, isZero, attrs) : exceptOneOfInfinite(x, isZero, attrs);
      return mul(reshapeOrSame(dOut, keptShape(x.shape, attrs)), rest);
    },
  },
  // The formula above takes zeros for constants. A tree of products is differentiable as often as one likes, whatever the factors.
  composite: ([x], attrs) => {
    const wide = isHalf(x.dtype) ? to(x, "float32") : x;
    return reshapeOrSame(to(productOfLast(reducedLast(wide, attrs)), x.dtype), outputShape(x, attrs));
  },
  createGraphByComposite: true,
  samples: () => reduceCasesWithEmpty.flatMap(({ shape, attrs }) => [{ inputs: [{ shape, range: [0.7, 1.3] }], attrs }, ...withZeros(shape, attrs)]),
});

/** The product of all factors but each one, from the product of those that are not zero. */
function exceptOne(others: Tensor, product: Tensor, isZero: Tensor, { dims }: ReduceAttrs): Tensor {
  const zeros = sum(isZero, { dim: dims, keepdim: true });
  const onlyZero = where(logicalAnd(isZero, eq(zeros, 1)), product, 0);
  return where(eq(zeros, 0), div(product, others), onlyZero);
}

/** The same where there are NaN or infinities: of these, and of zeros, it matters whether any is left. */
function exceptOneOfInfinite(x: Tensor, isZero: Tensor, { dims }: ReduceAttrs): Tensor {
  const [isNaN, isInfinite] = [isnan(x), isinf(x)];
  const plain = where(logicalOr(isZero, isNaN), 1, where(isInfinite, sign(x), x));
  const isAnyOther = (found: Tensor): Tensor => gt(sub(sum(found, { dim: dims, keepdim: true }), to(found, "int64")), 0);
  const rest = div(definition.run([plain], { dims, keepdim: true }), plain);
  const withInfinite = mul(rest, where(isAnyOther(isInfinite), Infinity, 1));
  return mul(mul(withInfinite, where(isAnyOther(isZero), 0, 1)), where(isAnyOther(isNaN), NaN, 1));
}

function allFinite(x: Tensor): boolean {
  return x.numel() === 0 || amin(isfinite(x)).item() === 1;
}

/** The elements that make one product, side by side in the last dimension. */
function reducedLast(x: Tensor, { dims }: ReduceAttrs): Tensor {
  const others = x.shape.flatMap((_, i) => (dims.includes(i) ? [] : [i]));
  return reshape(permute(x, [...others, ...dims]), [...others.map((i) => x.shape[i] as number), reducedSize(x.shape, dims)]);
}

/** The first half times the second, again and again; of an odd number of factors one is left for the end. */
function productOfLast(x: Tensor): Tensor {
  const last = x.ndim - 1;
  let rest: Tensor | null = null;
  let factors = x;
  for (let n = x.shape[last] as number; n > 1; n >>= 1) {
    if (n % 2 === 1) {
      const odd = narrow(factors, last, n - 1, 1);
      rest = rest === null ? odd : mul(rest, odd);
    }
    factors = mul(narrow(factors, last, 0, n >> 1), narrow(factors, last, n >> 1, n >> 1));
  }
  // 1 of nothing, still as a function of x.
  if (x.shape[last] === 0) return add(sum(x, { dim: last }), 1);
  return rest === null ? factors : mul(factors, rest);
}

/** A sample with no, one and several zeros among what is multiplied. */
function withZeros(shape: Shape, attrs: ReduceAttrs): Sample<ReduceAttrs>[] {
  if (sizeOf(shape) < 5) return [];
  return [3, 5, 2].map((every) => ({ inputs: [{ shape, values: Array.from({ length: sizeOf(shape) }, (_, i) => (i % every === 1 ? 0 : 0.75 + (i % 7) / 10)) }], attrs }));
}

/**
 * Product over dimensions, all of them unless told; 1 of nothing. Integers and bools give int64.
 *
 * Gradient  dx = dOut times the product of the other factors, exact where some are zero; so are higher derivatives
 * Throws    IndexError `prod/dim`, `prod/dim-twice`
 * @example
 * prod(tensor([2, 3, 4])).item(); // 24
 * prod(tensor([[1, 2], [3, 4]]), 1).toArray(); // [2, 12]
 */
export function prod(x: Tensor, dim: Dims | ReduceOptions = noOptions, options?: KeepdimOptions): Tensor {
  return definition.run([x], resolveReduce("prod", x, dim, options, reduceRules));
}

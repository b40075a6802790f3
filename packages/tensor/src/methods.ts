import type { DType } from "@tapegrad/kernels";
import { copyOf } from "./copies.ts";
import "./methods.generated.ts";
import { Tensor } from "./tensor.ts";
import { gradHooks, type BackwardOptions } from "./grad-hooks.ts";
import { add_, clamp_, copy_, div_, fill_, mul_, relu_, sub_, zero_ } from "./in-place.ts";
import { erf, leakyRelu, relu, sigmoid, softplus, tanh } from "./ops/activation.ts";
import { add, div, floorDivide, mul, rdiv, remainder, rsub, sub } from "./ops/arithmetic.ts";
import { to } from "./ops/cast.ts";
import { clone, contiguous } from "./ops/clone.ts";
import { eq, ge, gt, isfinite, isinf, isnan, le, logicalAnd, logicalNot, logicalOr, logicalXor, lt, ne } from "./ops/comparison.ts";
import { expand, expandAs } from "./ops/expand.ts";
import { exp, expm1, log, log10, log1p, log2, reciprocal, rsqrt, sqrt, square } from "./ops/exponential.ts";
import { clamp, maximum, minimum } from "./ops/extremum.ts";
import { gather, indexSelect } from "./ops/gather.ts";
import { logsumexp } from "./ops/logsumexp.ts";
import { matmul } from "./ops/matmul.ts";
import { narrow, select, slice } from "./ops/narrow.ts";
import { neg } from "./ops/neg.ts";
import { permute, t, transpose } from "./ops/permute.ts";
import { pow } from "./ops/power.ts";
import { prod } from "./ops/prod.ts";
import { bmm, dot, mm, mv } from "./ops/products.ts";
import { flatten, reshape, view } from "./ops/reshape.ts";
import { abs, ceil, floor, round, sign, trunc } from "./ops/rounding.ts";
import { amax, amin, argmax, argmin, max, min } from "./ops/select-extremum.ts";
import { logSoftmax, softmax } from "./ops/softmax.ts";
import { squeeze, unsqueeze } from "./ops/squeeze.ts";
import { mean, sum } from "./ops/sum.ts";
import { cos, sin, tan } from "./ops/trigonometric.ts";
import { norm, std, variance } from "./ops/variance.ts";
import { toPrimitive } from "./operators.ts";
import { formatTensor } from "./print.ts";

/** Functions whose first argument becomes `this`. What editors know of these methods, methods.generated.ts, is made of this table and the functions. */
const methods = {
  abs, add, add_, amax, amin, argmax, argmin, bmm, ceil, clamp, clamp_, clone, contiguous, copy_, cos, div, div_, dot, eq, erf, exp, expand,
  expandAs, expm1, fill_, flatten, floor, floorDivide, gather, ge, gt, indexSelect, isfinite, isinf, isnan, le, leakyRelu, log,
  log10, log1p, log2, logSoftmax, logicalAnd, logicalNot, logicalOr, logicalXor, logsumexp, lt, matmul, max, maximum, mean, min, minimum, mul,
  mul_, mm, mv, narrow, ne, neg, norm, permute, pow, prod, rdiv, reciprocal, relu, relu_, remainder, reshape, round, rsqrt, rsub, select, sigmoid, sign,
  sin, slice, softmax, softplus, sqrt, square, squeeze, std, sub, sub_, sum, t, tan, tanh, to, transpose, trunc, unsqueeze,
  var: variance, view, zero_,
};

declare module "./tensor.ts" {
  interface Tensor {
    /** The last two dimensions exchanged. */
    readonly mT: Tensor;
    /** All dimensions in reverse order. */
    readonly T: Tensor;
    /** Whether the tensor has a shape and a dtype and no elements (`onMeta`). */
    readonly isMeta: boolean;
    /** Brings gradients to the leaves that this tensor was computed from. `gradient` may be left out for one element. */
    backward(gradient?: Tensor | null, options?: BackwardOptions): void;
    /** Brings gradients to the leaves that this tensor of one element was computed from. */
    backward(options: BackwardOptions): void;
    /** Lets a tensor that is not a leaf keep its gradient. */
    retainGrad(): void;
    /** Calls `hook` with the tensor's gradient as it arrives, for a leaf before it is added to `.grad`; what it returns replaces it. Returns a function that removes the hook. */
    registerHook(hook: (gradient: Tensor) => Tensor | void): () => void;
    /**
     * `toTypedArray`, waited for: where reading back from a device takes time, the program can do something else.
     *
     * Throws    DTypeError `toTypedArray/dtype`
     */
    data(): Promise<ElementArray>;
    /**
     * `toTypedArray(dtype)`, waited for: naming the dtype that the tensor has makes the array's type known.
     *
     * Throws    DTypeError `toTypedArray/dtype`
     */
    data<D extends DType>(dtype: D): Promise<ElementArrays[D]>;
    /** Shape, dtype and elements, of large tensors the outer ones. */
    toString(): string;
    /** A text for `${x}` and `String(x)`. Throws ArgumentError `tensor/operator` for all of JavaScript's operators. */
    [Symbol.toPrimitive](hint: string): string;
  }
}

for (const [name, run] of Object.entries(methods)) {
  const method = run as (self: Tensor, ...args: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...args: unknown[]) {
      return method(this, ...args);
    },
  });
}

const noOptions: BackwardOptions = {};

/** Whether `backward` was given its options alone. A tensor of another copy of the library is still meant as a gradient. */
function isOptions(value: Tensor | BackwardOptions | null): value is BackwardOptions {
  return typeof value === "object" && value !== null && !(value instanceof Tensor) && !Array.isArray(value) && copyOf(value) === null;
}

Object.defineProperties(Tensor.prototype, {
  mT: { get(this: Tensor) { return transpose(this, -2, -1); } },
  isMeta: { get(this: Tensor) { return this.storage.isMeta; } },
  T: { get(this: Tensor) { return permute(this, this.shape.map((_, i) => this.ndim - 1 - i)); } },
  backward: {
    value(this: Tensor, first: Tensor | BackwardOptions | null = null, options: BackwardOptions = noOptions) {
      if (isOptions(first) && options === noOptions) gradHooks().backward(this, null, first);
      else gradHooks().backward(this, first as Tensor | null, options);
    },
  },
  retainGrad: { value(this: Tensor) { gradHooks().retainGrad(this); } },
  registerHook: { value(this: Tensor, hook: (gradient: Tensor) => Tensor | void) { return gradHooks().registerHook(this, hook); } },
  data: { async value(this: Tensor, dtype: DType = this.dtype) { return this.toTypedArray(dtype); } },
  toString: { value(this: Tensor) { return formatTensor(this); } },
  [Symbol.toPrimitive]: { value(this: Tensor, hint: string) { return toPrimitive(this, hint); } },
  [Symbol.for("nodejs.util.inspect.custom")]: { value(this: Tensor) { return formatTensor(this); } },
});

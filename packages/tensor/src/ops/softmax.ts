import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { defineOp } from "../op.ts";
import { normalizeDim, type Shape } from "../shape.ts";
import { emptyTensor, requireTensor, type Tensor } from "../tensor.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { exp, log } from "./exponential.ts";
import { amax } from "./select-extremum.ts";
import { sum } from "./sum.ts";

interface SoftmaxAttrs {
  readonly dim: number;
}

const cases: readonly (readonly [Shape, number])[] = [[[], 0], [[5], 0], [[2, 17], 1], [[3, 4], 0], [[2, 3, 4], 1], [[0, 3], 1]];

/** Both forms share their shape rule and kernels; `isLog` picks one. */
function defineSoftmax(
  name: "softmax" | "logSoftmax",
  isLog: boolean,
  composite: (x: Tensor, dim: number) => Tensor,
  gradient: (dOut: Tensor, y: Tensor, dim: number) => Tensor,
): (x: Tensor, attrs: SoftmaxAttrs) => Tensor {
  const backwardOp = defineOp<readonly ["dOut", "y"], SoftmaxAttrs, readonly ["dOut", "y"]>({
    name: `${name}Backward`,
    inputs: ["dOut", "y"],
    saves: ["dOut", "y"],
    infer: ([dOut]) => ({ shape: dOut.shape, dtype: dOut.dtype }),
    forward: ([dOut, y], { dim }, spec) => {
      const [source, output] = [contiguousKernel(dOut), contiguousKernel(y)];
      const dX = emptyTensor(spec.shape, spec.dtype);
      if (dX.numel() > 0) backend.softmaxBackward(source, output, dX, dim, isLog);
      return dX;
    },
    composite: ([dOut, y], { dim }) => gradient(dOut, y, dim),
    createGraphByComposite: true,
    samples: () => cases.map(([shape, dim]) => ({ inputs: [{ shape }, { shape, range: isLog ? [-2, -0.1] : [0.1, 0.9] }], attrs: { dim } })),
  });
  const definition = defineOp<readonly ["x"], SoftmaxAttrs, readonly ["out"]>({
    name,
    inputs: ["x"],
    saves: ["out"],
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    forward: ([x], { dim }, spec) => {
      const source = contiguousKernel(x);
      const out = emptyTensor(spec.shape, spec.dtype);
      if (out.numel() > 0) backend.softmax(source, out, dim, isLog);
      return out;
    },
    backward: { x: (dOut, { out, attrs }) => backwardOp.run([dOut, out], attrs) },
    composite: ([x], { dim }) => composite(x, dim),
    samples: () => cases.map(([shape, dim]) => ({ inputs: [{ shape }], attrs: { dim } })),
  });
  return (x, attrs) => definition.run([x], attrs);
}

const shifted = (x: Tensor, dim: number): Tensor => sub(x, amax(x, { dim, keepdim: true }));

const softmaxOp = defineSoftmax(
  "softmax",
  false,
  (x, dim) => {
    const e = exp(shifted(x, dim));
    return div(e, sum(e, { dim, keepdim: true }));
  },
  (dOut, y, dim) => mul(y, sub(dOut, sum(mul(dOut, y), { dim, keepdim: true }))),
);

const logSoftmaxOp = defineSoftmax(
  "logSoftmax",
  true,
  (x, dim) => {
    const z = shifted(x, dim);
    return sub(z, log(sum(exp(z), { dim, keepdim: true })));
  },
  (dOut, y, dim) => sub(dOut, mul(exp(y), sum(dOut, { dim, keepdim: true }))),
);

/**
 * Exponentials along a dimension, divided by their sum. The maximum is subtracted first; a row of -inf gives NaN.
 *
 * Shapes    x [...] -> [...]
 * Gradient  dx = out (dOut - sum of dOut out)
 * Throws    IndexError `softmax/dim`
 * @example
 * softmax(tensor([0, 0]), 0).toArray(); // [0.5, 0.5]
 */
export function softmax(x: Tensor, dim: number): Tensor {
  requireTensor("softmax", "x", x);
  return softmaxOp(x, { dim: normalizeDim("softmax", dim, x.ndim) });
}

/**
 * The logarithm of `softmax`, computed without overflow.
 *
 * Gradient  dx = dOut - exp(out) sum of dOut
 * Throws    IndexError `logSoftmax/dim`
 * @example
 * logSoftmax(tensor([1e4, 1e4]), 0).toArray(); // [-0.6931471824645996, -0.6931471824645996]
 */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  requireTensor("logSoftmax", "x", x);
  return logSoftmaxOp(x, { dim: normalizeDim("logSoftmax", dim, x.ndim) });
}

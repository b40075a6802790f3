import { binaryOps } from "../compute/codes.ts";
import { binaryKernel } from "../compute/pointwise.ts";
import { zerosLike } from "../creation.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import { bound, finite } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { gt } from "./comparison.ts";
import { defineParameterised, defineUnary, type UnaryOp } from "./define-unary.ts";
import { exp, square } from "./exponential.ts";
import { neg } from "./neg.ts";
import { where } from "./where.ts";

/** A derivative with a kernel of its own: `dOut` times a function of the op's output `y`. */
function defineGradient(
  name: "reluGrad" | "sigmoidGrad" | "tanhGrad",
  dy: (g: Tensor, dOut: Tensor, y: Tensor) => Tensor,
): (dOut: Tensor, y: Tensor) => Tensor {
  const kernel = binaryOps[name];
  const definition: DefinedOp<readonly ["dOut", "y"], null> = defineOp({
    name,
    inputs: ["dOut", "y"],
    saves: ["dOut", "y"],
    infer: ([dOut]) => ({ shape: dOut.shape, dtype: dOut.dtype }),
    forward: ([dOut, y], _, spec) => binaryKernel(kernel, dOut, y, spec, spec.dtype),
    backward: {
      dOut: (g, { y }) => definition.run([g, y], null),
      y: (g, { dOut, y }) => dy(g, dOut, y),
    },
    samples: () => [[], [5], [17], [2, 3], [0, 2]].map((shape) => ({ inputs: [{ shape }, { shape, range: [0.1, 0.9] }], attrs: null })),
  });
  return (dOut, y) => definition.run([dOut, y], null);
}

const reluGrad = defineGradient("reluGrad", (_g, _dOut, y) => zerosLike(y));
const sigmoidGrad = defineGradient("sigmoidGrad", (g, dOut, y) => mul(mul(g, dOut), sub(1, mul(y, 2))));
const tanhGrad = defineGradient("tanhGrad", (g, dOut, y) => mul(mul(g, dOut), mul(y, -2)));

/**
 * max(x, 0).
 *
 * Gradient  dx = dOut where x > 0, else 0          (0 at 0)
 * @example
 * relu(tensor([-1, 0, 2])).toArray(); // [0, 0, 2]
 */
export const relu: UnaryOp = defineUnary("relu", {
  saves: ["out"],
  gradient: (dOut, { out }) => reluGrad(dOut, out),
  gradientInPlace: true,
  result: "same",
  sample: { avoid: [0] },
});

/**
 * 1 / (1 + exp(-x)), without overflow.
 *
 * Gradient  dx = dOut out (1 - out)
 * @example
 * sigmoid(tensor(0)).item(); // 0.5
 */
export const sigmoid: UnaryOp = defineUnary("sigmoid", {
  saves: ["out"],
  gradient: (dOut, { out }) => sigmoidGrad(dOut, out),
  gradientInPlace: true,
  composite: (x) => div(1, add(exp(neg(x)), 1)),
});

/**
 * Hyperbolic tangent.
 *
 * Gradient  dx = dOut (1 - out²)
 * @example
 * tanh(tensor(0)).item(); // 0
 */
export const tanh: UnaryOp = defineUnary("tanh", {
  saves: ["out"],
  gradient: (dOut, { out }) => tanhGrad(dOut, out),
  gradientInPlace: true,
  composite: (x) => sub(mul(sigmoid(mul(x, 2)), 2), 1),
});

/**
 * The error function.
 *
 * Gradient  dx = dOut 2 / sqrt(pi) exp(-x²)
 * @example
 * erf(tensor(0)).item(); // 0
 */
export const erf: UnaryOp = defineUnary("erf", {
  saves: ["x"],
  gradient: (dOut, { x }) => mul(dOut, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
});

const softplusOp = defineParameterised<{ beta: number; threshold: number }, ["x"]>("softplus", {
  saves: ["x"],
  gradient: (dOut, { x, attrs: { beta, threshold } }) => {
    const scaled = mul(x, beta);
    return where(gt(scaled, threshold), dOut, mul(dOut, sigmoid(scaled)));
  },
  parameters: ({ beta, threshold }) => [beta, threshold],
  sampleAttrs: [{ beta: 1, threshold: 20 }, { beta: 2.5, threshold: 3 }],
  sample: { avoid: [1.2] },
});

/** Options of `softplus`. */
export interface SoftplusOptions {
  /** 1 unless told. */
  readonly beta?: number;
  /** Where beta x is above it, the result is x itself; 20 unless told. */
  readonly threshold?: number;
}

const softplusRules: OptionRules<SoftplusOptions> = { beta: finite, threshold: bound };

/**
 * log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold.
 *
 * Gradient  dx = dOut sigmoid(beta x)
 * @example
 * softplus(tensor(0)).item(); // 0.6931471824645996
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkOptions("softplus", options, softplusRules);
  const { beta = 1, threshold = 20 } = options;
  return softplusOp(x, { beta, threshold });
}

const leakyReluOp = defineParameterised<{ negativeSlope: number }, ["x"]>("leakyRelu", {
  saves: ["x"],
  gradient: (dOut, { x, attrs }) => where(gt(x, 0), dOut, mul(dOut, attrs.negativeSlope)),
  parameters: ({ negativeSlope }) => [negativeSlope, 0],
  sampleAttrs: [{ negativeSlope: 0.01 }, { negativeSlope: 0.3 }],
  sample: { avoid: [0] },
});

/** Options of `leakyRelu`. */
export interface LeakyReluOptions {
  /** 0.01 unless told. */
  readonly negativeSlope?: number;
}

const leakyReluRules: OptionRules<LeakyReluOptions> = { negativeSlope: finite };

/**
 * x above 0, negativeSlope x elsewhere.
 *
 * Gradient  dx = dOut or negativeSlope dOut          (at 0 the latter)
 * @example
 * leakyRelu(tensor([-1, 2]), { negativeSlope: 0.5 }).toArray(); // [-0.5, 2]
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkOptions("leakyRelu", options, leakyReluRules);
  const { negativeSlope = 0.01 } = options;
  return leakyReluOp(x, { negativeSlope });
}

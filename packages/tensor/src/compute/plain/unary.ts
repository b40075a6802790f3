import type { Tensor } from "../../tensor.ts";
import { unaryOps, type UnaryCode, type UnaryName } from "../codes.ts";
import { saturatedLong, saturatedOf, scalarOf } from "./casts.ts";
import { elementsOf, isLong, isZero, numbersOf, rectified, roundingOf, type Element, type Elements, type Rounding } from "./elements.ts";
import { erf } from "./error-function.ts";
import { operationsOf } from "./operation-table.ts";
import { floatPower, halfToEven } from "./powers.ts";

/** p and q: the operation's numbers. */
type NumberFunction = (x: number, p: number, q: number) => number;

/** Those that integers have too; what does not fit wraps when it is stored. */
const shared: Partial<Record<UnaryName, NumberFunction>> = {
  neg: (x) => -x,
  abs: Math.abs,
  // The sign of NaN is 0, as in PyTorch 1.13, and that of -0 is 0.
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  square: (x) => x * x,
  relu: rectified,
  clamp: (x, lowest, highest) => smaller(larger(x, lowest), highest),
  addScalar: (x, p) => x + p,
  mulScalar: (x, p) => x * p,
  rsubScalar: (x, p) => p - x,
};

/** NaN stays, since no comparison with it holds; and an upper bound below the lower one wins. */
const larger = (x: number, bound: number): number => (x < bound ? bound : x);
const smaller = (x: number, bound: number): number => (x > bound ? bound : x);

const integers: typeof shared = {
  ...shared,
  square: (x) => Math.imul(x, x),
  mulScalar: (x, p) => Math.imul(x, p),
};

const longs: Partial<Record<UnaryName, (x: bigint, p: bigint, q: bigint) => bigint>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  sign: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  square: (x) => x * x,
  relu: (x) => (x < 0n ? 0n : x),
  clamp: (x, lowest, highest) => {
    const raised = x < lowest ? lowest : x;
    return raised > highest ? highest : raised;
  },
  addScalar: (x, p) => x + p,
  mulScalar: (x, p) => x * p,
  rsubScalar: (x, p) => p - x,
};

function floats(round: Rounding): Partial<Record<UnaryName, NumberFunction>> {
  const inverseRoot = (x: number): number => 1 / round(Math.sqrt(x));
  const cube = (x: number): number => round(x * x) * x;
  return {
    ...shared,
    sqrt: Math.sqrt,
    rsqrt: inverseRoot,
    reciprocal: (x) => 1 / x,
    exp: Math.exp,
    expm1: Math.expm1,
    log: Math.log,
    log1p: Math.log1p,
    log2: Math.log2,
    log10: Math.log10,
    sin: Math.sin,
    cos: Math.cos,
    tan: Math.tan,
    tanh: Math.tanh,
    sigmoid,
    floor: Math.floor,
    ceil: Math.ceil,
    round: halfToEven,
    trunc: Math.trunc,
    erf,
    softplus: (x, beta, threshold) => (round(x * beta) > threshold ? x : Math.log1p(Math.exp(x * beta)) / beta),
    leakyRelu: (x, slope) => (x > 0 ? x : x * slope),
    powScalar: (x, exponent) => {
      // The exponents that have a shorter way, the same ones as in PyTorch: with others' corners, such as the root of -0.
      switch (exponent) {
        case 2: return x * x;
        case 3: return cube(x);
        case 0.5: return Math.sqrt(x);
        case -0.5: return inverseRoot(x);
        case -1: return 1 / x;
        case -2: return 1 / round(x * x);
        default: return floatPower(x, round(exponent));
      }
    },
  };
}

/** By way of exp(-|x|), which does not overflow. */
function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

const single = floats(roundingOf("float32")), double = floats(roundingOf("float64"));

const predicates: Partial<Record<UnaryName, (x: Element) => boolean>> = {
  logicalNot: isZero,
  isnan: (x) => Number.isNaN(x),
  isinf: (x) => x === Infinity || x === -Infinity,
  isfinite: (x) => typeof x === "bigint" || Number.isFinite(x),
};

const chosen = operationsOf("unary", unaryOps);

/** The operation on every element. */
export function unary(op: UnaryCode, x: Tensor, out: Tensor, p0: number, p1: number): void {
  const from = elementsOf(x, out.shape), { dtype } = x;
  if (op >= unaryOps.logicalNot) {
    const answer = chosen(predicates, op, dtype), elements: Elements = from, to = numbersOf(out);
    for (let i = 0; i < to.length; i++) to[i] = answer(elements[i] as Element) ? 1 : 0;
    return;
  }
  const to = elementsOf(out);
  if (isLong(from)) {
    const f = chosen(longs, op, dtype), p = saturatedLong(p0), q = saturatedLong(p1);
    if (isLong(to)) for (let i = 0; i < to.length; i++) to[i] = f(from[i] as bigint, p, q);
    return;
  }
  const number = op === unaryOps.clamp ? saturatedOf : scalarOf;
  // An exponent decides by its exact value which way is taken.
  const p = op === unaryOps.powScalar ? p0 : number(p0, dtype), q = number(p1, dtype);
  const f = chosen(dtype === "float32" ? single : dtype === "float64" ? double : integers, op, dtype);
  for (let i = 0; i < to.length; i++) to[i] = f(from[i] as number, p, q);
}

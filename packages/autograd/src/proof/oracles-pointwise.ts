import { broadcastMap, map, ndarray, type NdArray } from "@tapegrad/reference";
import { input, ulps, type Oracle, type OracleCall } from "./oracle.ts";

type Unary = (x: number, attrs: Readonly<Record<string, number>>) => number;
type Binary = (a: number, b: number, call: OracleCall) => number;

function unary(f: Unary, float32 = 0, float64 = float32): Oracle {
  return {
    run: (call) => map((x) => f(x, (call.attrs ?? {}) as Readonly<Record<string, number>>), input(call, 0)),
    bound: ulps(float32, float64),
    exactOnIntegers: false,
  };
}

function binary(f: Binary, float32 = 0, float64 = float32): Oracle {
  return {
    run: (call) => broadcastMap((a, b) => f(a, b, call), input(call, 0), input(call, 1)),
    bound: ulps(float32, float64),
    exactOnIntegers: float32 === 0,
  };
}

/** erf by its series with positive terms only: 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!, so that nothing cancels. */
function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)) * total;
}

/** C's pow, which differs from JavaScript's at 1^NaN and (-1)^inf. */
function pow(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
  return a ** b;
}

/** Halves to the even neighbour; keeps the sign of zero. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  const near = rest < 0.5 ? low : rest > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
  return near === 0 && (x < 0 || Object.is(x, -0)) ? -0 : near;
}

/** Python's %: the sign of the divisor. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** Python's //: as PyTorch works it out from the remainder, so that a = (a // b) b + a % b. */
function floorDivide(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && rest < 0 !== b < 0) quotient -= 1;
  if (quotient === 0) return Object.is(a / b, -0) || a / b < 0 ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

const isBool = ({ out }: OracleCall): boolean => out.dtype === "bool";
const flag = (value: boolean): number => (value ? 1 : 0);
const larger = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b));
const smaller = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.min(a, b));
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

function softplus(x: number, { beta = 1, threshold = 20 }: Readonly<Record<string, number>>): number {
  const scaled = x * beta;
  return scaled > threshold ? x : Math.log1p(Math.exp(scaled)) / beta;
}

function clamp(x: number, { min = -Infinity, max = Infinity }: Readonly<Record<string, number>>): number {
  return x < min ? min : x > max ? max : x;
}

/** Units in the last place are stated per op: the polynomial kernels are within 2, what is one instruction is exact. */
export const pointwiseOracles: Readonly<Record<string, Oracle>> = {
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary((x) => (x > 0 ? 1 : x < 0 ? -1 : 0)),
  sqrt: unary(Math.sqrt),
  rsqrt: unary((x) => 1 / Math.sqrt(x), 1, 0),
  reciprocal: unary((x) => 1 / x),
  square: unary((x) => x * x),
  exp: unary(Math.exp, 2),
  expm1: unary(Math.expm1, 2),
  log: unary(Math.log, 2),
  log1p: unary(Math.log1p, 2),
  log2: unary(Math.log2, 2),
  log10: unary(Math.log10, 2),
  sin: unary(Math.sin, 2),
  cos: unary(Math.cos, 2),
  tan: unary(Math.tan, 4),
  tanh: unary(Math.tanh, 3),
  sigmoid: unary(sigmoid, 3),
  relu: unary((x) => (x < 0 ? 0 : x)),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfEven),
  trunc: unary(Math.trunc),
  erf: unary(erf, 3, 8),
  softplus: unary(softplus, 4),
  leakyRelu: unary((x, { negativeSlope = 0 }) => (x > 0 ? x : x * negativeSlope), 1, 0),
  clamp: unary(clamp),
  powScalar: unary((x, { exponent = 1 }) => pow(x, exponent), 4),
  logicalNot: unary((x) => flag(x === 0)),
  isnan: unary((x) => flag(Number.isNaN(x))),
  isinf: unary((x) => flag(Math.abs(x) === Infinity)),
  isfinite: unary((x) => flag(Number.isFinite(x))),

  add: binary((a, b, call) => (isBool(call) ? flag(a + b > 0) : a + b)),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  pow: binary(pow, 4),
  maximum: binary(larger),
  minimum: binary(smaller),
  remainder: binary(remainder),
  floorDivide: binary(floorDivide),
  reluGrad: binary((dOut, y) => (y <= 0 ? 0 : dOut)),
  sigmoidGrad: binary((dOut, y) => dOut * y * (1 - y), 3),
  tanhGrad: binary((dOut, y) => dOut * (1 - y * y), 12),
  eq: binary((a, b) => flag(a === b)),
  ne: binary((a, b) => flag(a !== b)),
  lt: binary((a, b) => flag(a < b)),
  le: binary((a, b) => flag(a <= b)),
  gt: binary((a, b) => flag(a > b)),
  ge: binary((a, b) => flag(a >= b)),
  logicalAnd: binary((a, b) => flag(a !== 0 && b !== 0)),
  logicalOr: binary((a, b) => flag(a !== 0 || b !== 0)),
  logicalXor: binary((a, b) => flag((a !== 0) !== (b !== 0))),
  where: {
    run: (call) => choose(input(call, 0), input(call, 1), input(call, 2)),
    bound: ulps(0),
    exactOnIntegers: true,
  },
};

/** Of three operands that broadcast. */
function choose(condition: NdArray, a: NdArray, b: NdArray): NdArray {
  const pairs = broadcastMap((x) => x, a, b);
  const shown = broadcastMap((c) => c, condition, pairs);
  const [left, right] = [broadcastMap((_, x) => x, shown, a), broadcastMap((_, x) => x, shown, b)];
  return ndarray(shown.data.map((c, i) => (c !== 0 ? (left.data[i] as number) : (right.data[i] as number))), shown.shape);
}

import type { Tensor } from "../../tensor.ts";
import { binaryOps, type BinaryCode, type BinaryName } from "../codes.ts";
import { elementsOf, isLong, isZero, numbersOf, roundingOf, type Element, type Elements, type Rounding } from "./elements.ts";
import { operationsOf } from "./operation-table.ts";
import { floatPower, integerPower, longPower } from "./powers.ts";

type Table<T> = Partial<Record<BinaryName, (a: T, b: T) => T>>;

/** What floats and integers share; what does not fit wraps when it is stored. NaN from either side wins, and 0 is larger than -0. */
const shared: Table<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  maximum: Math.max,
  minimum: Math.min,
};

function floats(round: Rounding): Table<number> {
  return {
    ...shared,
    div: (a, b) => a / b,
    pow: floatPower,
    remainder: (a, b) => {
      const rest = a % b;
      return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
    },
    // The floor of the exact quotient, found from the remainder so that rounding cannot lift it.
    floorDivide: (a, b) => {
      if (b === 0) return a / b;
      const rest = a % b;
      let quotient = round(round(a - rest) / b);
      if (rest !== 0 && rest < 0 !== b < 0) quotient = round(quotient - 1);
      if (quotient === 0) return Object.is(a / b, -0) || a / b < 0 ? -0 : 0;
      const whole = Math.floor(quotient);
      return round(quotient - whole) > 0.5 ? whole + 1 : whole;
    },
    atan2: Math.atan2,
    // 0 where x <= 0: NaN, which is not, lets the gradient through.
    reluGrad: (dOut, x) => (x <= 0 ? 0 : dOut),
    sigmoidGrad: (dOut, y) => round(dOut * y) * round(1 - y),
    tanhGrad: (dOut, y) => dOut * round(1 - round(y * y)),
  };
}

const single = floats(roundingOf("float32")), double = floats(roundingOf("float64"));

/** Division by zero, which is refused before, gives 0. */
const integers: Table<number> = {
  ...shared,
  mul: Math.imul,
  div: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  pow: integerPower,
  remainder: (a, b) => {
    if (b === 0) return 0;
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  floorDivide: (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
};

const longRemainder = (a: bigint, b: bigint): bigint => {
  if (b === 0n) return 0n;
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
};

const longs: Table<bigint> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  maximum: (a, b) => (a > b ? a : b),
  minimum: (a, b) => (a < b ? a : b),
  div: (a, b) => (b === 0n ? 0n : a / b),
  pow: longPower,
  remainder: longRemainder,
  floorDivide: (a, b) => (b === 0n ? 0n : (a - longRemainder(a, b)) / b),
};

const comparisons: Partial<Record<BinaryName, (a: Element, b: Element) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  logicalAnd: (a, b) => !isZero(a) && !isZero(b),
  logicalOr: (a, b) => !isZero(a) || !isZero(b),
  logicalXor: (a, b) => isZero(a) !== isZero(b),
};

const chosen = operationsOf("binary", binaryOps);

/** The operation on broadcast pairs of elements. */
export function binary(op: BinaryCode, a: Tensor, b: Tensor, out: Tensor): void {
  const left = elementsOf(a, out.shape), right = elementsOf(b, out.shape), { dtype } = a;
  if (op >= binaryOps.eq) {
    const answer = chosen(comparisons, op, dtype), x: Elements = left, y: Elements = right, to = numbersOf(out);
    for (let i = 0; i < to.length; i++) to[i] = answer(x[i] as Element, y[i] as Element) ? 1 : 0;
    return;
  }
  const to = elementsOf(out);
  if (isLong(to)) {
    const f = chosen(longs, op, dtype);
    for (let i = 0; i < to.length; i++) to[i] = f(left[i] as bigint, right[i] as bigint);
    return;
  }
  const f = chosen(dtype === "float32" ? single : dtype === "float64" ? double : integers, op, dtype);
  for (let i = 0; i < to.length; i++) to[i] = f(left[i] as number, right[i] as number);
}

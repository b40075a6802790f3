/** As C's pow, where JavaScript's differs: 1 to any power is 1, and so is -1 to an infinite one. */
export function floatPower(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** By squaring, so that the low 32 bits stay exact. As in PyTorch a negative power of an integer is 0, except of 1 and -1. */
export function integerPower(x: number, y: number): number {
  if (y < 0) return x === 1 ? 1 : x === -1 ? ((y & 1) === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let base = x, power = y; power !== 0; power >>>= 1) {
    if ((power & 1) === 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}

/** The same modulo 2^64. */
export function longPower(x: bigint, y: bigint): bigint {
  if (y < 0n) return x === 1n ? 1n : x === -1n ? ((y & 1n) === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  for (let base = x, power = y; power !== 0n; power >>= 1n) {
    if ((power & 1n) === 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
}

/** To the nearest integer, halves to the even one; -0.3 to -0. */
export function halfToEven(x: number): number {
  const below = Math.floor(x), rest = x - below;
  if (rest < 0.5 || !Number.isFinite(x)) return below;
  if (rest > 0.5 || below % 2 !== 0) return below + 1 === 0 ? -0 : below + 1;
  return below;
}

import type { StreamPlace } from "../backend.ts";

/** The upper half of the product of two 32-bit words; no product on the way is larger than 2^49, so that float64 holds all of them. */
export function highWord(a: number, b: number): number {
  const low = Math.floor(((a & 0xffff) * b) / 65536);
  return Math.floor(((a >>> 16) * b + low) / 65536);
}

/**
 * The four 32-bit words of one counter under a key, by Philox4x32-10.
 *
 * Source    Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011
 */
function block(counterLow: number, counterHigh: number, key0: number, key1: number): readonly [number, number, number, number] {
  let [c0, c1, c2, c3] = [counterLow >>> 0, counterHigh >>> 0, 0, 0], [k0, k1] = [key0, key1];
  for (let round = 0; round < 10; round++) {
    const [high0, low0, high2, low2] = [highWord(c0, 0xd2511f53), Math.imul(c0, 0xd2511f53), highWord(c2, 0xcd9e8d57), Math.imul(c2, 0xcd9e8d57)];
    [c0, c1, c2, c3] = [(high2 ^ c1 ^ k0) >>> 0, low2 >>> 0, (high0 ^ c3 ^ k1) >>> 0, low0 >>> 0];
    [k0, k1] = [k0 + 0x9e3779b9 | 0, k1 + 0xbb67ae85 | 0];
  }
  return [c0, c1, c2, c3];
}

/** `count` words of a stream, four to a counter. */
export function wordsAt([key0, key1, counterLow, counterHigh]: StreamPlace, count: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i += 4) {
    const low = (counterLow >>> 0) + i / 4, carry = Math.floor(low / 2 ** 32);
    const four = block(low, counterHigh + carry, key0, key1);
    for (let k = 0; k < 4 && i + k < count; k++) words[i + k] = four[k] as number;
  }
  return words;
}

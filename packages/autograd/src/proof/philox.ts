const mask = 0xffffffffn;

/**
 * One block of Philox4x32-10: four 32-bit words for a counter of four words under a key of two.
 *
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
 */
export function philox(counter: readonly [number, number, number, number], key: readonly [number, number]): number[] {
  let [c0, c1, c2, c3] = counter.map((word) => BigInt(word >>> 0)) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map((word) => BigInt(word >>> 0)) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const left = 0xd2511f53n * c0;
    const right = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(right >> 32n) ^ c1 ^ k0, right & mask, (left >> 32n) ^ c3 ^ k1, left & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

/** The word that belongs to element `i` of a stream that starts at a 64-bit counter. */
export function wordOf(i: number, [key0, key1, low, high]: readonly [number, number, number, number]): number {
  const at = (BigInt(high >>> 0) << 32n) + BigInt(low >>> 0) + BigInt(Math.floor(i / 4));
  return philox([Number(at & mask), Number((at >> 32n) & mask), 0, 0], [key0, key1])[i % 4] as number;
}

/** Numbers from 0 (included) to 1 (excluded). */
export type Random = () => number;

/** A small seeded generator (mulberry32), so that a failing case can be run again from its seed. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Random numbers in [-1, 1], for directions. */
export function direction(size: number, random: Random): Float64Array {
  return Float64Array.from({ length: size }, () => 2 * random() - 1);
}

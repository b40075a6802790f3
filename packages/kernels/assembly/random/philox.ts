/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011), four counters at a
 * time. Each counter gives four words; which thread computes them cannot matter.
 */

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

/** The words of the four counters of the last call; every thread's instance has its own. In the order of the elements. */
export let words0: v128 = i64x2.splat(0);
export let words1: v128 = i64x2.splat(0);
export let words2: v128 = i64x2.splat(0);
export let words3: v128 = i64x2.splat(0);

/** Computes counters [counter, counter + 4); the upper half of the 128-bit counter is (counter2, counter3). */
export function philox(key0: u32, key1: u32, counter: u64, counter2: u32, counter3: u32): void {
  const next = counter + 1, third = counter + 2, fourth = counter + 3;
  let x0 = i32x4(<i32>counter, <i32>next, <i32>third, <i32>fourth);
  let x1 = i32x4(<i32>(counter >> 32), <i32>(next >> 32), <i32>(third >> 32), <i32>(fourth >> 32));
  let x2 = i32x4.splat(counter2), x3 = i32x4.splat(counter3);
  const m0 = i32x4.splat(MULTIPLIER_0), m1 = i32x4.splat(MULTIPLIER_1);
  for (let round = 0; round < 10; round++) {
    const lowA = i64x2.extmul_low_i32x4_u(x0, m0), highA = i64x2.extmul_high_i32x4_u(x0, m0);
    const lowB = i64x2.extmul_low_i32x4_u(x2, m1), highB = i64x2.extmul_high_i32x4_u(x2, m1);
    const a0 = v128.shuffle<i32>(lowA, highA, 0, 2, 4, 6), a1 = v128.shuffle<i32>(lowA, highA, 1, 3, 5, 7);
    const b0 = v128.shuffle<i32>(lowB, highB, 0, 2, 4, 6), b1 = v128.shuffle<i32>(lowB, highB, 1, 3, 5, 7);
    x0 = v128.xor(v128.xor(b1, x1), i32x4.splat(key0));
    x1 = b0;
    x2 = v128.xor(v128.xor(a1, x3), i32x4.splat(key1));
    x3 = a0;
    key0 += WEYL_0;
    key1 += WEYL_1;
  }
  const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  words0 = v128.shuffle<i64>(low01, low23, 0, 2);
  words1 = v128.shuffle<i64>(low01, low23, 1, 3);
  words2 = v128.shuffle<i64>(high01, high23, 0, 2);
  words3 = v128.shuffle<i64>(high01, high23, 1, 3);
}

/** Raw words of `steps` counters from (counter0, counter1, counter2, counter3) on, for checking against published ones. */
export function randomWords(
  out: usize, steps: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, counter2: u32, counter3: u32,
): void {
  const counter = (<u64>counter1 << 32) | counter0;
  for (let step = 0; step < steps; step++) {
    philox(key0, key1, counter + step, counter2, counter3);
    v128.store(out + (<usize>step << 4), words0);
  }
}

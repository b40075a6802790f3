// What the machine can do at most, as far as 128-bit WebAssembly reaches. No kernel of tapegrad is in here.

// @ts-ignore: decorator
@inline function multiplyThenAdd(x: v128, factor: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(x, factor, factor) : f32x4.add(f32x4.mul(x, factor), factor);
}

/**
 * Multiplies and adds in registers alone: `rounds` times thirteen accumulators of four lanes, 104 floating-point operations
 * a round. Thirteen, because an accumulator's next turn waits for its multiplication and its addition (six cycles and more)
 * while a processor starts up to two pairs in each cycle, and because no more fit into sixteen registers beside the factor,
 * the product and the compiler's own. The factor is also what is added: values run towards `half / (1 - half)` = 1, so that
 * none is denormal. It is a parameter, so that no compiler computes with it.
 */
export function multiplyAdd(rounds: i32, half: f32): f32 {
  const factor = f32x4.splat(half);
  let a = f32x4.splat(1.01);
  let b = f32x4.splat(1.02);
  let c = f32x4.splat(1.03);
  let d = f32x4.splat(1.04);
  let e = f32x4.splat(1.05);
  let f = f32x4.splat(1.06);
  let g = f32x4.splat(1.07);
  let h = f32x4.splat(1.08);
  let i = f32x4.splat(1.09);
  let j = f32x4.splat(1.10);
  let k = f32x4.splat(1.11);
  let l = f32x4.splat(1.12);
  let m = f32x4.splat(1.13);
  for (let round = 0; round < rounds; round++) {
    a = multiplyThenAdd(a, factor);
    b = multiplyThenAdd(b, factor);
    c = multiplyThenAdd(c, factor);
    d = multiplyThenAdd(d, factor);
    e = multiplyThenAdd(e, factor);
    f = multiplyThenAdd(f, factor);
    g = multiplyThenAdd(g, factor);
    h = multiplyThenAdd(h, factor);
    i = multiplyThenAdd(i, factor);
    j = multiplyThenAdd(j, factor);
    k = multiplyThenAdd(k, factor);
    l = multiplyThenAdd(l, factor);
    m = multiplyThenAdd(m, factor);
  }
  const abcd = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const efgh = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
  const ijkl = f32x4.add(f32x4.add(i, j), f32x4.add(k, l));
  return sumOfLanes(f32x4.add(f32x4.add(abcd, efgh), f32x4.add(ijkl, m)));
}

/** out = x. `bytes` is a multiple of 128, here and below. */
export function copy(x: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 64) {
    v128.store(out + at, v128.load(x + at));
    v128.store(out + at, v128.load(x + at, 16), 16);
    v128.store(out + at, v128.load(x + at, 32), 32);
    v128.store(out + at, v128.load(x + at, 48), 48);
  }
}

/** out = x + 0.5 y. */
export function triad(x: usize, y: usize, out: usize, bytes: usize): void {
  const scale = f32x4.splat(0.5);
  for (let at: usize = 0; at < bytes; at += 64) {
    v128.store(out + at, f32x4.add(v128.load(x + at), f32x4.mul(v128.load(y + at), scale)));
    v128.store(out + at, f32x4.add(v128.load(x + at, 16), f32x4.mul(v128.load(y + at, 16), scale)), 16);
    v128.store(out + at, f32x4.add(v128.load(x + at, 32), f32x4.mul(v128.load(y + at, 32), scale)), 32);
    v128.store(out + at, f32x4.add(v128.load(x + at, 48), f32x4.mul(v128.load(y + at, 48), scale)), 48);
  }
}

/** The sum of x. */
export function read(x: usize, bytes: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let e = f32x4.splat(0);
  let f = f32x4.splat(0);
  let g = f32x4.splat(0);
  let h = f32x4.splat(0);
  // Two cache lines a turn: eight accumulators, so that loads and not additions set the pace.
  for (let at: usize = 0; at < bytes; at += 128) {
    a = f32x4.add(a, v128.load(x + at));
    b = f32x4.add(b, v128.load(x + at, 16));
    c = f32x4.add(c, v128.load(x + at, 32));
    d = f32x4.add(d, v128.load(x + at, 48));
    e = f32x4.add(e, v128.load(x + at, 64));
    f = f32x4.add(f, v128.load(x + at, 80));
    g = f32x4.add(g, v128.load(x + at, 96));
    h = f32x4.add(h, v128.load(x + at, 112));
  }
  return sumOfLanes(f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h))));
}

function sumOfLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3);
}

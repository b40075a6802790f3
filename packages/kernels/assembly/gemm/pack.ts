/**
 * Packing: operands of a matrix product are copied into panels `[k][width]`, so that the micro-kernel reads both of them
 * with unit stride whatever their strides were. Steps are in bytes: `wStep` across the panel, `kStep` along k.
 */

/** A square of lanes x lanes elements with k contiguous in the source becomes one with w contiguous. */
// @ts-ignore: decorator
@inline export function transposeSquare<T>(dst: usize, dstStep: usize, src: usize, wStep: usize): void {
  const r0 = v128.load(src), r1 = v128.load(src + wStep);
  if (sizeof<T>() == 8) {
    v128.store(dst, v128.shuffle<f64>(r0, r1, 0, 2));
    v128.store(dst + dstStep, v128.shuffle<f64>(r0, r1, 1, 3));
  } else {
    const r2 = v128.load(src + 2 * wStep), r3 = v128.load(src + 3 * wStep);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(dst, v128.shuffle<f64>(low01, low23, 0, 2));
    v128.store(dst + dstStep, v128.shuffle<f64>(low01, low23, 1, 3));
    v128.store(dst + 2 * dstStep, v128.shuffle<f64>(high01, high23, 0, 2));
    v128.store(dst + 3 * dstStep, v128.shuffle<f64>(high01, high23, 1, 3));
  }
}

/** Four float32 of two rows with k contiguous become four pairs. */
// @ts-ignore: decorator
@inline function transposePair(dst: usize, dstStep: usize, src: usize, wStep: usize): void {
  const r0 = v128.load(src), r1 = v128.load(src + wStep);
  const low = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  v128.store64_lane(dst, low, 0);
  v128.store64_lane(dst + dstStep, low, 1);
  v128.store64_lane(dst + 2 * dstStep, high, 0);
  v128.store64_lane(dst + 3 * dstStep, high, 1);
}

/** One panel: `dst[kk][w] = src[w * wStep + kk * kStep]`, zero for `valid <= w < width`. */
function packPanel<T>(dst: usize, src: usize, width: i32, valid: i32, wStep: usize, kStep: usize, k: i32): void {
  const lanes = <i32>(16 / sizeof<T>());
  const step = <usize>width * sizeof<T>();
  let kk = 0;
  if (kStep == sizeof<T>() && valid == width) {
    for (; kk + lanes <= k; kk += lanes) {
      const from = src + <usize>kk * sizeof<T>();
      const to = dst + <usize>kk * step;
      let w = 0;
      for (; w + lanes <= width; w += lanes) transposeSquare<T>(to + <usize>w * sizeof<T>(), step, from + <usize>w * wStep, wStep);
      if (sizeof<T>() == 4 && w + 2 <= width) {
        transposePair(to + <usize>w * sizeof<T>(), step, from + <usize>w * wStep, wStep);
        w += 2;
      }
      for (; w < width; w++) {
        const row = from + <usize>w * wStep, place = to + <usize>w * sizeof<T>();
        for (let i = 0; i < lanes; i++) store<T>(place + <usize>i * step, load<T>(row + <usize>i * sizeof<T>()));
      }
    }
  }
  for (; kk < k; kk++) {
    let from = src + <usize>kk * kStep;
    const to = dst + <usize>kk * step;
    let w = 0;
    for (; w < valid; w++) {
      store<T>(to + <usize>w * sizeof<T>(), load<T>(from));
      from += wStep;
    }
    for (; w < width; w++) store<T>(to + <usize>w * sizeof<T>(), 0);
  }
}

/**
 * `count` columns of w as panels of `width` (5, or two vectors), each panel `[k][width]`, one after another. The last
 * panel is filled up with zeros.
 */
export function packBlock<T>(dst: usize, src: usize, width: i32, count: i32, wStep: usize, kStep: usize, k: i32): void {
  const panelBytes = <usize>(k * width) * sizeof<T>();
  let w = 0;
  if (wStep == sizeof<T>()) {
    // Row by row: the source's rows may lie a multiple of the page size apart, and each is then read only once.
    const whole = count / width;
    const step = <usize>width * sizeof<T>();
    for (let kk = 0; kk < k; kk++) {
      let from = src + <usize>kk * kStep;
      let to = dst + <usize>kk * step;
      for (let p = 0; p < whole; p++) {
        let at: usize = 0;
        for (; at + 16 <= step; at += 16) v128.store(to + at, v128.load(from + at));
        for (; at < step; at += sizeof<T>()) store<T>(to + at, load<T>(from + at));
        from += step;
        to += panelBytes;
      }
    }
    w = whole * width;
  }
  for (; w < count; w += width) {
    packPanel<T>(dst + <usize>(w / width) * panelBytes, src + <usize>w * wStep, width, min(width, count - w), wStep, kStep, k);
  }
}

import { multiplyAdd } from "../math/multiply-add";

/**
 * Nine dot products over `bytes` (a multiple of 32) of three rows of b and three packed rows `[pair of vectors][row]`, as in
 * gemm/dot.ts. Each leaves the eight lanes of its sum at `sums`, [row of a][row of b].
 */
export function dots(bytes: usize, packed: usize, b: usize, b1: usize, b2: usize, sums: usize): void {
  const z = f32x4.splat(0);
  let c00 = z, c01 = z, c02 = z, c10 = z, c11 = z, c12 = z, c20 = z, c21 = z, c22 = z;
  let d00 = z, d01 = z, d02 = z, d10 = z, d11 = z, d12 = z, d20 = z, d21 = z, d22 = z;
  for (let at: usize = 0; at != bytes; at += 32) {
    const q0 = v128.load(b + at), q1 = v128.load(b1 + at), q2 = v128.load(b2 + at);
    const r0 = v128.load(b + at, 16), r1 = v128.load(b1 + at, 16), r2 = v128.load(b2 + at, 16);
    let p = v128.load(packed), s = v128.load(packed, 16);
    c00 = multiplyAdd<f32>(c00, p, q0); c01 = multiplyAdd<f32>(c01, p, q1); c02 = multiplyAdd<f32>(c02, p, q2);
    d00 = multiplyAdd<f32>(d00, s, r0); d01 = multiplyAdd<f32>(d01, s, r1); d02 = multiplyAdd<f32>(d02, s, r2);
    p = v128.load(packed, 32);
    s = v128.load(packed, 48);
    c10 = multiplyAdd<f32>(c10, p, q0); c11 = multiplyAdd<f32>(c11, p, q1); c12 = multiplyAdd<f32>(c12, p, q2);
    d10 = multiplyAdd<f32>(d10, s, r0); d11 = multiplyAdd<f32>(d11, s, r1); d12 = multiplyAdd<f32>(d12, s, r2);
    p = v128.load(packed, 64);
    s = v128.load(packed, 80);
    c20 = multiplyAdd<f32>(c20, p, q0); c21 = multiplyAdd<f32>(c21, p, q1); c22 = multiplyAdd<f32>(c22, p, q2);
    d20 = multiplyAdd<f32>(d20, s, r0); d21 = multiplyAdd<f32>(d21, s, r1); d22 = multiplyAdd<f32>(d22, s, r2);
    packed += 96;
  }
  v128.store(sums, c00); v128.store(sums, d00, 16);
  v128.store(sums, c01, 32); v128.store(sums, d01, 48);
  v128.store(sums, c02, 64); v128.store(sums, d02, 80);
  v128.store(sums, c10, 96); v128.store(sums, d10, 112);
  v128.store(sums, c11, 128); v128.store(sums, d11, 144);
  v128.store(sums, c12, 160); v128.store(sums, d12, 176);
  v128.store(sums, c20, 192); v128.store(sums, d20, 208);
  v128.store(sums, c21, 224); v128.store(sums, d21, 240);
  v128.store(sums, c22, 256); v128.store(sums, d22, 272);
}

import { expF32Mild } from "../math/exp";

/** out = exp(x - shift), in place or not, where |x - shift| <= 87, as in pointwise/exp-rows.ts; `bytes` is a multiple of 128. */
export function exp(x: usize, out: usize, bytes: usize, shift: f32): void {
  const s = f32x4.splat(shift);
  for (const end = out + bytes; out < end; out += 128) {
    const a = expF32Mild(f32x4.sub(v128.load(x), s)), b = expF32Mild(f32x4.sub(v128.load(x, 16), s));
    const c = expF32Mild(f32x4.sub(v128.load(x, 32), s)), d = expF32Mild(f32x4.sub(v128.load(x, 48), s));
    const e = expF32Mild(f32x4.sub(v128.load(x, 64), s)), f = expF32Mild(f32x4.sub(v128.load(x, 80), s));
    const g = expF32Mild(f32x4.sub(v128.load(x, 96), s)), h = expF32Mild(f32x4.sub(v128.load(x, 112), s));
    v128.store(out, a); v128.store(out, b, 16);
    v128.store(out, c, 32); v128.store(out, d, 48);
    v128.store(out, e, 64); v128.store(out, f, 80);
    v128.store(out, g, 96); v128.store(out, h, 112);
    x += 128;
  }
}

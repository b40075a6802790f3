/** The turns of a leaf's loop in reduce/tree.ts: 8 accumulators, each of which takes the sum of two vectors. */
export function sums(x: usize, bytes: usize, to: usize): void {
  const z = f32x4.splat(0);
  let a = z, b = z, c = z, d = z, e = z, f = z, g = z, h = z;
  for (const end = x + bytes; x < end; x += 256) {
    a = f32x4.add(a, f32x4.add(v128.load(x), v128.load(x, 128)));
    b = f32x4.add(b, f32x4.add(v128.load(x, 16), v128.load(x, 144)));
    c = f32x4.add(c, f32x4.add(v128.load(x, 32), v128.load(x, 160)));
    d = f32x4.add(d, f32x4.add(v128.load(x, 48), v128.load(x, 176)));
    e = f32x4.add(e, f32x4.add(v128.load(x, 64), v128.load(x, 192)));
    f = f32x4.add(f, f32x4.add(v128.load(x, 80), v128.load(x, 208)));
    g = f32x4.add(g, f32x4.add(v128.load(x, 96), v128.load(x, 224)));
    h = f32x4.add(h, f32x4.add(v128.load(x, 112), v128.load(x, 240)));
  }
  v128.store(to, a); v128.store(to, b, 16);
  v128.store(to, c, 32); v128.store(to, d, 48);
  v128.store(to, e, 64); v128.store(to, f, 80);
  v128.store(to, g, 96); v128.store(to, h, 112);
}

/** Rows of a micro-tile; it is two vectors wide. */
export const TILE_ROWS: i32 = 4;

// @ts-ignore: decorator
@inline export function tileColumns<T>(): i32 {
  return <i32>(32 / sizeof<T>());
}

/** Bytes of a whole micro-tile. */
export const TILE_BYTES: i32 = 128;

// @ts-ignore: decorator
@inline function finishRow<T>(c: usize, sum0: v128, sum1: v128, bias: usize, add: bool): void {
  if (bias != 0) {
    sum0 = v128.add<T>(sum0, v128.load(bias));
    sum1 = v128.add<T>(sum1, v128.load(bias, 16));
  }
  if (add) {
    sum0 = v128.add<T>(v128.load(c), sum0);
    sum1 = v128.add<T>(v128.load(c, 16), sum1);
  }
  v128.store(c, sum0);
  v128.store(c, sum1, 16);
}

/**
 * One micro-tile: c[rows][columns] = (add ? c : 0) + a b (+ bias), for a panel a[k][4] and b[k][two vectors], whose rows are
 * `bStep` bytes apart. Eight accumulators, two vectors of b and one splat stay in the 16 registers of x86; a wider tile
 * spills, and unrolling over k costs more than it saves. `corner` is room for a tile that hangs over c's edge.
 */
export function multiplyTile<T>(
  k: i32, a: usize, b: usize, bStep: usize, c: usize, cStep: usize, rows: i32, columns: i32, add: bool, bias: usize, corner: usize,
): void {
  let c00 = v128.splat<T>(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load_splat<T>(a);
    c00 = v128.add<T>(c00, v128.mul<T>(s, b0)); c01 = v128.add<T>(c01, v128.mul<T>(s, b1));
    s = v128.load_splat<T>(a, sizeof<T>());
    c10 = v128.add<T>(c10, v128.mul<T>(s, b0)); c11 = v128.add<T>(c11, v128.mul<T>(s, b1));
    s = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = v128.add<T>(c20, v128.mul<T>(s, b0)); c21 = v128.add<T>(c21, v128.mul<T>(s, b1));
    s = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = v128.add<T>(c30, v128.mul<T>(s, b0)); c31 = v128.add<T>(c31, v128.mul<T>(s, b1));
    a += 4 * sizeof<T>();
    b += bStep;
  }
  if (rows == TILE_ROWS && columns == tileColumns<T>()) {
    finishRow<T>(c, c00, c01, bias, add);
    finishRow<T>(c + cStep, c10, c11, bias, add);
    finishRow<T>(c + 2 * cStep, c20, c21, bias, add);
    finishRow<T>(c + 3 * cStep, c30, c31, bias, add);
    return;
  }
  finishRow<T>(corner, c00, c01, 0, false);
  finishRow<T>(corner + 32, c10, c11, 0, false);
  finishRow<T>(corner + 64, c20, c21, 0, false);
  finishRow<T>(corner + 96, c30, c31, 0, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>j * sizeof<T>();
      let sum = load<T>(corner + (<usize>i << 5) + at);
      if (bias != 0) sum += load<T>(bias + at);
      if (add) sum = load<T>(c + at) + sum;
      store<T>(c + at, sum);
    }
    c += cStep;
  }
}

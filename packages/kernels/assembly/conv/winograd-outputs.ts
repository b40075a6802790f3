/** What a correlation by Winograd's transforms writes, and its arguments. */
import { multiplyAdd } from "../math/multiply-add";
import { getInt, getPointer } from "../runtime/control";
import { rectify } from "../runtime/rectify";
import { CHANNELS, OUT_HEIGHT, OUT_WIDTH, OUTPUTS } from "./job";
import { exactOutput, squaredTolerance } from "./winograd-exact";
import { firstImage, firstRow, rowCount, tileCount, TILES_X, WINOGRAD_OWN } from "./winograd-tiles";

export const SOURCE = WINOGRAD_OWN, OUT = WINOGRAD_OWN + 1, WEIGHTS = WINOGRAD_OWN + 2, BIAS = WINOGRAD_OWN + 3, OUTPUT_STEP = WINOGRAD_OWN + 4;
export const CHANNEL_STEP = WINOGRAD_OWN + 5, TAP_STEP = WINOGRAD_OWN + 6, CUT = WINOGRAD_OWN + 7, OUTPUTS_OWN = WINOGRAD_OWN + 8;

/** A' m A of all tiles of the open chunk, one output plane, plus its bias. Element e of tile i lies at `from + e * step`. */
export function writeOutputs<T>(from: usize, step: usize, output: i32, corner: usize): void {
  const cut = getInt(CUT) != 0, out = getPointer(OUT), outputs = getInt(OUTPUTS), biases = getPointer(BIAS);
  const bias: T = biases == 0 ? 0 : load<T>(biases + <usize>output * sizeof<T>());
  const tolerance = v128.splat<T>(squaredTolerance<T>(getInt(CHANNELS))), zero = v128.splat<T>(0);
  const lanes = <i32>(16 / sizeof<T>());
  const across = getInt(TILES_X), height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH);
  const rowBytes = <usize>width * sizeof<T>();
  const offset = v128.splat<T>(bias);
  let image = 0, y = 0, x = 0;
  for (let i = 0; i < tileCount; i += lanes) {
    let m0 = v128.load(from), m1 = v128.load(from + step), m2 = v128.load(from + 2 * step), m3 = v128.load(from + 3 * step);
    let squares = sumOfSquares<T>(v128.mul<T>(m0, m0), m1, m2, m3);
    let p0 = v128.add<T>(v128.add<T>(m0, m1), m2), p1 = v128.sub<T>(v128.sub<T>(m1, m2), m3);
    let y00 = p0, y01 = p1;
    let at = from + 4 * step;
    m0 = v128.load(at); m1 = v128.load(at + step); m2 = v128.load(at + 2 * step); m3 = v128.load(at + 3 * step);
    squares = sumOfSquares<T>(multiplyAdd<T>(squares, m0, m0), m1, m2, m3);
    p0 = v128.add<T>(v128.add<T>(m0, m1), m2); p1 = v128.sub<T>(v128.sub<T>(m1, m2), m3);
    y00 = v128.add<T>(y00, p0); y01 = v128.add<T>(y01, p1);
    let y10 = p0, y11 = p1;
    at += 4 * step;
    m0 = v128.load(at); m1 = v128.load(at + step); m2 = v128.load(at + 2 * step); m3 = v128.load(at + 3 * step);
    // Two chains, which do not wait for each other.
    let others = sumOfSquares<T>(v128.mul<T>(m0, m0), m1, m2, m3);
    p0 = v128.add<T>(v128.add<T>(m0, m1), m2); p1 = v128.sub<T>(v128.sub<T>(m1, m2), m3);
    y00 = v128.add<T>(y00, p0); y01 = v128.add<T>(y01, p1);
    y10 = v128.sub<T>(y10, p0); y11 = v128.sub<T>(y11, p1);
    at += 4 * step;
    m0 = v128.load(at); m1 = v128.load(at + step); m2 = v128.load(at + 2 * step); m3 = v128.load(at + 3 * step);
    others = sumOfSquares<T>(multiplyAdd<T>(others, m0, m0), m1, m2, m3);
    squares = v128.add<T>(squares, others);
    p0 = v128.add<T>(v128.add<T>(m0, m1), m2); p1 = v128.sub<T>(v128.sub<T>(m1, m2), m3);
    y10 = v128.sub<T>(y10, p0); y11 = v128.sub<T>(y11, p1);
    const least = v128.mul<T>(squares, tolerance);
    const large = v128.and(
      v128.and(v128.gt<T>(v128.mul<T>(y00, y00), least), v128.gt<T>(v128.mul<T>(y01, y01), least)),
      v128.and(v128.gt<T>(v128.mul<T>(y10, y10), least), v128.gt<T>(v128.mul<T>(y11, y11), least)),
    );
    // A tile that was made of zeros alone is exact.
    if (!v128.all_true<i32>(v128.or(large, v128.eq<T>(squares, zero)))) {
      v128.store(corner, y00); v128.store(corner, y01, 16); v128.store(corner, y10, 32); v128.store(corner, y11, 48); v128.store(corner, least, 64);
      mendTiles<T>(corner, i, image, y, x, output);
      y00 = v128.load(corner); y01 = v128.load(corner, 16); y10 = v128.load(corner, 32); y11 = v128.load(corner, 48);
    }
    y00 = v128.add<T>(y00, offset); y01 = v128.add<T>(y01, offset); y10 = v128.add<T>(y10, offset); y11 = v128.add<T>(y11, offset);
    from += 16;
    if (cut) { y00 = rectify<T>(y00); y01 = rectify<T>(y01); y10 = rectify<T>(y10); y11 = rectify<T>(y11); }
    if (2 * (x + lanes) <= width && 2 * (firstRow + y) + 2 <= height) {
      const to = out + <usize>((((firstImage + image) * outputs + output) * height + 2 * (firstRow + y)) * width + 2 * x) * sizeof<T>();
      v128.store(to, interleaveLow<T>(y00, y01));
      v128.store(to, interleaveHigh<T>(y00, y01), 16);
      v128.store(to + rowBytes, interleaveLow<T>(y10, y11));
      v128.store(to + rowBytes, interleaveHigh<T>(y10, y11), 16);
      x += lanes;
      if (x == across) { x = 0; y++; if (y == rowCount) { y = 0; image++; } }
      continue;
    }
    v128.store(corner, y00); v128.store(corner, y01, 16); v128.store(corner, y10, 32); v128.store(corner, y11, 48);
    for (let lane = 0; lane < lanes && i + lane < tileCount; lane++) {
      const row = 2 * (firstRow + y), cell = corner + <usize>lane * sizeof<T>();
      const to = out + <usize>((((firstImage + image) * outputs + output) * height + row) * width + 2 * x) * sizeof<T>();
      store<T>(to, load<T>(cell));
      if (2 * x + 1 < width) store<T>(to, load<T>(cell, 16), sizeof<T>());
      if (row + 1 < height) {
        store<T>(to + rowBytes, load<T>(cell, 32));
        if (2 * x + 1 < width) store<T>(to + rowBytes, load<T>(cell, 48), sizeof<T>());
      }
      x++;
      if (x == across) { x = 0; y++; if (y == rowCount) { y = 0; image++; } }
    }
  }
}

// @ts-ignore: decorator
@inline function interleaveLow<T>(a: v128, b: v128): v128 {
  return sizeof<T>() == 8 ? v128.shuffle<f64>(a, b, 0, 2) : v128.shuffle<f32>(a, b, 0, 4, 1, 5);
}
// @ts-ignore: decorator
@inline function interleaveHigh<T>(a: v128, b: v128): v128 {
  return sizeof<T>() == 8 ? v128.shuffle<f64>(a, b, 1, 3) : v128.shuffle<f32>(a, b, 2, 6, 3, 7);
}

// @ts-ignore: decorator
@inline function sumOfSquares<T>(sum: v128, a: v128, b: v128, c: v128): v128 {
  return multiplyAdd<T>(multiplyAdd<T>(multiplyAdd<T>(sum, a, a), b, b), c, c);
}

/** Computes anew what is too small, or no number, among the 2x2 outputs of a vector of tiles from tile `first` on, which is at (image, y, x). */
function mendTiles<T>(corner: usize, first: i32, image: i32, y: i32, x: i32, output: i32): void {
  const lanes = <i32>(16 / sizeof<T>()), height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH);
  for (let lane = 0; lane < lanes && first + lane < tileCount; lane++) {
    const cell = corner + <usize>lane * sizeof<T>(), least = load<T>(cell, 64);
    for (let part = 0; part < 4; part++) {
      const at = cell + (<usize>part << 4), value = load<T>(at), row = 2 * (firstRow + y) + (part >> 1), column = 2 * x + (part & 1);
      if (value * value > least || value == 0 || row >= height || column >= width) continue;
      store<T>(at, exactOutput<T>(
        getPointer(SOURCE), getPointer(WEIGHTS), getInt(OUTPUT_STEP), getInt(CHANNEL_STEP), getInt(TAP_STEP), firstImage + image, output, row, column,
      ));
    }
    x++;
    if (x == getInt(TILES_X)) { x = 0; y++; if (y == rowCount) { y = 0; image++; } }
  }
}

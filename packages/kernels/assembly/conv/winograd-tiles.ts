/**
 * The transforms of Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural
 * networks", 2015): 16 products for what takes 36. With g the 3x3 weights, d a 4x4 tile of pixels, y a 2x2 tile of outputs:
 *
 *   y = A' [(G g G') * (B' d B)] A        and, differentiated,        dg = G' [(A dy A') * (B' d B)] G
 *
 * The matrices hold 0, 1, -1 and 1/2 alone, so integers stay exact and rounding stays near the direct sum's.
 *
 * A vector holds one element of several neighbouring tiles. A chunk is a range of tile rows of one image, or several whole
 * images; its tiles are numbered along the rows.
 */
import { blasAvailable } from "../gemm/blas";
import { getInt, getPointer } from "../runtime/control";
import { isWide } from "../runtime/wide";
import { CHANNELS, HEIGHT, IMAGES, LEFT, OUT_HEIGHT, OUT_WIDTH, OWN, TOP, WIDTH } from "./job";

/** Tiles in a row and in a column of one image. */
export const TILES_X = OWN, TILES_Y = OWN + 1;
/** Chunks are whole images, or rows of one. */
export const CHUNK_IMAGES = OWN + 2, CHUNK_ROWS = OWN + 3, CHUNKS = OWN + 4;
/** Most tiles of a chunk, rounded up to whole panels. */
export const CHUNK_TILES = OWN + 5;
/** Rows of a panel of outputs. */
export const TILE_ROWS = OWN + 6;
/** 1 if the products are the system BLAS's. */
export const BY_BLAS = OWN + 7;
export const WINOGRAD_OWN = OWN + 8;

/** The running thread's chunk. */
export let firstImage: i32 = 0;
export let imageCount: i32 = 0;
export let firstRow: i32 = 0;
export let rowCount: i32 = 0;
export let tileCount: i32 = 0;

// @ts-ignore: decorator
@inline export function roundUp(value: i32, unit: i32): i32 {
  return (value + unit - 1) / unit * unit;
}

/** Whether the system BLAS multiplies: not where the loops for wide vectors, which need no other layout, are as fast. */
export function winogradByBlas<T>(outputs: i32, channels: i32): bool {
  return !isWide<T>() && blasAvailable(<f64>outputs * <f64>channels * 128);
}

/** Tile rows of a chunk of about that many tiles; all of them if whole images fit. */
export function chunkRowsOf(wantedTiles: i32): i32 {
  const across = getInt(TILES_X), down = getInt(TILES_Y);
  return across * down <= wantedTiles ? down : max(1, wantedTiles / across);
}

export function openChunk(chunk: i32): void {
  const rows = getInt(CHUNK_ROWS), images = getInt(CHUNK_IMAGES), down = getInt(TILES_Y);
  const perImage = (down + rows - 1) / rows;
  firstImage = chunk / perImage * images;
  imageCount = min(images, getInt(IMAGES) - firstImage);
  firstRow = chunk % perImage * rows;
  rowCount = min(rows, down - firstRow);
  tileCount = imageCount * rowCount * getInt(TILES_X);
}

/** Columns of a padded plane. */
// @ts-ignore: decorator
@inline function planeColumns(): i32 {
  return 2 * getInt(TILES_X) + 2;
}

/** Room for one channel's padded planes of a chunk. */
export function chunkPlaneBytes<T>(): i32 {
  return roundUp(getInt(CHUNK_IMAGES) * (2 * getInt(CHUNK_ROWS) + 2) * planeColumns() * <i32>sizeof<T>(), 16) + 16;
}

/** Copies one channel of the open chunk into zero-padded planes; the zeros around must be there already. */
export function preparePlane<T>(source: usize, channel: i32, room: usize): void {
  const height = getInt(HEIGHT), width = getInt(WIDTH), columns = planeColumns(), left = getInt(LEFT);
  const top = getInt(TOP) - 2 * firstRow, rows = 2 * rowCount + 2;
  const from = max(0, -left), count = max(0, min(width, columns - left) - from);
  const firstY = max(0, -top), lastY = min(height, rows - top);
  const lanes = <i32>(16 / sizeof<T>());
  for (let image = 0; image < imageCount; image++) {
    const plane = source + <usize>(((firstImage + image) * getInt(CHANNELS) + channel) * height) * <usize>width * sizeof<T>();
    for (let y = firstY; y < lastY; y++) {
      const a = plane + <usize>(y * width + from) * sizeof<T>();
      const b = room + <usize>((image * rows + top + y) * columns + left + from) * sizeof<T>();
      let i = 0;
      for (; i + lanes <= count; i += lanes) v128.store(b + <usize>i * sizeof<T>(), v128.load(a + <usize>i * sizeof<T>()));
      for (; i < count; i++) store<T>(b + <usize>i * sizeof<T>(), load<T>(a + <usize>i * sizeof<T>()));
    }
  }
}

// @ts-ignore: decorator
@inline function evens<T>(a: v128, b: v128): v128 {
  return sizeof<T>() == 8 ? v128.shuffle<f64>(a, b, 0, 2) : v128.shuffle<f32>(a, b, 0, 2, 4, 6);
}
// @ts-ignore: decorator
@inline function odds<T>(a: v128, b: v128): v128 {
  return sizeof<T>() == 8 ? v128.shuffle<f64>(a, b, 1, 3) : v128.shuffle<f32>(a, b, 1, 3, 5, 7);
}

/** One row of B' d B, from one row of B' d. */
// @ts-ignore: decorator
@inline function storeRow<T>(to: usize, step: usize, d0: v128, d1: v128, d2: v128, d3: v128): void {
  v128.store(to, v128.sub<T>(d0, d2));
  v128.store(to + step, v128.add<T>(d1, d2));
  v128.store(to + 2 * step, v128.sub<T>(d2, d1));
  v128.store(to + 3 * step, v128.sub<T>(d1, d3));
}

/** B' d B of a vector of tiles whose pixels lie apart in `at`, as [4][4][lanes]; element e goes to `to + e * step`. */
// @ts-ignore: decorator
@inline function transformGathered<T>(at: usize, to: usize, step: usize): void {
  // The four rows of B' d, column by column, then each row times B.
  storeRow<T>(to, step,
    v128.sub<T>(v128.load(at), v128.load(at, 128)), v128.sub<T>(v128.load(at, 16), v128.load(at, 144)),
    v128.sub<T>(v128.load(at, 32), v128.load(at, 160)), v128.sub<T>(v128.load(at, 48), v128.load(at, 176)));
  storeRow<T>(to + 4 * step, step,
    v128.add<T>(v128.load(at, 64), v128.load(at, 128)), v128.add<T>(v128.load(at, 80), v128.load(at, 144)),
    v128.add<T>(v128.load(at, 96), v128.load(at, 160)), v128.add<T>(v128.load(at, 112), v128.load(at, 176)));
  storeRow<T>(to + 8 * step, step,
    v128.sub<T>(v128.load(at, 128), v128.load(at, 64)), v128.sub<T>(v128.load(at, 144), v128.load(at, 80)),
    v128.sub<T>(v128.load(at, 160), v128.load(at, 96)), v128.sub<T>(v128.load(at, 176), v128.load(at, 112)));
  storeRow<T>(to + 12 * step, step,
    v128.sub<T>(v128.load(at, 64), v128.load(at, 192)), v128.sub<T>(v128.load(at, 80), v128.load(at, 208)),
    v128.sub<T>(v128.load(at, 96), v128.load(at, 224)), v128.sub<T>(v128.load(at, 112), v128.load(at, 240)));
}

/** One row of B' d of neighbouring tiles, from two rows of pixels, times B. `add` and `swap` are constants. */
// @ts-ignore: decorator
@inline function transformRows<T>(p: usize, q: usize, add: bool, to: usize, step: usize): void {
  const half = 2 * sizeof<T>();
  let a = v128.load(p), b = v128.load(p, 16), c = v128.load(p + half), d = v128.load(p + half, 16);
  const e = v128.load(q), f = v128.load(q, 16), g = v128.load(q + half), h = v128.load(q + half, 16);
  if (add) { a = v128.add<T>(a, e); b = v128.add<T>(b, f); c = v128.add<T>(c, g); d = v128.add<T>(d, h); }
  else { a = v128.sub<T>(a, e); b = v128.sub<T>(b, f); c = v128.sub<T>(c, g); d = v128.sub<T>(d, h); }
  storeRow<T>(to, step, evens<T>(a, b), odds<T>(a, b), evens<T>(c, d), odds<T>(c, d));
}

/**
 * B' d B of all tiles of the open chunk, one channel. Element e of the vector that starts at tile i goes to
 * `to + e * step + (i / (2 lanes)) * panelStep + (second half ? 16 : 0)`. `corner` has room for 16 vectors.
 */
export function transformPixels<T>(room: usize, to: usize, step: usize, panelStep: usize, corner: usize): void {
  const lanes = <i32>(16 / sizeof<T>());
  const across = getInt(TILES_X), columns = planeColumns(), rows = 2 * rowCount + 2;
  const rowBytes = <usize>columns * sizeof<T>();
  let image = 0, y = 0, x = 0, at = to, second = false;
  for (let i = 0; i < tileCount; i += lanes) {
    if (x + lanes <= across) {
      const r0 = room + <usize>((image * rows + 2 * y) * columns + 2 * x) * sizeof<T>();
      const r1 = r0 + rowBytes, r2 = r1 + rowBytes, r3 = r2 + rowBytes;
      transformRows<T>(r0, r2, false, at, step);
      transformRows<T>(r1, r2, true, at + 4 * step, step);
      transformRows<T>(r2, r1, false, at + 8 * step, step);
      transformRows<T>(r1, r3, false, at + 12 * step, step);
      x += lanes;
      if (x == across) { x = 0; y++; if (y == rowCount) { y = 0; image++; } }
    } else {
      for (let lane = 0; lane < lanes; lane++) {
        const cell = corner + <usize>lane * sizeof<T>();
        if (i + lane >= tileCount) {
          for (let e: usize = 0; e < 256; e += 16) store<T>(cell + e, 0);
          continue;
        }
        let from = room + <usize>((image * rows + 2 * y) * columns + 2 * x) * sizeof<T>(), row = cell;
        for (let r = 0; r < 4; r++) {
          store<T>(row, load<T>(from));
          store<T>(row, load<T>(from, sizeof<T>()), 16);
          store<T>(row, load<T>(from, 2 * sizeof<T>()), 32);
          store<T>(row, load<T>(from, 3 * sizeof<T>()), 48);
          row += 64;
          from += rowBytes;
        }
        x++;
        if (x == across) { x = 0; y++; if (y == rowCount) { y = 0; image++; } }
      }
      transformGathered<T>(corner, at, step);
    }
    if (second) at += panelStep - 16;
    else at += 16;
    second = !second;
  }
  // The last panel's other half is multiplied too, though never read.
  if (second) for (let e: usize = 0; e < 16; e++) v128.store(at + e * step, v128.splat<T>(0));
}

/** One row of A dy A', from one row of A dy. */
// @ts-ignore: decorator
@inline function storeGradientRow<T>(to: usize, step: usize, left: v128, right: v128): void {
  v128.store(to, left);
  v128.store(to + step, v128.add<T>(left, right));
  v128.store(to + 2 * step, v128.sub<T>(left, right));
  v128.store(to + 3 * step, v128.neg<T>(right));
}

/** A dy A' of all tiles of the open chunk, one output plane. Element e of tile i goes to `to + e * step`. */
export function transformGradients<T>(dOut: usize, output: i32, outputs: i32, to: usize, step: usize, corner: usize): void {
  const lanes = <i32>(16 / sizeof<T>());
  const across = getInt(TILES_X), height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH);
  const rowBytes = <usize>width * sizeof<T>();
  let image = 0, y = 0, x = 0;
  for (let i = 0; i < tileCount; i += lanes) {
    let d00: v128, d01: v128, d10: v128, d11: v128;
    if (2 * (x + lanes) <= width && 2 * (firstRow + y) + 2 <= height) {
      const from = dOut + <usize>((((firstImage + image) * outputs + output) * height + 2 * (firstRow + y)) * width + 2 * x) * sizeof<T>();
      let a = v128.load(from), b = v128.load(from, 16);
      d00 = evens<T>(a, b); d01 = odds<T>(a, b);
      a = v128.load(from + rowBytes); b = v128.load(from + rowBytes, 16);
      d10 = evens<T>(a, b); d11 = odds<T>(a, b);
      x += lanes;
      if (x == across) { x = 0; y++; if (y == rowCount) { y = 0; image++; } }
    } else {
      for (let lane = 0; lane < lanes; lane++) {
        const cell = corner + <usize>lane * sizeof<T>();
        let a: T = 0, b: T = 0, c: T = 0, d: T = 0;
        if (i + lane < tileCount) {
          const row = 2 * (firstRow + y), below = row + 1 < height, beside = 2 * x + 1 < width;
          const from = dOut + <usize>((((firstImage + image) * outputs + output) * height + row) * width + 2 * x) * sizeof<T>();
          a = load<T>(from);
          if (beside) b = load<T>(from, sizeof<T>());
          if (below) c = load<T>(from + rowBytes);
          if (below && beside) d = load<T>(from + rowBytes, sizeof<T>());
          x++;
          if (x == across) { x = 0; y++; if (y == rowCount) { y = 0; image++; } }
        }
        store<T>(cell, a); store<T>(cell, b, 16); store<T>(cell, c, 32); store<T>(cell, d, 48);
      }
      d00 = v128.load(corner); d01 = v128.load(corner, 16); d10 = v128.load(corner, 32); d11 = v128.load(corner, 48);
    }
    storeGradientRow<T>(to, step, d00, d01);
    storeGradientRow<T>(to + 4 * step, step, v128.add<T>(d00, d10), v128.add<T>(d01, d11));
    storeGradientRow<T>(to + 8 * step, step, v128.sub<T>(d00, d10), v128.sub<T>(d01, d11));
    storeGradientRow<T>(to + 12 * step, step, v128.neg<T>(d10), v128.neg<T>(d11));
    to += 16;
  }
}

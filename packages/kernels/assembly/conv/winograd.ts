/**
 * Correlation with 3x3 weights by Winograd's F(2x2, 3x3): 16 matrix products, one for each element of the transformed tiles.
 */
import { blasMultiply } from "../gemm/blas";
import { multiplyPanels, tileColumns, tileRows } from "../gemm/kernel";
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import { takeRectify } from "../runtime/rectify";
import { CHANNELS, IMAGES, OUT_HEIGHT, OUT_WIDTH, OUTPUTS } from "./job";
import { BIAS, CHANNEL_STEP, CUT, OUT, OUTPUT_STEP, OUTPUTS_OWN, SOURCE, TAP_STEP, WEIGHTS, writeOutputs } from "./winograd-outputs";
import {
  BY_BLAS, CHUNK_IMAGES, CHUNK_ROWS, CHUNK_TILES, chunkPlaneBytes, chunkRowsOf, CHUNKS, openChunk, preparePlane, roundUp, TILE_ROWS, tileCount, TILES_X, TILES_Y,
  transformPixels, winogradByBlas,
} from "./winograd-tiles";

const TRANSFORMED = OUTPUTS_OWN;

/** Keeps the 16 streams that a transform reads or writes out of each other's cache sets. */
const STAGGER: i32 = 64;
const CORNER_BYTES: i32 = 256;

/** Whether the transforms are worth their cost: there must be enough products behind each of them. */
export function winogradSuits(
  channels: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, groups: i32,
): bool {
  return kernelHeight == 3 && kernelWidth == 3 && strideY == 1 && strideX == 1 && dilationY == 1 && dilationX == 1 && groups == 1
    && channels >= 16 && outputs >= 16;
}

/** Bytes from one element of the transformed pixels, or products, to the next. */
// @ts-ignore: decorator
@inline function elementStep<T>(planes: i32): i32 {
  return planes * getInt(CHUNK_TILES) * <i32>sizeof<T>() + STAGGER;
}

/** The same for the transformed weights. */
// @ts-ignore: decorator
@inline function weightStep<T>(): usize {
  return <usize>(roundUp(getInt(OUTPUTS), getInt(TILE_ROWS)) * getInt(CHANNELS)) * sizeof<T>() + STAGGER;
}

/** Geometry is set before; steps in elements as in `correlate`. */
export function winogradCorrelate<T>(
  source: usize, weights: usize, bias: usize, out: usize, outputStep: i32, channelStep: i32, tapStep: i32,
): void {
  const channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), images = getInt(IMAGES);
  setInt(SOURCE, source); setInt(OUT, out); setInt(WEIGHTS, weights); setInt(BIAS, bias); setInt(CUT, takeRectify() ? 1 : 0);
  setInt(OUTPUT_STEP, outputStep); setInt(CHANNEL_STEP, channelStep); setInt(TAP_STEP, tapStep);
  const across = (getInt(OUT_WIDTH) + 1) >> 1, down = (getInt(OUT_HEIGHT) + 1) >> 1;
  setInt(TILES_X, across); setInt(TILES_Y, down);
  const panelTiles = tileColumns<T>(), byBlas = winogradByBlas<T>(outputs, channels);
  setInt(BY_BLAS, byBlas ? 1 : 0);
  // As many tiles at once as the second cache holds (BLAS wants more), fewer if there would be too few chunks for the threads.
  let wanted = byBlas ? (channels * outputs < 16_384 ? 128 : 256) : channels <= 128 ? 64 : 32;
  while (wanted > 2 * panelTiles && images * across * down < 16 * wanted) wanted >>= 1;
  const rows = chunkRowsOf(wanted);
  const together = rows == down ? max(1, min(images, wanted / (across * down))) : 1;
  setInt(CHUNK_ROWS, rows); setInt(CHUNK_IMAGES, together);
  setInt(CHUNKS, (images + together - 1) / together * ((down + rows - 1) / rows));
  setInt(CHUNK_TILES, roundUp(together * rows * across, panelTiles));

  // BLAS takes matrices stored by rows: panels of one row are just that.
  const height = byBlas ? 1 : tileRows(outputs), paddedOutputs = roundUp(outputs, height);
  setInt(TILE_ROWS, height);
  const transformed = temporary(16 * weightStep<T>());
  setInt(TRANSFORMED, transformed);
  ensureScratch(<i64>CORNER_BYTES + chunkPlaneBytes<T>() + 16 * (<i64>elementStep<T>(channels) + elementStep<T>(paddedOutputs)));
  parallelFor(sizeof<T>() == 8 ? weightTaskF64 : weightTaskF32, paddedOutputs / height);
  parallelFor(sizeof<T>() == 8 ? chunkTaskF64 : chunkTaskF32, getInt(CHUNKS));
  freeTemporary(transformed);
}

/** G g G' of one panel of outputs, as [16][panel][channel][height]. */
function weightTask<T>(panel: i32): void {
  const channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), height = getInt(TILE_ROWS), first = panel * height;
  const step = weightStep<T>();
  const tap = <usize>getInt(TAP_STEP) * sizeof<T>();
  const half: T = 0.5;
  for (let r = 0; r < height; r++) {
    let to = getPointer(TRANSFORMED) + <usize>(first * channels + r) * sizeof<T>();
    let from = getPointer(WEIGHTS) + <usize>((first + r) * getInt(OUTPUT_STEP)) * sizeof<T>();
    for (let c = 0; c < channels; c++) {
      if (first + r < outputs) {
        // Columns of g first: the four rows of G g, then each times G'.
        for (let column: usize = 0; column < 3; column++) {
          const a = load<T>(from + column * tap), b = load<T>(from + (3 + column) * tap), d = load<T>(from + (6 + column) * tap);
          const sum = a + d, place = to + column * step;
          store<T>(place, a);
          store<T>(place + 4 * step, half * (sum + b));
          store<T>(place + 8 * step, half * (sum - b));
          store<T>(place + 12 * step, d);
        }
        for (let row: usize = 0; row < 4; row++) {
          const place = to + 4 * row * step;
          const a = load<T>(place), b = load<T>(place + step), d = load<T>(place + 2 * step), sum = a + d;
          store<T>(place + step, half * (sum + b));
          store<T>(place + 2 * step, half * (sum - b));
          store<T>(place + 3 * step, d);
        }
        from += <usize>getInt(CHANNEL_STEP) * sizeof<T>();
      } else {
        for (let e: usize = 0; e < 16; e++) store<T>(to + e * step, 0);
      }
      to += <usize>height * sizeof<T>();
    }
  }
}
function weightTaskF32(task: i32): void { weightTask<f32>(task); }
function weightTaskF64(task: i32): void { weightTask<f64>(task); }

function chunkTask<T>(chunk: i32): void {
  openChunk(chunk);
  const channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), tiles = getInt(CHUNK_TILES);
  const height = getInt(TILE_ROWS), paddedOutputs = roundUp(outputs, height);
  const corner = scratch(), room = corner + CORNER_BYTES;
  const pixels = room + chunkPlaneBytes<T>(), pixelStep = <usize>elementStep<T>(channels);
  const products = pixels + 16 * pixelStep, productStep = <usize>elementStep<T>(paddedOutputs);

  const productRow = <usize>tiles * sizeof<T>(), byBlas = getInt(BY_BLAS) != 0;
  memory.fill(room, 0, chunkPlaneBytes<T>());
  for (let c = 0; c < channels; c++) {
    preparePlane<T>(getPointer(SOURCE), c, room);
    if (byBlas) transformPixels<T>(room, pixels + <usize>c * productRow, pixelStep, 32, corner);
    else transformPixels<T>(room, pixels + (<usize>c << 5), pixelStep, <usize>channels << 5, corner);
  }
  for (let e: usize = 0; e < 16; e++) {
    const weights = getPointer(TRANSFORMED) + e * weightStep<T>();
    if (byBlas) {
      blasMultiply<T>(false, false, outputs, tileCount, channels, weights, channels, pixels + e * pixelStep, tiles, false, products + e * productStep, tiles);
      continue;
    }
    multiplyPanels<T>(
      height, channels, channels, paddedOutputs, roundUp(tileCount, tileColumns<T>()), weights, pixels + e * pixelStep, products + e * productStep, productRow,
      false, 0, false, 0,
    );
  }
  for (let o = 0; o < outputs; o++) writeOutputs<T>(products + <usize>o * productRow, productStep, o, corner);
}
function chunkTaskF32(task: i32): void { chunkTask<f32>(task); }
function chunkTaskF64(task: i32): void { chunkTask<f64>(task); }

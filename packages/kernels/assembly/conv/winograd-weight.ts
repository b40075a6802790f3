/**
 * Weight gradient of a 3x3 convolution by the derivative of Winograd's F(2x2, 3x3): 16 matrix products over the tiles, with
 * both operands transformed (winograd-tiles.ts), then one transform of their sums. Images are split into a fixed number
 * of parts, whose sums are added in order.
 */
import { blasMultiply } from "../gemm/blas";
import { multiplyPanels, tileColumns } from "../gemm/kernel";
import { transposeSquare } from "../gemm/pack";
import { multiplyAdd } from "../math/multiply-add";
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import { CHANNELS, IMAGES, OUT_HEIGHT, OUT_WIDTH, OUTPUTS } from "./job";
import { countGradients, exactWeight, exactWeightOf, GRADIENT_BYTES, listGradients, MOST_GRADIENTS, squaredTolerance } from "./winograd-exact";
import {
  BY_BLAS, CHUNK_IMAGES, CHUNK_ROWS, CHUNK_TILES, chunkPlaneBytes, chunkRowsOf, CHUNKS, openChunk, preparePlane, roundUp, tileCount, TILES_X, TILES_Y,
  transformGradients, transformPixels, WINOGRAD_OWN, winogradByBlas,
} from "./winograd-tiles";

const D_OUT = WINOGRAD_OWN, X = WINOGRAD_OWN + 1, D_WEIGHT = WINOGRAD_OWN + 2, D_BIAS = WINOGRAD_OWN + 3, SUMS = WINOGRAD_OWN + 4;
const PARTS = WINOGRAD_OWN + 5, BLOCKS = WINOGRAD_OWN + 6, BLOCK_OUTPUTS = WINOGRAD_OWN + 7;
/** u16 for each pair of output and channel: which of its nine elements are to be computed anew; and for each output how many products that takes (f64). */
const FLAGS = WINOGRAD_OWN + 8, COSTS = WINOGRAD_OWN + 9;
/** With more than one of so many products to compute anew, the direct way is shorter for all of them. */
const FEW: f64 = 32;
/** One product by a list of gradients takes as long as so many by rows. */
const LISTED: i32 = 4;

const PANEL: i32 = 4;
/** Keeps the 16 streams that a transform reads or writes out of each other's sets, in the caches and in the translation of addresses: a page and a line. */
const STAGGER: i32 = 4096 + 64;
const CORNER_BYTES: i32 = 256;
/** The parts' sums together stay below this. */
const SUMS_BYTES: f64 = 32.0 * 1024 * 1024;

/** Whether an image is large enough for the transforms: with fewer pixels, some taps meet nothing but padding. */
export function winogradWeightSuits(outHeight: i32, outWidth: i32): bool {
  return outHeight > 1 && outWidth > 1;
}

/** Geometry is set before. False where the sums cancel so often that the gradient must be computed otherwise. */
export function winogradWeightGradient<T>(dOut: usize, x: usize, dWeight: usize, dBias: usize): bool {
  const channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), images = getInt(IMAGES);
  const panelChannels = tileColumns<T>(), lanes = <i32>(16 / sizeof<T>());
  setInt(D_OUT, dOut); setInt(X, x); setInt(D_WEIGHT, dWeight); setInt(D_BIAS, dBias);
  const across = (getInt(OUT_WIDTH) + 1) >> 1, down = (getInt(OUT_HEIGHT) + 1) >> 1;
  setInt(TILES_X, across); setInt(TILES_Y, down);
  const byBlas = winogradByBlas<T>(outputs, channels);
  setInt(BY_BLAS, byBlas ? 1 : 0);
  const wanted = !byBlas ? 64 : channels * outputs < 16_384 ? 128 : 256, rows = chunkRowsOf(wanted);
  const together = rows == down ? max(1, min(images, wanted / (across * down))) : 1;
  setInt(CHUNK_ROWS, rows); setInt(CHUNK_IMAGES, together);
  const chunks = (images + together - 1) / together * ((down + rows - 1) / rows);
  setInt(CHUNKS, chunks); setInt(CHUNK_TILES, roundUp(together * rows * across, panelChannels));

  const paddedChannels = roundUp(channels, panelChannels);
  const partBytes = 16.0 * (<f64>roundUp(outputs, PANEL) * <f64>paddedChannels * <f64>sizeof<T>() + <f64>STAGGER);
  const parts = max(1, min(min(chunks, 16), <i32>(SUMS_BYTES / partBytes)));
  // Every block of outputs transforms the pixels again, so blocks are not small.
  const blocks = max(1, min((outputs + 63) / 64, (16 + parts - 1) / parts));
  const blockOutputs = roundUp((outputs + blocks - 1) / blocks, PANEL);
  setInt(PARTS, parts); setInt(BLOCK_OUTPUTS, blockOutputs); setInt(BLOCKS, (outputs + blockOutputs - 1) / blockOutputs);
  const sums = temporary(<usize>partBytes * parts);
  setInt(SUMS, sums);
  const tiles = getInt(CHUNK_TILES), elementBytes = <i32>sizeof<T>();
  ensureScratch(
    <i64>CORNER_BYTES + chunkPlaneBytes<T>() + 16 * (<i64>tiles * (lanes + paddedChannels + blockOutputs) * elementBytes + 2 * STAGGER),
  );
  parallelFor(sizeof<T>() == 8 ? partTaskF64 : partTaskF32, parts * getInt(BLOCKS));
  const costs = temporary((<usize>outputs << 3) + (<usize>(outputs * channels) << 1));
  setInt(COSTS, costs); setInt(FLAGS, costs + (<usize>outputs << 3));
  parallelFor(sizeof<T>() == 8 ? finishTaskF64 : finishTaskF32, outputs);
  freeTemporary(sums);
  let cost: f64 = 0;
  for (let o = 0; o < outputs; o++) cost += load<f64>(costs + (<usize>o << 3));
  const isFew = cost <= 9 * <f64>outputs * <f64>channels * <f64>pixelsOfOutput() / FEW;
  if (cost > 0 && isFew) {
    ensureScratch(MOST_GRADIENTS * GRADIENT_BYTES);
    parallelFor(sizeof<T>() == 8 ? mendTaskF64 : mendTaskF32, outputs);
  }
  freeTemporary(costs);
  return isFew;
}

function pixelsOfOutput(): i32 {
  return getInt(IMAGES) * getInt(OUT_HEIGHT) * getInt(OUT_WIDTH);
}

/** Whether the list of so many gradients is the shorter way. */
function suitsList(gradients: i32): bool {
  return gradients <= MOST_GRADIENTS && gradients * LISTED < pixelsOfOutput();
}

/** The flagged elements of one output. They are many where few of its gradients are not zero. */
function mendTask<T>(output: i32): void {
  const channels = getInt(CHANNELS);
  if (load<f64>(getPointer(COSTS) + (<usize>output << 3)) == 0) return;
  const dOut = getPointer(D_OUT), x = getPointer(X), count = countGradients<T>(dOut, output), isListed = suitsList(count);
  if (isListed) listGradients<T>(dOut, output, scratch());
  for (let c = 0; c < channels; c++) {
    const pair = <usize>(output * channels + c);
    for (let flags = <u32>load<u16>(getPointer(FLAGS) + (pair << 1)); flags != 0; flags &= flags - 1) {
      const tap = <i32>ctz<u32>(flags);
      const to = getPointer(D_WEIGHT) + (pair * 9 + <usize>tap) * sizeof<T>();
      // What is a number was made of finite pixels.
      const isNumber = isFinite<T>(load<T>(to));
      store<T>(to, isListed && isNumber ? exactWeightOf<T>(scratch(), count, x, c, tap / 3, tap % 3) : exactWeight<T>(dOut, x, output, c, tap / 3, tap % 3));
    }
  }
}
function mendTaskF32(task: i32): void { mendTask<f32>(task); }
function mendTaskF64(task: i32): void { mendTask<f64>(task); }

/** One part of the chunks, one block of outputs. */
function partTask<T>(task: i32): void {
  const blocks = getInt(BLOCKS), part = task / blocks, channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), tiles = getInt(CHUNK_TILES);
  const panelChannels = tileColumns<T>(), lanes = <i32>(16 / sizeof<T>());
  const paddedChannels = roundUp(channels, panelChannels), paddedOutputs = roundUp(outputs, PANEL);
  const firstOutput = (task % blocks) * getInt(BLOCK_OUTPUTS), lastOutput = min(outputs, firstOutput + getInt(BLOCK_OUTPUTS));
  const corner = scratch(), strip = corner + CORNER_BYTES, room = strip + <usize>(16 * lanes * tiles) * sizeof<T>();
  const pixels = room + chunkPlaneBytes<T>(), pixelStep = <usize>(tiles * paddedChannels) * sizeof<T>() + STAGGER;
  const gradients = pixels + 16 * pixelStep, gradientStep = <usize>(tiles * getInt(BLOCK_OUTPUTS)) * sizeof<T>() + STAGGER;
  const sumStep = <usize>(paddedOutputs * paddedChannels) * sizeof<T>() + STAGGER, sumRow = <usize>paddedChannels * sizeof<T>();
  const sums = getPointer(SUMS) + <usize>part * 16 * sumStep + <usize>firstOutput * sumRow;

  memory.fill(room, 0, chunkPlaneBytes<T>());
  const firstChunk = part * getInt(CHUNKS) / getInt(PARTS), lastChunk = (part + 1) * getInt(CHUNKS) / getInt(PARTS);
  for (let chunk = firstChunk; chunk < lastChunk; chunk++) {
    openChunk(chunk);
    // Chunks of different places share one room: the padding of one is pixels of another.
    if (getInt(CHUNK_ROWS) < getInt(TILES_Y)) memory.fill(room, 0, chunkPlaneBytes<T>());
    if (getInt(BY_BLAS) != 0) {
      multiplyChunkByBlas<T>(firstOutput, lastOutput, pixels, pixelStep, gradients, gradientStep, room, corner, chunk > firstChunk, sums, sumStep);
      continue;
    }
    transformSide<T>(true, 0, channels, panelChannels, pixels, pixelStep, room, strip, corner);
    transformSide<T>(false, firstOutput, lastOutput, PANEL, gradients, gradientStep, room, strip, corner);
    for (let e: usize = 0; e < 16; e++) {
      multiplyPanels<T>(
        PANEL, tileCount, tiles, roundUp(lastOutput - firstOutput, PANEL), paddedChannels, gradients + e * gradientStep, pixels + e * pixelStep,
        sums + e * sumStep, sumRow, chunk > firstChunk, 0, false, 0,
      );
    }
  }
}
function partTaskF32(task: i32): void { partTask<f32>(task); }
function partTaskF64(task: i32): void { partTask<f64>(task); }

/** The open chunk's part of the sums, for outputs `first` to `last`: both operands as rows of tiles, which is how BLAS takes them. */
function multiplyChunkByBlas<T>(
  first: i32, last: i32, pixels: usize, pixelStep: usize, gradients: usize, gradientStep: usize, room: usize, corner: usize, add: bool,
  sums: usize, sumStep: usize,
): void {
  const channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), tiles = getInt(CHUNK_TILES), row = <usize>tiles * sizeof<T>();
  for (let c = 0; c < channels; c++) {
    preparePlane<T>(getPointer(X), c, room);
    transformPixels<T>(room, pixels + <usize>c * row, pixelStep, 32, corner);
  }
  for (let o = first; o < last; o++) {
    transformGradients<T>(getPointer(D_OUT), o, outputs, gradients + <usize>(o - first) * row, gradientStep, corner);
  }
  const columns = roundUp(channels, tileColumns<T>());
  for (let e: usize = 0; e < 16; e++) {
    blasMultiply<T>(
      false, true, last - first, channels, tileCount, gradients + e * gradientStep, tiles, pixels + e * pixelStep, tiles, add,
      sums + e * sumStep, columns,
    );
  }
}

/** Transforms planes `first` to `last` of the open chunk, of x or of dOut, into panels [16][plane / width][tile][width]. */
// @ts-ignore: decorator
@inline function transformSide<T>(
  ofPixels: bool, first: i32, last: i32, width: i32, to: usize, step: usize, room: usize, strip: usize, corner: usize,
): void {
  const lanes = <i32>(16 / sizeof<T>());
  const tiles = getInt(CHUNK_TILES), rowBytes = <usize>width * sizeof<T>();
  const planeBytes = <usize>tiles * sizeof<T>(), stripStep = <usize>lanes * planeBytes, padded = roundUp(last - first, width);
  // As many planes as a vector has lanes go to `strip`, [16][plane][tile], and are turned around from there.
  for (let p = 0; p < padded; p += lanes) {
    const panel = to + <usize>(p / width * tiles) * rowBytes + <usize>(p % width) * sizeof<T>();
    for (let lane = 0; lane < lanes; lane++) {
      const plane = first + p + lane, at = strip + <usize>lane * planeBytes;
      if (plane >= last) {
        for (let e: usize = 0; e < 16; e++) memory.fill(at + e * stripStep, 0, planeBytes);
      } else if (ofPixels) {
        preparePlane<T>(getPointer(X), plane, room);
        transformPixels<T>(room, at, stripStep, 32, corner);
      } else {
        transformGradients<T>(getPointer(D_OUT), plane, getInt(OUTPUTS), at, stripStep, corner);
      }
    }
    for (let e: usize = 0; e < 16; e++) {
      const from = strip + e * stripStep, target = panel + e * step;
      for (let i = 0; i < tileCount; i += lanes) transposeSquare<T>(target + <usize>i * rowBytes, rowBytes, from + <usize>i * sizeof<T>(), planeBytes);
    }
  }
}

/**
 * Adds the parts of one output in order, G' u G of every channel, and the bias; flags what is too small beside u, or no number. Channels
 * in lanes.
 */
function finishTask<T>(output: i32): void {
  const lanes = <i32>(16 / sizeof<T>()), channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), parts = getInt(PARTS);
  const paddedChannels = roundUp(channels, tileColumns<T>());
  const step = <usize>(roundUp(outputs, PANEL) * paddedChannels) * sizeof<T>() + STAGGER;
  const u = scratch(), half = v128.splat<T>(0.5), zero = v128.splat<T>(0), tolerance = v128.splat<T>(squaredTolerance<T>(getInt(CHUNK_TILES) * getInt(CHUNKS)));
  let count = 0;
  for (let c = 0; c < channels; c += lanes) {
    const from = getPointer(SUMS) + <usize>(output * paddedChannels + c) * sizeof<T>();
    let squares = zero;
    for (let e: usize = 0; e < 16; e++) {
      let sum = zero, at = from + e * step;
      for (let part = 0; part < parts; part++) {
        sum = v128.add<T>(sum, v128.load(at));
        at += 16 * step;
      }
      v128.store(u + (e << 4), sum);
      squares = multiplyAdd<T>(squares, sum, sum);
    }
    // Three rows of G' u over its first one, then each times G, over the same place.
    for (let column: usize = 0; column < 64; column += 16) {
      const at = u + column;
      const a = v128.load(at), b = v128.load(at, 64), d = v128.load(at, 128), z = v128.load(at, 192), sum = v128.mul<T>(half, v128.add<T>(b, d));
      v128.store(at, v128.add<T>(a, sum));
      v128.store(at, v128.mul<T>(half, v128.sub<T>(b, d)), 64);
      v128.store(at, v128.add<T>(sum, z), 128);
    }
    const least = v128.mul<T>(squares, tolerance);
    let large = v128.eq<T>(zero, zero);
    for (let r: usize = 0; r < 3; r++) {
      const at = u + (r << 6), to = u + 48 * r;
      const a = v128.load(at), b = v128.load(at, 16), d = v128.load(at, 32), z = v128.load(at, 48), sum = v128.mul<T>(half, v128.add<T>(b, d));
      const left = v128.add<T>(a, sum), middle = v128.mul<T>(half, v128.sub<T>(b, d)), right = v128.add<T>(sum, z);
      large = v128.and(large, v128.gt<T>(v128.mul<T>(left, left), least));
      large = v128.and(large, v128.and(v128.gt<T>(v128.mul<T>(middle, middle), least), v128.gt<T>(v128.mul<T>(right, right), least)));
      v128.store(to, left);
      v128.store(to, middle, 16);
      v128.store(to, right, 32);
    }
    const isExact = v128.all_true<i32>(v128.or(large, v128.eq<T>(squares, zero)));
    v128.store(u, least, 144);
    for (let lane = 0; lane < lanes && c + lane < channels; lane++) {
      const pair = <usize>(output * channels + c + lane), cell = u + <usize>lane * sizeof<T>();
      let to = getPointer(D_WEIGHT) + pair * 9 * sizeof<T>();
      for (let tap: usize = 0; tap < 144; tap += 16) {
        store<T>(to, load<T>(cell + tap));
        to += sizeof<T>();
      }
      const flags = isExact ? 0 : flagsOf<T>(cell, load<T>(cell, 144));
      store<u16>(getPointer(FLAGS) + (pair << 1), <u16>flags);
      count += popcnt(flags);
    }
  }
  store<f64>(getPointer(COSTS) + (<usize>output << 3), count == 0 ? 0 : <f64>count * <f64>productsOf<T>(output));
  const dBias = getPointer(D_BIAS);
  if (dBias != 0) store<T>(dBias + <usize>output * sizeof<T>(), sumOfOutput<T>(output));
}

/** How many products one element of an output takes, or as long as how many. */
function productsOf<T>(output: i32): i32 {
  const gradients = countGradients<T>(getPointer(D_OUT), output);
  return suitsList(gradients) ? max(1, LISTED * gradients) : pixelsOfOutput();
}

/** Of nine elements in a lane of vectors. */
function flagsOf<T>(cell: usize, least: T): i32 {
  let flags = 0;
  for (let tap = 0; tap < 9; tap++) {
    const value = load<T>(cell + (<usize>tap << 4));
    if (!(value * value > least) && value != 0) flags |= 1 << tap;
  }
  return flags;
}

function finishTaskF32(task: i32): void { finishTask<f32>(task); }
function finishTaskF64(task: i32): void { finishTask<f64>(task); }

/** The sum of dOut over images and pixels: pixels in lanes, then image by image. */
function sumOfOutput<T>(output: i32): T {
  const lanes = <i32>(16 / sizeof<T>()), outputs = getInt(OUTPUTS), pixels = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH);
  let total: T = 0;
  for (let image = 0; image < getInt(IMAGES); image++) {
    let at = getPointer(D_OUT) + <usize>(image * outputs + output) * <usize>pixels * sizeof<T>();
    let sum = v128.splat<T>(0), i = 0;
    for (; i + lanes <= pixels; i += lanes) {
      sum = v128.add<T>(sum, v128.load(at));
      at += 16;
    }
    let plane = v128.extract_lane<T>(sum, 0) + v128.extract_lane<T>(sum, 1);
    if (sizeof<T>() == 4) plane += v128.extract_lane<T>(sum, 2) + v128.extract_lane<T>(sum, 3);
    for (; i < pixels; i++) {
      plane += load<T>(at);
      at += sizeof<T>();
    }
    total += plane;
  }
  return total;
}

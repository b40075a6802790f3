/**
 * Correlation of many images with packed weights: the forward pass, and the input gradient (the same with the weights
 * turned around and the two channel counts exchanged).
 *
 * An implicit matrix product: weights are packed in panels of up to four outputs, `[tap][rows]`, and multiplied with two
 * vectors of output pixels at a time, which lie anywhere in the output (so that narrow rows leave no lanes idle). The last
 * vector of a row overlaps its neighbour, and writes the same values again.
 */
import { getInt, getPointer, setInt } from "./control";
import {
  CHANNELS, DILATION_X, DILATION_Y, GROUPS, HEIGHT, IMAGES, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, OWN, PLANE,
  planesBytes, planesOf, preparePlanes, ROW, SPREAD_Y, STRIDE_X, STRIDE_Y, tapOffset, TAPS, TOP, WIDTH,
} from "./conv-job";
import { ensureScratch, parallelFor, scratch } from "./pool";

const SOURCE = OWN, OUT = OWN + 1, WEIGHTS = OWN + 2, BIAS = OWN + 3, OUTPUT_STEP = OWN + 4, CHANNEL_STEP = OWN + 5, GROUP_STEP = OWN + 6;
const TAP_STEP = OWN + 7, PACKED = OWN + 8, PACKED_BIAS = OWN + 9, ROUNDS = OWN + 10, ROUND_STEP = OWN + 11, RUN_LENGTH = OWN + 12;
const RUN_STEP = OWN + 13, RUN_TABLE = OWN + 14, PIXEL_TABLE = OWN + 15, PIXEL_END = OWN + 16, UNITS = OWN + 17, UNITS_PER_TASK = OWN + 18;
const BLOCKS = OWN + 19, BLOCK_OUTPUTS = OWN + 20;

/** Longest list of runs that covers all channels. */
const SHORT_LIST: i32 = 64;
/** An entry of the table of pixels: four offsets and two pointers. */
const PAIR_BYTES: usize = 24;
/** Outputs in a panel of weights. */
const PANEL: i32 = 4;
/** Products worth a task: some 25 microseconds. */
const TASK_PRODUCTS: f64 = 400_000;
/** A block's packed weights stay in half of the second cache. */
const BLOCK_BYTES: i32 = 1 << 19;

/**
 * Geometry is set before. Weight of group g, output o, channel c and tap t: `weights + (g * groupStep + o * outputStep +
 * c * channelStep + t * tapStep)` elements.
 */
export function correlate<T>(
  source: usize, weights: usize, bias: usize, out: usize, groupStep: i32, outputStep: i32, channelStep: i32, tapStep: i32,
): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), taps = getInt(TAPS), images = getInt(IMAGES);
  const lanes = <i32>(16 / sizeof<T>());
  setInt(SOURCE, source); setInt(OUT, out); setInt(WEIGHTS, weights); setInt(BIAS, bias);
  setInt(GROUP_STEP, groupStep); setInt(OUTPUT_STEP, outputStep); setInt(CHANNEL_STEP, channelStep); setInt(TAP_STEP, tapStep);

  const bytes = <usize>(groups * outputs) * <usize>taps * sizeof<T>();
  const packed = heap.alloc(bytes + 16), packedBias = heap.alloc(<usize>(groups * outputs) * sizeof<T>());
  setInt(PACKED, packed); setInt(PACKED_BIAS, packedBias);
  buildTables<T>(lanes);

  const products = <f64>taps * <f64>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH));
  let block = max(PANEL, min((outputs + PANEL - 1) / PANEL, BLOCK_BYTES / (taps * <i32>sizeof<T>()) / PANEL) * PANEL);
  // A batch too small to keep threads busy is cut along the outputs as well.
  while (block > 2 * PANEL && images * groups * ((outputs + block - 1) / block) < 16 && products * <f64>block > 2 * TASK_PRODUCTS) {
    block = (block / 2 + PANEL - 1) / PANEL * PANEL;
  }
  block = min(block, outputs);
  const blocks = (outputs + block - 1) / block, units = images * groups * blocks;
  const perTask = max(1, <i32>Math.min(<f64>units, TASK_PRODUCTS / (products * <f64>block)));
  setInt(BLOCKS, blocks); setInt(BLOCK_OUTPUTS, block); setInt(UNITS, units); setInt(UNITS_PER_TASK, perTask);

  ensureScratch(planesBytes<T>() + 2 * PANEL * 16);
  const big = <f64>bytes > 100_000;
  const packTasks = groups * ((outputs + PANEL - 1) / PANEL);
  if (big) parallelFor(sizeof<T>() == 8 ? packTaskF64 : packTaskF32, packTasks);
  else for (let i = 0; i < packTasks; i++) packTask<T>(i);
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, (units + perTask - 1) / perTask);
  heap.free(packed); heap.free(packedBias); heap.free(getPointer(PIXEL_TABLE)); heap.free(getPointer(RUN_TABLE));
}

/**
 * Pairs of vectors of output pixels: for each vector its origin in the padded plane and its place in the output, in bytes,
 * then begin and end of the list of runs that the pair needs.
 *
 * A run is a row of taps at equal steps: its offset in the plane, in bytes, and its first tap. Runs that meet nothing but
 * the zeros above, below or between the source's rows are left out. The list covers one channel and is gone through for
 * each, unless all of them make a short list. A 1x1 kernel has its channels as the one run.
 */
function buildTables<T>(lanes: i32): void {
  const height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH);
  const elementBytes = <i32>sizeof<T>(), planeStep = getInt(PLANE) * elementBytes;
  const ofChannels = kernelHeight == 1 && kernelWidth == 1, ofRows = getInt(STRIDE_X) == 1;
  const length = ofChannels ? getInt(CHANNELS) : ofRows ? kernelWidth : 1;
  setInt(RUN_LENGTH, length);
  setInt(RUN_STEP, ofChannels ? planeStep : getInt(DILATION_X) * elementBytes);
  const runsOfChannel = kernelHeight * (ofRows ? 1 : kernelWidth);
  const listed = ofChannels || runsOfChannel * getInt(CHANNELS) > SHORT_LIST ? 1 : getInt(CHANNELS);
  setInt(ROUNDS, ofChannels ? 1 : getInt(CHANNELS) / listed);
  setInt(ROUND_STEP, planeStep);

  const perRow = (width + lanes - 1) / lanes, vectors = height * perRow, pairs = (vectors + 1) >> 1;
  const pixelTable = heap.alloc(<usize>pairs * PAIR_BYTES);
  const runTable = heap.alloc(<usize>(2 * height * runsOfChannel * listed) << 3);
  setInt(PIXEL_TABLE, pixelTable); setInt(PIXEL_END, pixelTable + <usize>pairs * PAIR_BYTES); setInt(RUN_TABLE, runTable);
  const last = max(0, width - lanes);
  let begin = runTable, end = runTable, upper = -1, lower = -1;
  for (let pair = 0; pair < pairs; pair++) {
    const at = pixelTable + <usize>pair * PAIR_BYTES;
    // An odd vector out is paired with itself.
    const v0 = 2 * pair, v1 = min(vectors - 1, v0 + 1);
    const y0 = v0 / perRow, y1 = v1 / perRow, x0 = min(v0 % perRow * lanes, last), x1 = min(v1 % perRow * lanes, last);
    if (y0 != upper || y1 != lower) {
      upper = y0; lower = y1;
      begin = end;
      for (let c = 0; c < listed; c++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          if (!meetsSource(y0, ky) && !meetsSource(y1, ky)) continue;
          for (let kx = 0; kx < kernelWidth; kx += length) {
            store<i32>(end, tapOffset(ky, kx) * elementBytes + c * planeStep);
            store<i32>(end, (c * kernelHeight + ky) * kernelWidth + kx, 4);
            end += 8;
          }
        }
      }
    }
    store<i32>(at, (y0 * getInt(STRIDE_Y) * getInt(ROW) + x0) * elementBytes);
    store<i32>(at, (y0 * width + x0) * elementBytes, 4);
    store<i32>(at, (y1 * getInt(STRIDE_Y) * getInt(ROW) + x1) * elementBytes, 8);
    store<i32>(at, (y1 * width + x1) * elementBytes, 12);
    store<usize>(at, begin, 16);
    store<usize>(at, end, 20);
  }
}

/** Whether kernel row `ky` meets a row of the source when it is at output row `y`. */
function meetsSource(y: i32, ky: i32): bool {
  const row = y * getInt(STRIDE_Y) + ky * getInt(DILATION_Y) - getInt(TOP), spread = getInt(SPREAD_Y);
  return row >= 0 && row % spread == 0 && row / spread < getInt(HEIGHT);
}

/** Packs the weights and biases of one panel. */
function packTask<T>(task: i32): void {
  const outputs = getInt(OUTPUTS), taps = getInt(TAPS), panels = (outputs + PANEL - 1) / PANEL;
  const group = task / panels, first = (task % panels) * PANEL, rows = min(PANEL, outputs - first);
  const channels = getInt(CHANNELS), area = taps / channels;
  const source = getPointer(WEIGHTS) + <usize>(group * getInt(GROUP_STEP) + first * getInt(OUTPUT_STEP)) * sizeof<T>();
  const at = <usize>(group * outputs + first);
  const rowStep = <usize>getInt(OUTPUT_STEP) * sizeof<T>(), tapStep = <usize>getInt(TAP_STEP) * sizeof<T>();
  let to = getPointer(PACKED) + at * <usize>taps * sizeof<T>();
  for (let c = 0; c < channels; c++) {
    let from = source + <usize>(c * getInt(CHANNEL_STEP)) * sizeof<T>();
    for (let t = 0; t < area; t++) {
      let row = from;
      for (let r = 0; r < rows; r++) {
        store<T>(to, load<T>(row));
        row += rowStep;
        to += sizeof<T>();
      }
      from += tapStep;
    }
  }
  const bias = getPointer(BIAS);
  for (let r = 0; r < rows; r++) {
    const place = (at + r) * sizeof<T>();
    store<T>(getPointer(PACKED_BIAS) + place, bias == 0 ? 0 : load<T>(bias + place));
  }
}
function packTaskF32(task: i32): void { packTask<f32>(task); }
function packTaskF64(task: i32): void { packTask<f64>(task); }

/** Some units; a unit is one image, one group, one block of outputs. */
function runTask<T>(task: i32): void {
  const blocks = getInt(BLOCKS), groups = getInt(GROUPS), outputs = getInt(OUTPUTS), block = getInt(BLOCK_OUTPUTS);
  const outPlane = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH), taps = getInt(TAPS);
  const corner = scratch(), room = corner + 2 * PANEL * 16;
  memory.fill(room, 0, planesBytes<T>());
  const first = task * getInt(UNITS_PER_TASK), last = min(getInt(UNITS), first + getInt(UNITS_PER_TASK));
  for (let unit = first; unit < last; unit++) {
    const output = (unit % blocks) * block, group = unit / blocks % groups, image = unit / blocks / groups;
    const planes = preparePlanes<T>(planesOf<T>(getPointer(SOURCE), image, group, getInt(CHANNELS), getInt(HEIGHT) * getInt(WIDTH)), room);
    const out = planesOf<T>(getPointer(OUT), image, group, outputs, outPlane);
    const end = min(outputs, output + block);
    for (let pixels = getPointer(PIXEL_TABLE), pixelsEnd = getPointer(PIXEL_END); pixels < pixelsEnd; pixels += PAIR_BYTES) {
      for (let o = output; o < end; o += PANEL) {
        const at = <usize>(group * outputs + o) * sizeof<T>();
        const weights = getPointer(PACKED) + at * <usize>taps, bias = getPointer(PACKED_BIAS) + at;
        const to = out + <usize>(o * outPlane) * sizeof<T>();
        const rows = end - o;
        if (rows >= 4) rows4<T>(weights, bias, planes, pixels, to, corner);
        else if (rows == 3) rows3<T>(weights, bias, planes, pixels, to, corner);
        else if (rows == 2) rows2<T>(weights, bias, planes, pixels, to, corner);
        else rows1<T>(weights, bias, planes, pixels, to, corner);
      }
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

function rows4<T>(w: usize, bias: usize, planes: usize, pixels: usize, out: usize, corner: usize): void { tile<T>(4, w, bias, planes, pixels, out, corner); }
function rows3<T>(w: usize, bias: usize, planes: usize, pixels: usize, out: usize, corner: usize): void { tile<T>(3, w, bias, planes, pixels, out, corner); }
function rows2<T>(w: usize, bias: usize, planes: usize, pixels: usize, out: usize, corner: usize): void { tile<T>(2, w, bias, planes, pixels, out, corner); }
function rows1<T>(w: usize, bias: usize, planes: usize, pixels: usize, out: usize, corner: usize): void { tile<T>(1, w, bias, planes, pixels, out, corner); }

/** `rows` outputs (a constant) at two vectors of pixels. */
// @ts-ignore: decorator
@inline function tile<T>(rows: i32, weights: usize, bias: usize, planes: usize, pixels: usize, out: usize, corner: usize): void {
  const one = sizeof<T>();
  let c00 = v128.load_splat<T>(bias), c01 = c00;
  let c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  if (rows > 1) { c10 = v128.load_splat<T>(bias, one); c11 = c10; }
  if (rows > 2) { c20 = v128.load_splat<T>(bias, 2 * one); c21 = c20; }
  if (rows > 3) { c30 = v128.load_splat<T>(bias, 3 * one); c31 = c30; }
  let origin0 = planes + load<usize>(pixels), origin1 = planes + load<usize>(pixels, 8);
  const firstRun = load<usize>(pixels, 16), lastRun = load<usize>(pixels, 20);
  const step = getPointer(RUN_STEP), length = <usize>(getInt(RUN_LENGTH) * rows) * one;
  const roundStep = getPointer(ROUND_STEP), roundTaps = <usize>(getInt(TAPS) / getInt(ROUNDS) * rows) * one;
  for (let round = getInt(ROUNDS); round > 0; round--) {
    for (let run = firstRun; run != lastRun; run += 8) {
      const offset = load<usize>(run);
      let x0 = origin0 + offset, x1 = origin1 + offset;
      let w = weights + load<usize>(run, 4) * (<usize>rows * one);
      const runEnd = w + length;
      do {
        const b0 = v128.load(x0), b1 = v128.load(x1);
        let s = v128.load_splat<T>(w);
        c00 = v128.add<T>(c00, v128.mul<T>(s, b0)); c01 = v128.add<T>(c01, v128.mul<T>(s, b1));
        if (rows > 1) {
          s = v128.load_splat<T>(w, one);
          c10 = v128.add<T>(c10, v128.mul<T>(s, b0)); c11 = v128.add<T>(c11, v128.mul<T>(s, b1));
        }
        if (rows > 2) {
          s = v128.load_splat<T>(w, 2 * one);
          c20 = v128.add<T>(c20, v128.mul<T>(s, b0)); c21 = v128.add<T>(c21, v128.mul<T>(s, b1));
        }
        if (rows > 3) {
          s = v128.load_splat<T>(w, 3 * one);
          c30 = v128.add<T>(c30, v128.mul<T>(s, b0)); c31 = v128.add<T>(c31, v128.mul<T>(s, b1));
        }
        w += <usize>rows * one;
        x0 += step;
        x1 += step;
      } while (w != runEnd);
    }
    origin0 += roundStep;
    origin1 += roundStep;
    weights += roundTaps;
  }
  const width = getInt(OUT_WIDTH), lanes = <i32>(16 / sizeof<T>());
  const outPlane = <usize>(getInt(OUT_HEIGHT) * width) * one;
  const out0 = out + load<usize>(pixels, 4), out1 = out + load<usize>(pixels, 12);
  if (width >= lanes) {
    v128.store(out0, c00); v128.store(out1, c01);
    if (rows > 1) { v128.store(out0 + outPlane, c10); v128.store(out1 + outPlane, c11); }
    if (rows > 2) { v128.store(out0 + 2 * outPlane, c20); v128.store(out1 + 2 * outPlane, c21); }
    if (rows > 3) { v128.store(out0 + 3 * outPlane, c30); v128.store(out1 + 3 * outPlane, c31); }
    return;
  }
  v128.store(corner, c00); v128.store(corner, c01, 16);
  if (rows > 1) { v128.store(corner, c10, 32); v128.store(corner, c11, 48); }
  if (rows > 2) { v128.store(corner, c20, 64); v128.store(corner, c21, 80); }
  if (rows > 3) { v128.store(corner, c30, 96); v128.store(corner, c31, 112); }
  for (let r = 0; r < rows; r++) {
    for (let x = 0; x < width; x++) {
      const at = <usize>x * one, from = corner + (<usize>r << 5) + at, to = <usize>r * outPlane + at;
      store<T>(out0 + to, load<T>(from));
      store<T>(out1 + to, load<T>(from, 16));
    }
  }
}

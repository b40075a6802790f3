/**
 * Weight and bias gradient of a convolution: for every output and tap, the dot product of dOut with the pixels that the tap
 * meets, over all output pixels of all images.
 *
 * Lanes run along the output row. dOut is packed in panels of up to four outputs, `[vector][outputs]`, and multiplied with
 * two to four taps at a time. Images are split into a fixed number of parts (by the problem alone); each has a sum of its own, and the
 * sums are added in order.
 */
import { getInt, getPointer, setInt } from "./control";
import {
  CHANNELS, GROUPS, HEIGHT, IMAGES, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, OWN, PLANE, planesBytes, planesOf,
  preparePlanes, ROW, STRIDE_Y, tapOffset, TAPS, WIDTH,
} from "./conv-job";
import { ensureScratch, parallelFor, scratch } from "./pool";

const D_OUT = OWN, X = OWN + 1, D_WEIGHT = OWN + 2, D_BIAS = OWN + 3, SUMS = OWN + 4, BIAS_SUMS = OWN + 5, TAP_TABLE = OWN + 6;
const PARTS = OWN + 7, BLOCKS = OWN + 8, BLOCK_PANELS = OWN + 9, VECTORS = OWN + 10, TAIL = OWN + 11, PANELS = OWN + 12;
/** Outputs of a panel, and taps of a tile. */
const PANEL = OWN + 13, TILE_TAPS = OWN + 14;
/** Where the vectors of dOut lie in the padded plane, whole ones first, then the tails. */
const OFFSETS = OWN + 15, TAIL_OFFSETS = OWN + 16, OFFSETS_END = OWN + 17;
/** Sums of a panel at one tap, some of them idle in a narrower panel. */
const SUMS_WIDTH: i32 = 4;
/** Entries of the table of taps past its end. */
const SPARE_TAPS: i32 = 3;

const TASK_PRODUCTS: f64 = 400_000;

// @ts-ignore: decorator
@inline function roundUp(value: i32, unit: i32): i32 {
  return (value + unit - 1) / unit * unit;
}

/** Geometry is set before. */
export function weightGradient<T>(dOut: usize, x: usize, dWeight: usize, dBias: usize): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), taps = getInt(TAPS), images = getInt(IMAGES);
  const lanes = <i32>(16 / sizeof<T>());
  const panel = outputs < 3 ? outputs : (outputs + 2) / 3 * 3 < (outputs + 3) / 4 * 4 ? 3 : 4;
  const panels = (outputs + panel - 1) / panel, tileTaps = panel == 4 ? 2 : panel == 3 ? 3 : 4;
  setInt(PANEL, panel); setInt(TILE_TAPS, tileTaps);
  setInt(D_OUT, dOut); setInt(X, x); setInt(D_WEIGHT, dWeight); setInt(D_BIAS, dBias); setInt(PANELS, panels);
  const pixels = <f64>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH));
  const all = <f64>(groups * outputs) * <f64>taps * pixels * <f64>images;
  const wanted = <i32>Math.max(1, Math.min(16, all / TASK_PRODUCTS));
  const parts = max(1, min(images, min(wanted, <f64>(groups * outputs) * <f64>taps > 50_000 ? 8 : 16)));
  const blocks = max(1, min(panels, (wanted + parts * groups - 1) / (parts * groups)));
  const perBlock = (panels + blocks - 1) / blocks;
  setInt(PARTS, parts); setInt(BLOCKS, (panels + perBlock - 1) / perBlock); setInt(BLOCK_PANELS, perBlock);

  const width = getInt(OUT_WIDTH);
  setInt(VECTORS, width / lanes); setInt(TAIL, width % lanes);
  const sums = heap.alloc(<usize>(parts * groups * panels * SUMS_WIDTH) * <usize>roundUp(taps, tileTaps) * sizeof<T>());
  const biasSums = heap.alloc(<usize>(parts * groups * panels * SUMS_WIDTH) * sizeof<T>());
  const tapTable = buildTapTable<T>();
  setInt(SUMS, sums); setInt(BIAS_SUMS, biasSums); setInt(TAP_TABLE, tapTable);
  buildOffsets<T>();

  const vectors = getInt(OUT_HEIGHT) * ((width + lanes - 1) / lanes);
  ensureScratch(planesBytes<T>() + vectors * panel * 16);
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, parts * groups * getInt(BLOCKS));
  if (<f64>parts * <f64>(groups * outputs) * <f64>taps > 200_000) {
    parallelFor(sizeof<T>() == 8 ? reduceTaskF64 : reduceTaskF32, groups * panels);
  } else {
    for (let i = 0; i < groups * panels; i++) reduceTask<T>(i);
  }
  heap.free(sums); heap.free(biasSums); heap.free(tapTable); heap.free(getPointer(OFFSETS));
}

/** Offset of every tap in a group's padded planes, in bytes; the last one a few times more. */
function buildTapTable<T>(): usize {
  const channels = getInt(CHANNELS), kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH);
  const table = heap.alloc(<usize>(getInt(TAPS) + SPARE_TAPS) << 2);
  let at = table, offset = 0;
  for (let c = 0; c < channels; c++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        offset = (c * getInt(PLANE) + tapOffset(ky, kx)) * <i32>sizeof<T>();
        store<i32>(at, offset);
        at += 4;
      }
    }
  }
  for (let i = 0; i < SPARE_TAPS; i++) store<i32>(at + (<usize>i << 2), offset);
  return table;
}

/** In bytes, in the order of the packed dOut. */
function buildOffsets<T>(): void {
  const height = getInt(OUT_HEIGHT), vectors = getInt(VECTORS), tails = getInt(TAIL) > 0 ? height : 0;
  const rowBytes = getInt(STRIDE_Y) * getInt(ROW) * <i32>sizeof<T>();
  const table = heap.alloc(<usize>(height * vectors + tails) << 2), tailTable = table + (<usize>(height * vectors) << 2);
  for (let i = 0; i < height * vectors; i++) store<i32>(table + (<usize>i << 2), i / vectors * rowBytes + (i % vectors << 4));
  for (let y = 0; y < tails; y++) store<i32>(tailTable + (<usize>y << 2), y * rowBytes + (vectors << 4));
  setInt(OFFSETS, table); setInt(TAIL_OFFSETS, tailTable); setInt(OFFSETS_END, tailTable + (<usize>tails << 2));
}

/** One part of the images, one group, one block of outputs. */
function runTask<T>(task: i32): void {
  const blocks = getInt(BLOCKS), groups = getInt(GROUPS), images = getInt(IMAGES), parts = getInt(PARTS), taps = getInt(TAPS);
  const lanes = <i32>(16 / sizeof<T>());
  const block = task % blocks, group = task / blocks % groups, part = task / blocks / groups;
  const outputs = getInt(OUTPUTS), panels = getInt(PANELS);
  const firstPanel = block * getInt(BLOCK_PANELS), lastPanel = min(panels, firstPanel + getInt(BLOCK_PANELS));
  const outPlane = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH);
  const panelOutputs = getInt(PANEL), tileTaps = getInt(TILE_TAPS), paddedTaps = roundUp(taps, tileTaps);
  const vectors = getInt(OUT_HEIGHT) * ((getInt(OUT_WIDTH) + lanes - 1) / lanes);
  const packed = scratch(), room = packed + <usize>(vectors * panelOutputs * 16);
  memory.fill(room, 0, planesBytes<T>());
  const place = <usize>((part * groups + group) * panels * SUMS_WIDTH) * sizeof<T>();
  const sums = getPointer(SUMS) + place * <usize>paddedTaps, biasSums = getPointer(BIAS_SUMS) + place;
  const tapSums = <usize>SUMS_WIDTH * sizeof<T>(), panelSums = <usize>paddedTaps * tapSums;
  memory.fill(sums + <usize>firstPanel * panelSums, 0, <usize>(lastPanel - firstPanel) * panelSums);
  memory.fill(biasSums + <usize>firstPanel * tapSums, 0, <usize>(lastPanel - firstPanel) * tapSums);
  const firstImage = <i32>(<i64>part * images / parts), lastImage = <i32>(<i64>(part + 1) * images / parts);
  for (let image = firstImage; image < lastImage; image++) {
    const planes = preparePlanes<T>(planesOf<T>(getPointer(X), image, group, getInt(CHANNELS), getInt(HEIGHT) * getInt(WIDTH)), room);
    const dOut = planesOf<T>(getPointer(D_OUT), image, group, outputs, outPlane);
    for (let panel = firstPanel; panel < lastPanel; panel++) {
      const first = panel * panelOutputs;
      packGradient<T>(
        dOut + <usize>(first * outPlane) * sizeof<T>(), panelOutputs, min(panelOutputs, outputs - first), packed,
        biasSums + <usize>panel * tapSums,
      );
      let to = sums + <usize>panel * panelSums;
      const tapTable = getPointer(TAP_TABLE), tapEnd = tapTable + (<usize>taps << 2);
      for (let tap = tapTable; tap < tapEnd; tap += <usize>tileTaps << 2) {
        if (panelOutputs == 4) tile4x2<T>(packed, planes, tap, to);
        else if (panelOutputs == 3) tile3x3<T>(packed, planes, tap, to);
        else if (panelOutputs == 2) tile2x4<T>(packed, planes, tap, to);
        else tile1x4<T>(packed, planes, tap, to);
        to += <usize>tileTaps * tapSums;
      }
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

/** Packs a panel of dOut, whole vectors of all rows first, then the rows' tails filled up with zeros; adds up the biases. */
function packGradient<T>(dOut: usize, panel: i32, outputs: i32, packed: usize, biasSums: usize): void {
  const step = <usize>panel << 4;
  const lanes = <i32>(16 / sizeof<T>());
  const height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), vectors = getInt(VECTORS), tail = getInt(TAIL);
  for (let o = 0; o < panel; o++) {
    let to = packed + (<usize>o << 4), from = dOut;
    let sum = v128.splat<T>(0);
    if (o >= outputs) {
      const count = height * (vectors + (tail > 0 ? 1 : 0));
      for (let i = 0; i < count; i++) { v128.store(to, sum); to += step; }
      continue;
    }
    for (let y = 0; y < height; y++) {
      for (let v = 0; v < vectors; v++) {
        const value = v128.load(from);
        sum = v128.add<T>(sum, value);
        v128.store(to, value);
        to += step;
        from += 16;
      }
      from += <usize>tail * sizeof<T>();
    }
    if (tail > 0) {
      from = dOut + (<usize>vectors << 4);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < lanes; x++) {
          store<T>(to + <usize>x * sizeof<T>(), x < tail ? load<T>(from + <usize>x * sizeof<T>()) : 0);
        }
        sum = v128.add<T>(sum, v128.load(to));
        to += step;
        from += <usize>width * sizeof<T>();
      }
    }
    let total = v128.extract_lane<T>(sum, 0) + v128.extract_lane<T>(sum, 1);
    if (sizeof<T>() == 4) total += v128.extract_lane<T>(sum, 2) + v128.extract_lane<T>(sum, 3);
    const at = biasSums + <usize>o * sizeof<T>();
    store<T>(at, load<T>(at) + total);
    dOut += <usize>(height * width) * sizeof<T>();
  }
}

/** sums[4] += the sums over the lanes of four vectors. */
// @ts-ignore: decorator
@inline function addLaneSums<T>(to: usize, c0: v128, c1: v128, c2: v128, c3: v128): void {
  if (sizeof<T>() == 8) {
    const s01 = v128.add<T>(v128.shuffle<f64>(c0, c1, 0, 2), v128.shuffle<f64>(c0, c1, 1, 3));
    const s23 = v128.add<T>(v128.shuffle<f64>(c2, c3, 0, 2), v128.shuffle<f64>(c2, c3, 1, 3));
    v128.store(to, v128.add<T>(v128.load(to), s01));
    v128.store(to, v128.add<T>(v128.load(to, 16), s23), 16);
  } else {
    const s01 = v128.add<T>(v128.shuffle<f32>(c0, c1, 0, 4, 1, 5), v128.shuffle<f32>(c0, c1, 2, 6, 3, 7));
    const s23 = v128.add<T>(v128.shuffle<f32>(c2, c3, 0, 4, 1, 5), v128.shuffle<f32>(c2, c3, 2, 6, 3, 7));
    const sum = v128.add<T>(v128.shuffle<f64>(s01, s23, 0, 2), v128.shuffle<f64>(s01, s23, 1, 3));
    v128.store(to, v128.add<T>(v128.load(to), sum));
  }
}

/** Lanes below `count` all ones, the others zero. */
// @ts-ignore: decorator
@inline function laneMask<T>(count: i32): v128 {
  if (sizeof<T>() == 8) return i64x2.lt_s(i64x2(0, 1), i64x2.splat(count));
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

function tile4x2<T>(packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(4, 2, packed, planes, tap, sums); }
function tile3x3<T>(packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(3, 3, packed, planes, tap, sums); }
function tile2x4<T>(packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(2, 4, packed, planes, tap, sums); }
function tile1x4<T>(packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(1, 4, packed, planes, tap, sums); }

/**
 * sums[tap][output] += dOut panel . pixels, for `rows` outputs and `taps` taps (constants), over all output pixels.
 * The loop is written out twice: a tail's other lanes hold pixels that do not belong here and may be infinite, so they are
 * cleared, not merely multiplied by zero.
 */
// @ts-ignore: decorator
@inline function tile<T>(rows: i32, taps: i32, packed: usize, planes: usize, tap: usize, sums: usize): void {
  let p0 = planes + load<usize>(tap), p1 = planes + load<usize>(tap, 4), p2 = p0, p3 = p0;
  if (taps > 2) p2 = planes + load<usize>(tap, 8);
  if (taps > 3) p3 = planes + load<usize>(tap, 12);
  let c00 = v128.splat<T>(0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = v128.splat<T>(0), c11 = c10, c12 = c10, c13 = c10;
  let c20 = v128.splat<T>(0), c21 = c20, c22 = c20, c23 = c20;
  let c30 = v128.splat<T>(0), c31 = c30, c32 = c30, c33 = c30;
  let at = getPointer(OFFSETS);
  const tails = getPointer(TAIL_OFFSETS), end = getPointer(OFFSETS_END);
  for (; at != tails; at += 4) {
    const offset = load<usize>(at);
    let b0 = v128.load(p0 + offset), b1 = v128.load(p1 + offset), b2 = b1, b3 = b1;
    if (taps > 2) b2 = v128.load(p2 + offset);
    if (taps > 3) b3 = v128.load(p3 + offset);
    let s = v128.load(packed);
    c00 = v128.add<T>(c00, v128.mul<T>(s, b0)); c01 = v128.add<T>(c01, v128.mul<T>(s, b1));
    if (taps > 2) c02 = v128.add<T>(c02, v128.mul<T>(s, b2));
    if (taps > 3) c03 = v128.add<T>(c03, v128.mul<T>(s, b3));
    if (rows > 1) {
      s = v128.load(packed, 16);
      c10 = v128.add<T>(c10, v128.mul<T>(s, b0)); c11 = v128.add<T>(c11, v128.mul<T>(s, b1));
      if (taps > 2) c12 = v128.add<T>(c12, v128.mul<T>(s, b2));
      if (taps > 3) c13 = v128.add<T>(c13, v128.mul<T>(s, b3));
    }
    if (rows > 2) {
      s = v128.load(packed, 32);
      c20 = v128.add<T>(c20, v128.mul<T>(s, b0)); c21 = v128.add<T>(c21, v128.mul<T>(s, b1));
      if (taps > 2) c22 = v128.add<T>(c22, v128.mul<T>(s, b2));
      if (taps > 3) c23 = v128.add<T>(c23, v128.mul<T>(s, b3));
    }
    if (rows > 3) {
      s = v128.load(packed, 48);
      c30 = v128.add<T>(c30, v128.mul<T>(s, b0)); c31 = v128.add<T>(c31, v128.mul<T>(s, b1));
      if (taps > 2) c32 = v128.add<T>(c32, v128.mul<T>(s, b2));
      if (taps > 3) c33 = v128.add<T>(c33, v128.mul<T>(s, b3));
    }
    packed += rows << 4;
  }
  const mask = laneMask<T>(getInt(TAIL));
  for (; at != end; at += 4) {
    const offset = load<usize>(at);
    let b0 = v128.and(mask, v128.load(p0 + offset)), b1 = v128.and(mask, v128.load(p1 + offset)), b2 = b1, b3 = b1;
    if (taps > 2) b2 = v128.and(mask, v128.load(p2 + offset));
    if (taps > 3) b3 = v128.and(mask, v128.load(p3 + offset));
    let s = v128.load(packed);
    c00 = v128.add<T>(c00, v128.mul<T>(s, b0)); c01 = v128.add<T>(c01, v128.mul<T>(s, b1));
    if (taps > 2) c02 = v128.add<T>(c02, v128.mul<T>(s, b2));
    if (taps > 3) c03 = v128.add<T>(c03, v128.mul<T>(s, b3));
    if (rows > 1) {
      s = v128.load(packed, 16);
      c10 = v128.add<T>(c10, v128.mul<T>(s, b0)); c11 = v128.add<T>(c11, v128.mul<T>(s, b1));
      if (taps > 2) c12 = v128.add<T>(c12, v128.mul<T>(s, b2));
      if (taps > 3) c13 = v128.add<T>(c13, v128.mul<T>(s, b3));
    }
    if (rows > 2) {
      s = v128.load(packed, 32);
      c20 = v128.add<T>(c20, v128.mul<T>(s, b0)); c21 = v128.add<T>(c21, v128.mul<T>(s, b1));
      if (taps > 2) c22 = v128.add<T>(c22, v128.mul<T>(s, b2));
      if (taps > 3) c23 = v128.add<T>(c23, v128.mul<T>(s, b3));
    }
    if (rows > 3) {
      s = v128.load(packed, 48);
      c30 = v128.add<T>(c30, v128.mul<T>(s, b0)); c31 = v128.add<T>(c31, v128.mul<T>(s, b1));
      if (taps > 2) c32 = v128.add<T>(c32, v128.mul<T>(s, b2));
      if (taps > 3) c33 = v128.add<T>(c33, v128.mul<T>(s, b3));
    }
    packed += rows << 4;
  }
  addLaneSums<T>(sums, c00, c10, c20, c30);
  addLaneSums<T>(sums + SUMS_WIDTH * sizeof<T>(), c01, c11, c21, c31);
  if (taps > 2) addLaneSums<T>(sums + 2 * SUMS_WIDTH * sizeof<T>(), c02, c12, c22, c32);
  if (taps > 3) addLaneSums<T>(sums + 3 * SUMS_WIDTH * sizeof<T>(), c03, c13, c23, c33);
}

/** Adds the parts of one panel in order, and lays them out as the weights are. */
function reduceTask<T>(task: i32): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), panels = getInt(PANELS), parts = getInt(PARTS), taps = getInt(TAPS);
  const group = task / panels, first = task % panels * getInt(PANEL), rows = min(getInt(PANEL), outputs - first);
  const partStep = <usize>(groups * panels * SUMS_WIDTH) * sizeof<T>(), place = <usize>(task * SUMS_WIDTH) * sizeof<T>();
  const paddedTaps = <usize>roundUp(taps, getInt(TILE_TAPS));
  const output = <usize>(group * outputs + first), dBias = getPointer(D_BIAS);
  for (let r = 0; r < rows; r++) {
    const lane = <usize>r * sizeof<T>();
    let from = getPointer(SUMS) + place * paddedTaps + lane, to = getPointer(D_WEIGHT) + (output + r) * <usize>taps * sizeof<T>();
    for (let t = 0; t < taps; t++) {
      store<T>(to, sumOfParts<T>(from, partStep * paddedTaps, parts));
      from += SUMS_WIDTH * sizeof<T>();
      to += sizeof<T>();
    }
    if (dBias != 0) store<T>(dBias + (output + r) * sizeof<T>(), sumOfParts<T>(getPointer(BIAS_SUMS) + place + lane, partStep, parts));
  }
}
function reduceTaskF32(task: i32): void { reduceTask<f32>(task); }
function reduceTaskF64(task: i32): void { reduceTask<f64>(task); }

// @ts-ignore: decorator
@inline function sumOfParts<T>(at: usize, step: usize, parts: i32): T {
  let sum: T = 0;
  for (; parts > 0; parts--) {
    sum += load<T>(at);
    at += step;
  }
  return sum;
}

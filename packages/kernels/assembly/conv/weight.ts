/**
 * Weight and bias gradient of a convolution: for every output and tap, the dot product of dOut with the pixels that the tap
 * meets, over all output pixels of all images.
 *
 * Lanes run along the output row. dOut is packed in panels of up to four outputs, `[vector][outputs]`, and multiplied with
 * two to four taps at a time. Images are split into a fixed number of parts (by the problem alone); each has a sum of its own, and the
 * sums are added in order.
 */
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import {
  CHANNELS, DIRECT, GROUPS, HEIGHT, IMAGES, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, OWN, PLANE, planesBytes, planesOf,
  preparePlanes, ROW, STRIDE_Y, tapOffset, TAPS, WIDTH,
} from "./job";
import { OFFSETS, PAIRED, SINGLE_OFFSETS, SUMS_WIDTH, TAIL, TAIL_OFFSETS, tile1x4, tile2x4, tile3x3, tile4x2, VECTORS } from "./weight-tile";

const D_OUT = OWN, X = OWN + 1, D_WEIGHT = OWN + 2, D_BIAS = OWN + 3, SUMS = OWN + 4, BIAS_SUMS = OWN + 5, TAP_TABLE = OWN + 6;
const PARTS = OWN + 7, BLOCKS = OWN + 8, BLOCK_PANELS = OWN + 9, PANELS = OWN + 10;
/** Outputs of a panel, and taps of a tile. */
const PANEL = OWN + 11, TILE_TAPS = OWN + 12;
/** Images that go through a tile together. */
const TOGETHER = OWN + 13;
/** A tile needs that many vectors to be worth its start and its sums over lanes. */
const TILE_VECTORS: i32 = 128;
const PLANES_BYTES: i32 = 1 << 18;
/** Entries of the table of taps past its end. */
const SPARE_TAPS: i32 = 3;

const TASK_PRODUCTS: f64 = 400_000;
/** The parts' sums together stay below this. */
const SUMS_BYTES: f64 = 256.0 * 1024 * 1024;

// @ts-ignore: decorator
@inline function roundUp(value: i32, unit: i32): i32 {
  return (value + unit - 1) / unit * unit;
}

/** Geometry is set before. */
export function weightGradient<T>(dOut: usize, x: usize, dWeight: usize, dBias: usize): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), taps = getInt(TAPS), images = getInt(IMAGES);
  const lanes = <i32>(16 / sizeof<T>());
  // Panels of 3 are a tenth faster than panels of 4, if they do not leave more rows idle.
  const panel = outputs < 3 ? outputs : <f64>((outputs + 2) / 3 * 3) < 1.1 * <f64>((outputs + 3) / 4 * 4) ? 3 : 4;
  const panels = (outputs + panel - 1) / panel, tileTaps = panel == 4 ? 2 : panel == 3 ? 3 : 4;
  setInt(PANEL, panel); setInt(TILE_TAPS, tileTaps);
  setInt(D_OUT, dOut); setInt(X, x); setInt(D_WEIGHT, dWeight); setInt(D_BIAS, dBias); setInt(PANELS, panels);
  const pixels = <f64>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH));
  const all = <f64>(groups * outputs) * <f64>taps * pixels * <f64>images;
  const wanted = <i32>Math.max(1, Math.min(16, all / TASK_PRODUCTS));
  const partBytes = <f64>(groups * panels * SUMS_WIDTH) * <f64>roundUp(taps, tileTaps) * <f64>sizeof<T>();
  let parts = max(1, min(images, min(wanted, <f64>(groups * outputs) * <f64>taps > 50_000 ? 8 : 16)));
  while (parts > 1 && <f64>parts * partBytes > SUMS_BYTES) parts >>= 1;
  const blocks = max(1, min(panels, (wanted + parts * groups - 1) / (parts * groups)));
  const perBlock = (panels + blocks - 1) / blocks;
  setInt(PARTS, parts); setInt(BLOCKS, (panels + perBlock - 1) / perBlock); setInt(BLOCK_PANELS, perBlock);

  const width = getInt(OUT_WIDTH);
  setInt(VECTORS, width / lanes); setInt(TAIL, width % lanes);
  // Two rows that leave half a vector over share one.
  setInt(PAIRED, lanes == 4 && width % lanes == 2 ? getInt(OUT_HEIGHT) >> 1 : 0);
  const sums = temporary(<usize>(parts * groups * panels * SUMS_WIDTH) * <usize>roundUp(taps, tileTaps) * sizeof<T>());
  const biasSums = temporary(<usize>(parts * groups * panels * SUMS_WIDTH) * sizeof<T>());
  const tapTable = buildTapTable<T>();
  setInt(SUMS, sums); setInt(BIAS_SUMS, biasSums); setInt(TAP_TABLE, tapTable);

  const vectors = getInt(OUT_HEIGHT) * ((width + lanes - 1) / lanes);
  const together = max(1, min(min((images + parts - 1) / parts, (TILE_VECTORS + vectors - 1) / vectors), PLANES_BYTES / (planesBytes<T>() + 1)));
  setInt(TOGETHER, together);
  buildOffsets<T>();

  ensureScratch(<i64>together * (<i64>planesBytes<T>() + <i64>vectors * panel * 16));
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, parts * groups * getInt(BLOCKS));
  if (<f64>parts * <f64>(groups * outputs) * <f64>taps > 200_000) {
    parallelFor(sizeof<T>() == 8 ? reduceTaskF64 : reduceTaskF32, groups * panels);
  } else {
    for (let i = 0; i < groups * panels; i++) reduceTask<T>(i);
  }
  freeTemporary(sums); freeTemporary(biasSums); freeTemporary(tapTable); freeTemporary(getPointer(OFFSETS));
}

/** Offset of every tap in a group's padded planes, in bytes; the last one a few times more. */
function buildTapTable<T>(): usize {
  const channels = getInt(CHANNELS), kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH);
  const table = temporary(<usize>(getInt(TAPS) + SPARE_TAPS) << 2);
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

/**
 * In bytes, in the order of the packed dOut: the whole vectors of all images that go together, the two halves of vectors that
 * pair the tails of two rows, and the other tails.
 */
function buildOffsets<T>(): void {
  const height = getInt(OUT_HEIGHT), vectors = getInt(VECTORS), images = getInt(TOGETHER), elementBytes = <i32>sizeof<T>(), paired = 2 * getInt(PAIRED);
  const rowBytes = getInt(STRIDE_Y) * getInt(ROW) * elementBytes;
  const imageBytes = getInt(DIRECT) != 0 ? getInt(GROUPS) * getInt(CHANNELS) * getInt(PLANE) * elementBytes : planesBytes<T>();
  const table = temporary(<usize>(images * height * (vectors + 1)) << 2);
  let at = table, tail = table + (<usize>(images * height * vectors) << 2), single = tail + (<usize>(images * paired) << 2);
  setInt(OFFSETS, table); setInt(TAIL_OFFSETS, tail); setInt(SINGLE_OFFSETS, single);
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < height; y++) {
      const row = image * imageBytes + y * rowBytes;
      for (let v = 0; v < vectors; v++) {
        store<i32>(at, row + (v << 4));
        at += 4;
      }
      if (y < paired) {
        store<i32>(tail, row + (vectors << 4));
        tail += 4;
      } else {
        store<i32>(single, row + (vectors << 4));
        single += 4;
      }
    }
  }
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
  const packed = scratch(), room = packed + <usize>(getInt(TOGETHER) * vectors * panelOutputs * 16);
  memory.fill(room, 0, getInt(TOGETHER) * planesBytes<T>());
  const place = <usize>((part * groups + group) * panels * SUMS_WIDTH) * sizeof<T>();
  const sums = getPointer(SUMS) + place * <usize>paddedTaps, biasSums = getPointer(BIAS_SUMS) + place;
  const tapSums = <usize>SUMS_WIDTH * sizeof<T>(), panelSums = <usize>paddedTaps * tapSums;
  memory.fill(sums + <usize>firstPanel * panelSums, 0, <usize>(lastPanel - firstPanel) * panelSums);
  memory.fill(biasSums + <usize>firstPanel * tapSums, 0, <usize>(lastPanel - firstPanel) * tapSums);
  const firstImage = <i32>(<i64>part * images / parts), lastImage = <i32>(<i64>(part + 1) * images / parts);
  for (let image = firstImage; image < lastImage; image += getInt(TOGETHER)) {
    const count = min(getInt(TOGETHER), lastImage - image);
    let planes = room;
    for (let i = 0; i < count; i++) {
      const source = planesOf<T>(getPointer(X), image + i, group, getInt(CHANNELS), getInt(HEIGHT) * getInt(WIDTH));
      const prepared = preparePlanes<T>(source, room + <usize>(i * planesBytes<T>()));
      if (i == 0) planes = prepared;
    }
    for (let panel = firstPanel; panel < lastPanel; panel++) {
      const first = panel * panelOutputs;
      const outputsHere = min(panelOutputs, outputs - first);
      for (let i = 0; i < count; i++) {
        const dOut = planesOf<T>(getPointer(D_OUT), image + i, group, outputs, outPlane) + <usize>(first * outPlane) * sizeof<T>();
        packGradient<T>(dOut, panelOutputs, outputsHere, packed, i, count, biasSums + <usize>panel * tapSums);
      }
      let to = sums + <usize>panel * panelSums;
      const tapTable = getPointer(TAP_TABLE), tapEnd = tapTable + (<usize>taps << 2);
      for (let tap = tapTable; tap < tapEnd; tap += <usize>tileTaps << 2) {
        if (panelOutputs == 4) tile4x2<T>(count, packed, planes, tap, to);
        else if (panelOutputs == 3) tile3x3<T>(count, packed, planes, tap, to);
        else if (panelOutputs == 2) tile2x4<T>(count, packed, planes, tap, to);
        else tile1x4<T>(count, packed, planes, tap, to);
        to += <usize>tileTaps * tapSums;
      }
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

/**
 * Packs a panel of dOut of image `image` among `images` that go together: the whole vectors of all images first, then tails of
 * two rows side by side, then tails filled up with zeros. Adds up the biases.
 */
function packGradient<T>(dOut: usize, panel: i32, outputs: i32, packed: usize, image: i32, images: i32, biasSums: usize): void {
  const height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), vectors = getInt(VECTORS), tail = getInt(TAIL), pairs = getInt(PAIRED);
  const step = <usize>panel << 4, zero = v128.splat<T>(0), singles = tail > 0 ? height - 2 * pairs : 0;
  for (let o = 0; o < panel; o++) {
    const base = packed + (<usize>o << 4), tails = images * height * vectors;
    let to = base + <usize>(image * height * vectors) * step;
    let pairTo = base + <usize>(tails + image * pairs) * step, singleTo = base + <usize>(tails + images * pairs + image * singles) * step;
    if (o >= outputs) {
      for (let i = height * vectors; i > 0; i--) { v128.store(to, zero); to += step; }
      for (let i = pairs; i > 0; i--) { v128.store(pairTo, zero); pairTo += step; }
      for (let i = singles; i > 0; i--) { v128.store(singleTo, zero); singleTo += step; }
      continue;
    }
    let from = dOut, sum = zero;
    for (let y = 0; y < height; y++) {
      for (let v = 0; v < vectors; v++) {
        const value = v128.load(from);
        sum = v128.add<T>(sum, value);
        v128.store(to, value);
        to += step;
        from += 16;
      }
      if (tail == 0) continue;
      if (y < 2 * pairs) {
        store<i64>(pairTo, load<i64>(from), 0);
        sum = v128.add<T>(sum, v128.load64_zero(from));
        from += 8;
        if ((y & 1) == 0) pairTo += 8;
        else pairTo += step - 8;
        continue;
      }
      v128.store(singleTo, zero);
      for (let x = 0; x < tail; x++) {
        store<T>(singleTo + <usize>x * sizeof<T>(), load<T>(from));
        from += sizeof<T>();
      }
      sum = v128.add<T>(sum, v128.load(singleTo));
      singleTo += step;
    }
    let total = v128.extract_lane<T>(sum, 0) + v128.extract_lane<T>(sum, 1);
    if (sizeof<T>() == 4) total += v128.extract_lane<T>(sum, 2) + v128.extract_lane<T>(sum, 3);
    const at = biasSums + <usize>o * sizeof<T>();
    store<T>(at, load<T>(at) + total);
    dOut += <usize>(height * width) * sizeof<T>();
  }
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

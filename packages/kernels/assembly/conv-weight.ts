/**
 * Weight and bias gradient of a convolution: for every output and tap, the dot product of dOut with the pixels that the tap
 * meets, over all output pixels of all images.
 *
 * Lanes run along the output row. dOut is packed in panels of four outputs, `[vector][4 outputs]`, and multiplied with two
 * taps at a time. Images are split into a fixed number of parts (by the problem alone); each has a sum of its own, and the
 * sums are added in order.
 */
import { getInt, getPointer, setInt } from "./control";
import {
  CHANNELS, GROUPS, HEIGHT, IMAGES, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, OWN, PLANE, planesBytes, planesOf,
  preparePlanes, ROW, STRIDE_Y, tapOffset, TAPS, WIDTH,
} from "./conv-job";
import { ensureScratch, parallelFor, scratch } from "./pool";

const D_OUT = OWN, X = OWN + 1, D_WEIGHT = OWN + 2, D_BIAS = OWN + 3, SUMS = OWN + 4, BIAS_SUMS = OWN + 5, TAP_TABLE = OWN + 6;
const PARTS = OWN + 7, BLOCKS = OWN + 8, BLOCK_PANELS = OWN + 9, VECTORS = OWN + 10, TAIL = OWN + 11, PANELS = OWN + 12, PANEL = OWN + 13;
/** Taps of a tile. */
const TILE_TAPS = OWN + 14;

const TASK_PRODUCTS: f64 = 400_000;

/** Geometry is set before. */
export function weightGradient<T>(dOut: usize, x: usize, dWeight: usize, dBias: usize): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), taps = getInt(TAPS), images = getInt(IMAGES);
  const lanes = <i32>(16 / sizeof<T>());
  const panels = (outputs + PANEL - 1) / PANEL;
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
  const sums = heap.alloc(<usize>(parts * groups * panels * PANEL) * <usize>taps * sizeof<T>() + 16);
  const biasSums = heap.alloc(<usize>(parts * groups * panels * PANEL) * sizeof<T>());
  const tapTable = buildTapTable<T>();
  setInt(SUMS, sums); setInt(BIAS_SUMS, biasSums); setInt(TAP_TABLE, tapTable);

  const vectors = getInt(OUT_HEIGHT) * ((width + lanes - 1) / lanes);
  ensureScratch(planesBytes<T>() + perBlock * vectors * PANEL * 16);
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, parts * groups * getInt(BLOCKS));
  if (<f64>parts * <f64>(groups * outputs) * <f64>taps > 200_000) {
    parallelFor(sizeof<T>() == 8 ? reduceTaskF64 : reduceTaskF32, groups * panels);
  } else {
    for (let i = 0; i < groups * panels; i++) reduceTask<T>(i);
  }
  heap.free(sums); heap.free(biasSums); heap.free(tapTable);
}

/** Offset of every tap in a group's padded planes, in bytes; the last one twice. */
function buildTapTable<T>(): usize {
  const channels = getInt(CHANNELS), kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH);
  const table = heap.alloc(<usize>(getInt(TAPS) + 1) << 2);
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
  store<i32>(at, offset);
  return table;
}

/** One part of the images, one group, one block of outputs. */
function runTask<T>(task: i32): void {
  const blocks = getInt(BLOCKS), groups = getInt(GROUPS), images = getInt(IMAGES), parts = getInt(PARTS), taps = getInt(TAPS);
  const lanes = <i32>(16 / sizeof<T>());
  const block = task % blocks, group = task / blocks % groups, part = task / blocks / groups;
  const outputs = getInt(OUTPUTS), panels = getInt(PANELS);
  const firstPanel = block * getInt(BLOCK_PANELS), lastPanel = min(panels, firstPanel + getInt(BLOCK_PANELS));
  const outPlane = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH);
  const panelBytes = <usize>(getInt(OUT_HEIGHT) * ((getInt(OUT_WIDTH) + lanes - 1) / lanes)) * (PANEL * 16);
  const packed = scratch(), room = packed + <usize>getInt(BLOCK_PANELS) * panelBytes;
  memory.fill(room, 0, planesBytes<T>());
  const place = <usize>((part * groups + group) * panels * PANEL);
  const sums = getPointer(SUMS) + place * <usize>taps * sizeof<T>(), biasSums = getPointer(BIAS_SUMS) + place * sizeof<T>();
  const panelSums = <usize>(PANEL * taps) * sizeof<T>();
  memory.fill(sums + <usize>firstPanel * panelSums, 0, <usize>(lastPanel - firstPanel) * panelSums);
  memory.fill(biasSums + <usize>(firstPanel * PANEL) * sizeof<T>(), 0, <usize>((lastPanel - firstPanel) * PANEL) * sizeof<T>());
  const firstImage = <i32>(<i64>part * images / parts), lastImage = <i32>(<i64>(part + 1) * images / parts);
  for (let image = firstImage; image < lastImage; image++) {
    const planes = preparePlanes<T>(planesOf<T>(getPointer(X), image, group, getInt(CHANNELS), getInt(HEIGHT) * getInt(WIDTH)), room);
    const dOut = planesOf<T>(getPointer(D_OUT), image, group, outputs, outPlane);
    for (let panel = firstPanel; panel < lastPanel; panel++) {
      const first = panel * PANEL;
      packGradient<T>(dOut + <usize>(first * outPlane) * sizeof<T>(), min(PANEL, outputs - first), packed, biasSums + <usize>first * sizeof<T>());
      let to = sums + <usize>panel * panelSums, tap = getPointer(TAP_TABLE);
      const end = tap + (<usize>taps << 2);
      for (; tap < end; tap += 8) {
        tile<T>(packed, planes + load<usize>(tap), planes + load<usize>(tap, 4), to, tap + 4 < end);
        to += 2 * PANEL * sizeof<T>();
      }
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

/** Packs a panel of dOut, whole vectors of all rows first, then the rows' tails filled up with zeros; adds up the biases. */
function packGradient<T>(dOut: usize, outputs: i32, packed: usize, biasSums: usize): void {
  const lanes = <i32>(16 / sizeof<T>());
  const height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), vectors = getInt(VECTORS), tail = getInt(TAIL);
  for (let o = 0; o < PANEL; o++) {
    let to = packed + (<usize>o << 4), from = dOut;
    let sum = v128.splat<T>(0);
    if (o >= outputs) {
      const count = height * (vectors + (tail > 0 ? 1 : 0));
      for (let i = 0; i < count; i++) { v128.store(to, sum); to += PANEL * 16; }
      continue;
    }
    for (let y = 0; y < height; y++) {
      for (let v = 0; v < vectors; v++) {
        const value = v128.load(from);
        sum = v128.add<T>(sum, value);
        v128.store(to, value);
        to += PANEL * 16;
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
        to += PANEL * 16;
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

/** Four outputs times two taps: sums[tap][4] += dOut panel . pixels. */
function tile<T>(packed: usize, x0: usize, x1: usize, sums: usize, both: bool): void {
  const height = getInt(OUT_HEIGHT), vectors = getInt(VECTORS), tail = getInt(TAIL);
  const rowBytes = <usize>(getInt(STRIDE_Y) * getInt(ROW)) * sizeof<T>();
  let c00 = v128.splat<T>(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  if (vectors > 0) {
    const skip = rowBytes - (<usize>vectors << 4);
    let p0 = x0, p1 = x1;
    for (let y = height; y > 0; y--) {
      const end = p0 + (<usize>vectors << 4);
      do {
        const b0 = v128.load(p0), b1 = v128.load(p1);
        let s = v128.load(packed);
        c00 = v128.add<T>(c00, v128.mul<T>(s, b0)); c01 = v128.add<T>(c01, v128.mul<T>(s, b1));
        s = v128.load(packed, 16);
        c10 = v128.add<T>(c10, v128.mul<T>(s, b0)); c11 = v128.add<T>(c11, v128.mul<T>(s, b1));
        s = v128.load(packed, 32);
        c20 = v128.add<T>(c20, v128.mul<T>(s, b0)); c21 = v128.add<T>(c21, v128.mul<T>(s, b1));
        s = v128.load(packed, 48);
        c30 = v128.add<T>(c30, v128.mul<T>(s, b0)); c31 = v128.add<T>(c31, v128.mul<T>(s, b1));
        packed += 64;
        p0 += 16;
        p1 += 16;
      } while (p0 != end);
      p0 += skip;
      p1 += skip;
    }
  }
  if (tail > 0) {
    // The lanes past the row's end hold other pixels, which may be infinite: cleared, not merely multiplied by zero.
    const mask = laneMask<T>(tail);
    x0 += <usize>vectors << 4;
    x1 += <usize>vectors << 4;
    for (let y = height; y > 0; y--) {
      const b0 = v128.and(mask, v128.load(x0)), b1 = v128.and(mask, v128.load(x1));
      let s = v128.load(packed);
      c00 = v128.add<T>(c00, v128.mul<T>(s, b0)); c01 = v128.add<T>(c01, v128.mul<T>(s, b1));
      s = v128.load(packed, 16);
      c10 = v128.add<T>(c10, v128.mul<T>(s, b0)); c11 = v128.add<T>(c11, v128.mul<T>(s, b1));
      s = v128.load(packed, 32);
      c20 = v128.add<T>(c20, v128.mul<T>(s, b0)); c21 = v128.add<T>(c21, v128.mul<T>(s, b1));
      s = v128.load(packed, 48);
      c30 = v128.add<T>(c30, v128.mul<T>(s, b0)); c31 = v128.add<T>(c31, v128.mul<T>(s, b1));
      packed += 64;
      x0 += rowBytes;
      x1 += rowBytes;
    }
  }
  addLaneSums<T>(sums, c00, c10, c20, c30);
  if (both) addLaneSums<T>(sums + PANEL * sizeof<T>(), c01, c11, c21, c31);
}

/** Adds the parts of one panel in order, and lays them out as the weights are. */
function reduceTask<T>(task: i32): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), panels = getInt(PANELS), parts = getInt(PARTS), taps = getInt(TAPS);
  const group = task / panels, panel = task % panels, first = panel * PANEL, rows = min(PANEL, outputs - first);
  const partStep = <usize>(groups * panels * PANEL) * sizeof<T>();
  const place = <usize>((group * panels + panel) * PANEL) * sizeof<T>();
  const row = <usize>(group * outputs + first), dBias = getPointer(D_BIAS);
  for (let r = 0; r < rows; r++) {
    let from = getPointer(SUMS) + place * <usize>taps + <usize>r * sizeof<T>();
    let to = getPointer(D_WEIGHT) + (row + r) * <usize>taps * sizeof<T>();
    for (let t = 0; t < taps; t++) {
      let sum: T = 0, at = from;
      for (let part = 0; part < parts; part++) {
        sum += load<T>(at);
        at += partStep * <usize>taps;
      }
      store<T>(to, sum);
      from += PANEL * sizeof<T>();
      to += sizeof<T>();
    }
    if (dBias == 0) continue;
    let sum: T = 0;
    for (let part = 0; part < parts; part++) sum += load<T>(getPointer(BIAS_SUMS) + <usize>part * partStep + place + <usize>r * sizeof<T>());
    store<T>(dBias + (row + r) * sizeof<T>(), sum);
  }
}
function reduceTaskF32(task: i32): void { reduceTask<f32>(task); }
function reduceTaskF64(task: i32): void { reduceTask<f64>(task); }

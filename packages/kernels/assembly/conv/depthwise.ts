/**
 * Correlation with few outputs in a group, as in a depthwise convolution: one output at a time, eight vectors of its pixels in registers,
 * or a 3x3 kernel's nine weights.
 *
 * A tile is 4, 2 or 1 vectors wide and 2 or 4 rows high. The last one of a row or column overlaps its neighbour, and writes the same
 * values again.
 */
import { multiplyAdd } from "../math/multiply-add";
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import { rectifyRows, takeRectify } from "../runtime/rectify";
import {
  CHANNELS, DILATION_X, DILATION_Y, GROUPS, HEIGHT, IMAGES, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, OWN, PLANE, planesBytes, planesOf, preparePlanes,
  ROW, STRIDE_X, STRIDE_Y, tapOffset, TAPS, WIDTH,
} from "./job";

const SOURCE = OWN, OUT = OWN + 1, BIAS = OWN + 2, STREAMS = OWN + 3, UNITS = OWN + 4, UNITS_PER_TASK = OWN + 5, TILE_VECTORS = OWN + 6, CUT = OWN + 7;

/** Room for a vector that is wider than its row. */
const CORNER_BYTES: i32 = 16;
const STRIP_PLANE_BYTES: i32 = 1 << 13;
/** Products worth a task: some 25 microseconds. */
const TASK_PRODUCTS: f64 = 400_000;

/** Bytes of one tap in a stream: where it lies in the padded planes, in bytes, then its weight. */
// @ts-ignore: decorator
@inline function tapBytes<T>(): usize {
  return 2 * sizeof<T>();
}

/** Whether this is faster than panels of several outputs. */
export function depthwiseSuits(channels: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32): bool {
  return (outputs == 1 || (channels == 1 && outputs < 3)) && kernelHeight * kernelWidth > 1;
}

/** Vectors across a tile: as many as leave few of them idle. */
function tileVectors(width: i32, lanes: i32): i32 {
  const vectors = (width + lanes - 1) / lanes;
  // A tile of one vector has too few sums to fill the pipelines.
  const four = (vectors + 3) / 4 * 4, two = (vectors + 1) / 2 * 2;
  return width < 2 * lanes || 3 * vectors < 2 * two ? 1 : width < 4 * lanes || two < four ? 2 : 4;
}

/** Geometry is set before; steps in elements as in `correlate`. */
export function depthwiseCorrelate<T>(
  source: usize, weights: usize, bias: usize, out: usize, groupStep: i32, outputStep: i32, channelStep: i32, tapStep: i32,
): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), channels = getInt(CHANNELS), taps = getInt(TAPS);
  const streams = temporary(<usize>(groups * outputs * taps) * tapBytes<T>());
  setInt(SOURCE, source); setInt(OUT, out); setInt(BIAS, bias); setInt(STREAMS, streams); setInt(CUT, takeRectify() ? 1 : 0);
  setInt(TILE_VECTORS, tileVectors(getInt(OUT_WIDTH), <i32>(16 / sizeof<T>())));
  let to = streams;
  for (let g = 0; g < groups; g++) {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < channels; c++) {
        to = writeStream<T>(to, weights + <usize>(g * groupStep + o * outputStep + c * channelStep) * sizeof<T>(), <usize>tapStep * sizeof<T>(), c * getInt(PLANE));
      }
    }
  }
  const products = <f64>(taps * outputs) * <f64>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH)), units = getInt(IMAGES) * groups;
  const perTask = max(1, <i32>Math.min(<f64>units, TASK_PRODUCTS / products));
  setInt(UNITS, units); setInt(UNITS_PER_TASK, perTask);
  ensureScratch(<i64>CORNER_BYTES + planesBytes<T>());
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, (units + perTask - 1) / perTask);
  freeTemporary(streams);
}

/** The taps of one output in one channel, whose plane begins at element `plane`; gives the stream's end. */
function writeStream<T>(to: usize, weights: usize, tapStep: usize, plane: i32): usize {
  const kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH);
  for (let ky = 0; ky < kernelHeight; ky++) {
    for (let kx = 0; kx < kernelWidth; kx++) {
      store<usize>(to, <usize>(plane + tapOffset(ky, kx)) * sizeof<T>());
      store<T>(to, load<T>(weights), sizeof<T>());
      weights += tapStep;
      to += tapBytes<T>();
    }
  }
  return to;
}

/** Some units; a unit is one image, one group. */
function runTask<T>(task: i32): void {
  const groups = getInt(GROUPS), channels = getInt(CHANNELS), outputs = getInt(OUTPUTS), streamBytes = <usize>getInt(TAPS) * tapBytes<T>();
  const inPlane = getInt(HEIGHT) * getInt(WIDTH), outPlane = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH), bias = getPointer(BIAS);
  const corner = scratch(), room = corner + CORNER_BYTES;
  memory.fill(room, 0, planesBytes<T>());
  const first = task * getInt(UNITS_PER_TASK), last = min(getInt(UNITS), first + getInt(UNITS_PER_TASK));
  for (let unit = first; unit < last; unit++) {
    const group = unit % groups, image = unit / groups;
    const planes = preparePlanes<T>(planesOf<T>(getPointer(SOURCE), image, group, channels, inPlane), room);
    const out = planesOf<T>(getPointer(OUT), image, group, outputs, outPlane);
    for (let o = 0; o < outputs; o++) {
      const output = <usize>(group * outputs + o), stream = getPointer(STREAMS) + output * streamBytes;
      const start: T = bias == 0 ? 0 : load<T>(bias + output * sizeof<T>());
      const to = out + <usize>(o * outPlane) * sizeof<T>();
      correlatePlane<T>(stream, stream + streamBytes, start, planes, to, corner);
      if (getInt(CUT) != 0) rectifyRows<T>(to, 1, outPlane, 0);
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

/** One output plane. */
function correlatePlane<T>(w: usize, end: usize, bias: T, planes: usize, out: usize, corner: usize): void {
  const height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), vectors = getInt(TILE_VECTORS), columns = vectors * <i32>(16 / sizeof<T>());
  const rowBytes = <usize>(getInt(STRIDE_Y) * getInt(ROW)) * sizeof<T>(), outRowBytes = <usize>width * sizeof<T>();
  const rows = vectors == 4 ? 2 : 4, lastRow = height - 1, lastColumn = <usize>max(0, width - columns) * sizeof<T>();
  tileStart = f64(bias);
  if (stripsSuit<T>()) {
    const last = outRowBytes - 16, bytes = <usize>height * outRowBytes;
    let x: usize = 0;
    for (; x <= last; x += 16) strip3x3<T>(w, planes + x, rowBytes, out + x, outRowBytes, out + x + bytes);
    if (x < outRowBytes) strip3x3<T>(w, planes + last, rowBytes, out + last, outRowBytes, out + last + bytes);
    return;
  }
  for (let y = 0; y < height; y += rows) {
    const y0 = max(0, min(y, height - rows)), y1 = min(y0 + 1, lastRow), y2 = min(y0 + 2, lastRow), y3 = min(y0 + 3, lastRow);
    tileOut = out + <usize>y0 * outRowBytes;
    tileStep1 = <usize>(y1 - y0) * outRowBytes; tileStep2 = <usize>(y2 - y0) * outRowBytes; tileStep3 = <usize>(y3 - y0) * outRowBytes;
    const p0 = planes + <usize>y0 * rowBytes, p1 = planes + <usize>y1 * rowBytes, p2 = planes + <usize>y2 * rowBytes, p3 = planes + <usize>y3 * rowBytes;
    // V8 does best with a loop that is alone in its function, and a second call keeps it there.
    let x: usize = 0;
    if (vectors == 4) {
      for (; x <= lastColumn; x += 64) tile4x2<T>(w, end, p0 + x, p1 + x, x);
      if (x < outRowBytes) tile4x2<T>(w, end, p0 + lastColumn, p1 + lastColumn, lastColumn);
    } else if (vectors == 2) {
      for (; x <= lastColumn; x += 32) tile2x4<T>(w, end, p0 + x, p1 + x, p2 + x, p3 + x, x);
      if (x < outRowBytes) tile2x4<T>(w, end, p0 + lastColumn, p1 + lastColumn, p2 + lastColumn, p3 + lastColumn, lastColumn);
    } else {
      for (; x <= lastColumn; x += 16) tile1x4<T>(w, end, p0 + x, p1 + x, p2 + x, p3 + x, x, corner);
      if (x < outRowBytes) tile1x4<T>(w, end, p0 + lastColumn, p1 + lastColumn, p2 + lastColumn, p3 + lastColumn, lastColumn, corner);
    }
  }
}

/** Whether a plane is one for `strip3x3`: small, or its strips would meet a cache line again when the first cache has lost it. */
// @ts-ignore: decorator
@inline function stripsSuit<T>(): bool {
  return getInt(CHANNELS) == 1 && getInt(KERNEL_HEIGHT) == 3 && getInt(KERNEL_WIDTH) == 3 && getInt(STRIDE_Y) == 1 && getInt(STRIDE_X) == 1
    && getInt(DILATION_Y) == 1 && getInt(DILATION_X) == 1 && getInt(OUT_WIDTH) >= <i32>(16 / sizeof<T>()) && getInt(PLANE) * <i32>sizeof<T>() <= STRIP_PLANE_BYTES;
}

/**
 * 3x3 with stride 1 down a strip of the plane, one vector wide: each row of pixels is loaded once for the three output rows that it
 * meets. Until `to` is `end`.
 */
function strip3x3<T>(w: usize, from: usize, rowBytes: usize, to: usize, toBytes: usize, end: usize): void {
  const one = sizeof<T>(), start = v128.splat<T>(<T>tileStart);
  const s0 = v128.load_splat<T>(w, one), s1 = v128.load_splat<T>(w, 3 * one), s2 = v128.load_splat<T>(w, 5 * one);
  const s3 = v128.load_splat<T>(w, 7 * one), s4 = v128.load_splat<T>(w, 9 * one), s5 = v128.load_splat<T>(w, 11 * one);
  const s6 = v128.load_splat<T>(w, 13 * one), s7 = v128.load_splat<T>(w, 15 * one), s8 = v128.load_splat<T>(w, 17 * one);
  let x0 = v128.load(from), x1 = v128.load(from, one), x2 = v128.load(from, 2 * one);
  let upper = addTaps<T>(start, s0, s1, s2, x0, x1, x2);
  from += rowBytes;
  x0 = v128.load(from); x1 = v128.load(from, one); x2 = v128.load(from, 2 * one);
  upper = addTaps<T>(upper, s3, s4, s5, x0, x1, x2);
  let lower = addTaps<T>(start, s0, s1, s2, x0, x1, x2);
  for (; to != end; to += toBytes) {
    from += rowBytes;
    const p0 = v128.load(from), p1 = v128.load(from, one), p2 = v128.load(from, 2 * one);
    v128.store(to, addTaps<T>(upper, s6, s7, s8, p0, p1, p2));
    upper = addTaps<T>(lower, s3, s4, s5, p0, p1, p2);
    lower = addTaps<T>(start, s0, s1, s2, p0, p1, p2);
  }
}

// @ts-ignore: decorator
@inline function addTaps<T>(sum: v128, s0: v128, s1: v128, s2: v128, x0: v128, x1: v128, x2: v128): v128 {
  return multiplyAdd<T>(multiplyAdd<T>(multiplyAdd<T>(sum, s0, x0), s1, x1), s2, x2);
}

/** What a tile needs only before or after its loop is kept out of the way, which needs every register. */
let tileStart: f64 = 0;
let tileOut: usize = 0;
let tileStep1: usize = 0;
let tileStep2: usize = 0;
let tileStep3: usize = 0;

// Each has a single loop with a single pointer that moves: V8 would unroll an inner loop, and spill.

function tile4x2<T>(w: usize, end: usize, p0: usize, p1: usize, column: usize): void {
  let c00 = v128.splat<T>(<T>tileStart), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  for (; w != end; w += tapBytes<T>()) {
    const at = load<usize>(w), s = v128.load_splat<T>(w, sizeof<T>()), a = p0 + at, b = p1 + at;
    c00 = multiplyAdd<T>(c00, s, v128.load(a));
    c01 = multiplyAdd<T>(c01, s, v128.load(a, 16));
    c02 = multiplyAdd<T>(c02, s, v128.load(a, 32));
    c03 = multiplyAdd<T>(c03, s, v128.load(a, 48));
    c10 = multiplyAdd<T>(c10, s, v128.load(b));
    c11 = multiplyAdd<T>(c11, s, v128.load(b, 16));
    c12 = multiplyAdd<T>(c12, s, v128.load(b, 32));
    c13 = multiplyAdd<T>(c13, s, v128.load(b, 48));
  }
  let to = tileOut + column;
  v128.store(to, c00); v128.store(to, c01, 16); v128.store(to, c02, 32); v128.store(to, c03, 48);
  to += tileStep1;
  v128.store(to, c10); v128.store(to, c11, 16); v128.store(to, c12, 32); v128.store(to, c13, 48);
}

function tile2x4<T>(w: usize, end: usize, p0: usize, p1: usize, p2: usize, p3: usize, column: usize): void {
  let c00 = v128.splat<T>(<T>tileStart), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; w != end; w += tapBytes<T>()) {
    const at = load<usize>(w), s = v128.load_splat<T>(w, sizeof<T>()), a = p0 + at, b = p1 + at, c = p2 + at, d = p3 + at;
    c00 = multiplyAdd<T>(c00, s, v128.load(a));
    c01 = multiplyAdd<T>(c01, s, v128.load(a, 16));
    c10 = multiplyAdd<T>(c10, s, v128.load(b));
    c11 = multiplyAdd<T>(c11, s, v128.load(b, 16));
    c20 = multiplyAdd<T>(c20, s, v128.load(c));
    c21 = multiplyAdd<T>(c21, s, v128.load(c, 16));
    c30 = multiplyAdd<T>(c30, s, v128.load(d));
    c31 = multiplyAdd<T>(c31, s, v128.load(d, 16));
  }
  const to = tileOut + column;
  v128.store(to, c00); v128.store(to, c01, 16);
  v128.store(to + tileStep1, c10); v128.store(to + tileStep1, c11, 16);
  v128.store(to + tileStep2, c20); v128.store(to + tileStep2, c21, 16);
  v128.store(to + tileStep3, c30); v128.store(to + tileStep3, c31, 16);
}

function tile1x4<T>(w: usize, end: usize, p0: usize, p1: usize, p2: usize, p3: usize, column: usize, corner: usize): void {
  let c0 = v128.splat<T>(<T>tileStart), c1 = c0, c2 = c0, c3 = c0;
  for (; w != end; w += tapBytes<T>()) {
    const at = load<usize>(w), s = v128.load_splat<T>(w, sizeof<T>());
    c0 = multiplyAdd<T>(c0, s, v128.load(p0 + at));
    c1 = multiplyAdd<T>(c1, s, v128.load(p1 + at));
    c2 = multiplyAdd<T>(c2, s, v128.load(p2 + at));
    c3 = multiplyAdd<T>(c3, s, v128.load(p3 + at));
  }
  const to = tileOut + column;
  storePart<T>(to, c0, corner);
  storePart<T>(to + tileStep1, c1, corner);
  storePart<T>(to + tileStep2, c2, corner);
  storePart<T>(to + tileStep3, c3, corner);
}

/** A vector, or what of it belongs to a row that is narrower. */
// @ts-ignore: decorator
@inline function storePart<T>(to: usize, value: v128, corner: usize): void {
  const width = getInt(OUT_WIDTH);
  if (width >= <i32>(16 / sizeof<T>())) {
    v128.store(to, value);
    return;
  }
  v128.store(corner, value);
  for (let x: usize = 0; x < <usize>width * sizeof<T>(); x += sizeof<T>()) store<T>(to + x, load<T>(corner + x));
}

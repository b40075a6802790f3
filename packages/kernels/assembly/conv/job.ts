/**
 * What the tasks of a convolution know, as slots of the job's arguments, and the geometry derived from it.
 *
 * Every pass is a correlation with stride over planes that are copied, padded with zeros, into a thread's scratch. A row
 * of such a plane is split into as many phases as the stride has columns: column j lies at phase j mod stride, index
 * j / stride. So the pixels that one tap meets along an output row are contiguous whatever the stride or the dilation,
 * and a tap is no more than an offset into the plane. Only
 * columns.ts copies anything once per tap.
 */
import { getInt, getPointer, setInt } from "../runtime/control";

/** Images, groups, and per group: channels in and out. */
export const IMAGES = 0, GROUPS = 1, CHANNELS = 2, OUTPUTS = 3;
/** Source plane and output plane. */
export const HEIGHT = 4, WIDTH = 5, OUT_HEIGHT = 6, OUT_WIDTH = 7;
export const KERNEL_HEIGHT = 8, KERNEL_WIDTH = 9, STRIDE_Y = 10, STRIDE_X = 11, TOP = 12, LEFT = 13, DILATION_Y = 14, DILATION_X = 15;
/** Distance at which source pixels are laid out in the padded plane, zeros between: the stride of an input gradient. */
export const SPREAD_Y = 16, SPREAD_X = 17;
/** The padded plane, in elements. */
export const PHASE = 18, ROW = 19, PLANE = 20;
/** 1 if the source itself serves as the padded plane. */
export const DIRECT = 21;
/** Taps of one output: CHANNELS * KERNEL_HEIGHT * KERNEL_WIDTH. */
export const TAPS = 22;
/** First slot that a pass may use for itself. */
export const OWN = 24;

/**
 * `wholeVectors`: the pass reads an output row as whole vectors, the last of which may reach past its end. Past the source's
 * own end nothing may be read, so such a source is copied.
 */
export function setGeometry(
  images: i32, groups: i32, channels: i32, outputs: i32, height: i32, width: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideY: i32, strideX: i32, top: i32, left: i32, dilationY: i32, dilationX: i32,
  spreadY: i32, spreadX: i32, lanes: i32, wholeVectors: bool,
): void {
  if (kernelHeight == 1 && kernelWidth == 1 && top == 0 && left == 0 && strideY == 1 && strideX == 1 && spreadX == 1 && spreadY == 1
    && outHeight == height && outWidth == width) {
    // Rows need not be told apart: one long row has one tail.
    width *= height; outWidth = width; height = 1; outHeight = 1;
  }
  setInt(IMAGES, images); setInt(GROUPS, groups); setInt(CHANNELS, channels); setInt(OUTPUTS, outputs);
  setInt(HEIGHT, height); setInt(WIDTH, width); setInt(OUT_HEIGHT, outHeight); setInt(OUT_WIDTH, outWidth);
  setInt(KERNEL_HEIGHT, kernelHeight); setInt(KERNEL_WIDTH, kernelWidth); setInt(STRIDE_Y, strideY); setInt(STRIDE_X, strideX);
  setInt(TOP, top); setInt(LEFT, left); setInt(DILATION_Y, dilationY); setInt(DILATION_X, dilationX);
  setInt(SPREAD_Y, spreadY); setInt(SPREAD_X, spreadX); setInt(TAPS, channels * kernelHeight * kernelWidth);
  const rows = (outHeight - 1) * strideY + (kernelHeight - 1) * dilationY + 1;
  const columns = (outWidth - 1) * strideX + (kernelWidth - 1) * dilationX + 1;
  const direct = top == 0 && left == 0 && strideX == 1 && spreadY == 1 && spreadX == 1 && rows <= height && columns <= width
    && (wholeVectors ? outWidth % lanes == 0 : outWidth >= lanes);
  setInt(DIRECT, direct ? 1 : 0);
  const phase = direct ? width : (columns + strideX - 1) / strideX;
  setInt(PHASE, phase);
  setInt(ROW, phase * strideX);
  // Too many pixels for any memory are as many as can be told.
  setInt(PLANE, direct ? width * height : <i32>min<i64>(i32.MAX_VALUE, <i64>phase * strideX * rows));
}

/** Bytes of one group's padded planes in scratch; a vector may be read past their end. `ensureScratch` refuses what is too large for 31 bits. */
// @ts-ignore: decorator
@inline export function planesBytes<T>(): i32 {
  if (getInt(DIRECT) != 0) return 0;
  return <i32>min<i64>(i32.MAX_VALUE, ((<i64>getInt(CHANNELS) * getInt(PLANE) * sizeof<T>() + 15) & ~15) + 16);
}

/** Where tap (ky, kx) of an output pixel at the plane's origin lies in the plane, in elements. */
// @ts-ignore: decorator
@inline export function tapOffset(ky: i32, kx: i32): i32 {
  const stride = getInt(STRIDE_X), column = kx * getInt(DILATION_X);
  return ky * getInt(DILATION_Y) * getInt(ROW) + (column % stride) * getInt(PHASE) + column / stride;
}

/** Address of image `image`, group `group` of a tensor [IMAGES, GROUPS, planes, size]. */
// @ts-ignore: decorator
@inline export function planesOf<T>(base: usize, image: i32, group: i32, planes: i32, size: i32): usize {
  return base + <usize>(image * getInt(GROUPS) + group) * <usize>planes * <usize>size * sizeof<T>();
}

/**
 * The planes of one image and group as the kernels read them: the source itself, or its padded copy in `room`, whose zeros
 * have been written before and stay.
 */
export function preparePlanes<T>(source: usize, room: usize): usize {
  if (getInt(DIRECT) != 0) return source;
  const channels = getInt(CHANNELS), height = getInt(HEIGHT), width = getInt(WIDTH);
  const stride = getInt(STRIDE_X), phase = getInt(PHASE), row = getInt(ROW), plane = getInt(PLANE);
  const spreadY = getInt(SPREAD_Y), spreadX = getInt(SPREAD_X), top = getInt(TOP), left = getInt(LEFT);
  const rows = row == 0 ? 0 : plane / row;
  // First and one past the last source column that lies in the padded row.
  const first = left >= 0 ? 0 : min(width, (-left + spreadX - 1) / spreadX);
  const columns = phase * stride;
  const last = columns - left <= 0 ? first : max(first, min(width, (columns - left + spreadX - 1) / spreadX));
  const firstRow = top >= 0 ? 0 : min(height, (-top + spreadY - 1) / spreadY);
  const lastRow = max(firstRow, min(height, (rows - top + spreadY - 1) / spreadY));
  const rowBytes = <usize>width * sizeof<T>(), targetStep = <usize>(spreadY * row) * sizeof<T>();
  // Phase by phase: source pixels `stride` apart lie `spreadX` apart.
  for (let start = first; start < min(last, first + stride); start++) {
    const column = left + start * spreadX, pixels = (last - start + stride - 1) / stride;
    const place = room + <usize>((top + firstRow * spreadY) * row + column % stride * phase + column / stride) * sizeof<T>();
    for (let c = 0; c < channels; c++) {
      let from = source + <usize>(c * height + firstRow) * rowBytes + <usize>start * sizeof<T>(), to = place + <usize>(c * plane) * sizeof<T>();
      for (let y = firstRow; y < lastRow; y++) {
        if (stride == 1 && spreadX == 1) copyRow<T>(to, from, pixels);
        else scatterRow<T>(to, <usize>spreadX * sizeof<T>(), from, <usize>stride * sizeof<T>(), pixels);
        from += rowBytes;
        to += targetStep;
      }
    }
  }
  return room;
}

// @ts-ignore: decorator
@inline function scatterRow<T>(to: usize, toStep: usize, from: usize, fromStep: usize, count: i32): void {
  for (; count > 0; count--) {
    store<T>(to, load<T>(from));
    to += toStep;
    from += fromStep;
  }
}

// @ts-ignore: decorator
@inline function copyRow<T>(to: usize, from: usize, count: i32): void {
  const lanes = <i32>(16 / sizeof<T>());
  let i = 0;
  for (; i + lanes <= count; i += lanes) v128.store(to + <usize>i * sizeof<T>(), v128.load(from + <usize>i * sizeof<T>()));
  for (; i < count; i++) store<T>(to + <usize>i * sizeof<T>(), load<T>(from + <usize>i * sizeof<T>()));
}

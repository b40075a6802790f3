/**
 * Convolution by columns, mostly where the system's BLAS multiplies: the pixels that each tap meets, a row for each tap, [taps][pixels].
 *
 *   out = w columns        dWeight = dOut columns'        dColumns = w' dOut, whose rows are added up where they came from
 *
 * Columns of some output rows of one image at a time, so that they stay in the second cache.
 */
import { blasAvailable, blasMultiply } from "../gemm/blas";
import { multiplySerial, serialBytes } from "../gemm/serial";
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import { rectifyRows, takeRectify } from "../runtime/rectify";
import {
  CHANNELS, DIRECT, GROUPS, HEIGHT, IMAGES, KERNEL_HEIGHT, KERNEL_WIDTH, LEFT, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, OWN, PHASE, PLANE, planesBytes, planesOf,
  preparePlanes, ROW, STRIDE_X, STRIDE_Y, tapOffset, TAPS, TOP, WIDTH,
} from "./job";

const X = OWN, WEIGHTS = OWN + 1, BIAS = OWN + 2, OUT = OWN + 3, UNITS = OWN + 4, UNITS_PER_TASK = OWN + 5;
/** Output rows of a block, and blocks of an image. */
const BLOCK_ROWS = OWN + 6, BLOCKS = OWN + 7;
/** Blocks of channels, CHANNELS and TAPS in each; and the taps of all of them, the length of a weight's row. */
const CHANNEL_BLOCKS = OWN + 8, WEIGHT_TAPS = OWN + 9;
/** Parts of the images, with sums of their own. */
const PARTS = OWN + 10, SUMS = OWN + 11, BIAS_SUMS = OWN + 12, D_WEIGHT = OWN + 13, D_BIAS = OWN + 14;
/** 1 if BLAS multiplies; and where the room of our own products lies in the scratch. */
const BY_BLAS = OWN + 15, SERIAL_ROOM = OWN + 16;
/** 1 if outputs are cut off at zero. */
const CUT = OWN + 17;

const COLUMN_BYTES: i32 = 1 << 18;
/** Fewest tasks, where there is something to cut; parts of the images, and the bytes that their sums may take. */
const FEW_TASKS: i32 = 8;
const MOST_PARTS: i32 = 8;
const SUMS_BYTES: f64 = 32e6;
const TASK_PRODUCTS: f64 = 1_500_000;
/** Elements added by one task. */
const TASK_ELEMENTS: i32 = 1 << 14;

/** Whether the speed of a BLAS is worth the columns: there must be enough outputs to use each of them. */
export function columnsSuit(channels: i32, outputs: i32, area: i32, pixels: i32): bool {
  const taps = channels * area;
  return outputs >= 12 && taps >= 8 && pixels >= 4 && blasAvailable(<f64>outputs * <f64>taps * <f64>pixels);
}

/** Whether an input gradient is faster by columns without a BLAS, too: a direct one at a stride multiplies many zeros. */
export function columnsSuitStride(outputs: i32, area: i32, pixels: i32, stride: i32): bool {
  return stride > 1 && area > 1 && outputs >= 12 && pixels >= 16;
}

/** Whether the source is its own columns. */
// @ts-ignore: decorator
@inline function isOwnColumns(): bool {
  return getInt(DIRECT) != 0 && getInt(KERNEL_HEIGHT) == 1 && getInt(KERNEL_WIDTH) == 1 && getInt(STRIDE_Y) == 1 && getInt(OUT_WIDTH) == getInt(PLANE);
}

/** Cuts the output rows into blocks, at least `wanted`. */
function cutRows<T>(wanted: i32): void {
  const height = getInt(OUT_HEIGHT), most = COLUMN_BYTES / (getInt(TAPS) * getInt(OUT_WIDTH) * <i32>sizeof<T>());
  const rows = isOwnColumns() ? height : max(1, min(most, (height + wanted - 1) / wanted));
  setInt(BLOCK_ROWS, rows); setInt(BLOCKS, (height + rows - 1) / rows);
}

/** Halves the channels until there are enough tasks. */
function cutChannels(tasks: i32): void {
  let blocks = 1, channels = getInt(CHANNELS);
  setInt(WEIGHT_TAPS, getInt(TAPS));
  for (; tasks * blocks < FEW_TASKS && channels % 2 == 0 && channels > 8; channels >>= 1) blocks *= 2;
  setInt(CHANNEL_BLOCKS, blocks); setInt(CHANNELS, channels); setInt(TAPS, channels * getInt(KERNEL_HEIGHT) * getInt(KERNEL_WIDTH));
}

/** Bytes of a block's columns; a vector may be written past their end. */
// @ts-ignore: decorator
@inline function columnBytes<T>(): i32 {
  return <i32>min<i64>(i32.MAX_VALUE, (<i64>getInt(TAPS) * getInt(BLOCK_ROWS) * getInt(OUT_WIDTH) * sizeof<T>() + 31) & ~15);
}

/** Whole units to a task, by the products of each. */
function cutUnits(units: i32): i32 {
  const products = <f64>getInt(OUTPUTS) * <f64>getInt(TAPS) * <f64>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH));
  const perTask = max(1, <i32>Math.min(<f64>units, TASK_PRODUCTS / products));
  setInt(UNITS, units); setInt(UNITS_PER_TASK, perTask);
  return (units + perTask - 1) / perTask;
}

/** Planes [CHANNELS] of an image, a group, a block of channels. */
// @ts-ignore: decorator
@inline function channelPlanes<T>(image: i32, group: i32, block: i32): usize {
  const index = (image * getInt(GROUPS) + group) * getInt(CHANNEL_BLOCKS) + block;
  return getPointer(X) + <usize>index * <usize>(getInt(CHANNELS) * getInt(HEIGHT) * getInt(WIDTH)) * sizeof<T>();
}

/** The output planes of an image and group, from output row `row` on. */
// @ts-ignore: decorator
@inline function outputRows<T>(image: i32, group: i32, row: i32): usize {
  const width = getInt(OUT_WIDTH);
  return planesOf<T>(getPointer(OUT), image, group, getInt(OUTPUTS), getInt(OUT_HEIGHT) * width) + <usize>(row * width) * sizeof<T>();
}

/** Geometry is set before, for reading whole vectors. */
export function columnsForward<T>(x: usize, w: usize, bias: usize, out: usize): void {
  setInt(X, x); setInt(WEIGHTS, w); setInt(BIAS, bias); setInt(OUT, out); setInt(CHANNEL_BLOCKS, 1); setInt(CUT, takeRectify() ? 1 : 0);
  const planes = getInt(IMAGES) * getInt(GROUPS);
  cutRows<T>((FEW_TASKS + planes - 1) / planes);
  const tasks = cutUnits(planes * getInt(BLOCKS));
  ensureScratch(<i64>columnBytes<T>() + planesBytes<T>());
  parallelFor(sizeof<T>() == 8 ? forwardTaskF64 : forwardTaskF32, tasks);
}

/** Some units; a unit is one image, one group, one block of rows. */
function forwardTask<T>(task: i32): void {
  const blocks = getInt(BLOCKS), groups = getInt(GROUPS), outputs = getInt(OUTPUTS), taps = getInt(TAPS), width = getInt(OUT_WIDTH);
  const pixels = getInt(OUT_HEIGHT) * width, bias = getPointer(BIAS);
  const columns = scratch(), room = columns + columnBytes<T>();
  memory.fill(room, 0, planesBytes<T>());
  const first = task * getInt(UNITS_PER_TASK), last = min(getInt(UNITS), first + getInt(UNITS_PER_TASK));
  let planes: usize = 0, ready = -1;
  for (let unit = first; unit < last; unit++) {
    const row = unit % blocks * getInt(BLOCK_ROWS), rows = min(getInt(BLOCK_ROWS), getInt(OUT_HEIGHT) - row), index = unit / blocks;
    const image = index / groups, group = index % groups;
    if (index != ready) planes = preparePlanes<T>(channelPlanes<T>(image, group, 0), room);
    ready = index;
    const out = outputRows<T>(image, group, row);
    if (bias != 0) startWithBias<T>(out, bias + <usize>(group * outputs) * sizeof<T>(), rows * width);
    const source = columnsOf<T>(planes, row, rows, columns), weights = getPointer(WEIGHTS) + <usize>(group * outputs * taps) * sizeof<T>();
    blasMultiply<T>(false, false, outputs, rows * width, taps, weights, taps, source, rows * width, bias != 0, out, pixels);
    if (getInt(CUT) != 0) rectifyRows<T>(out, outputs, rows * width, <usize>pixels * sizeof<T>());
  }
}
function forwardTaskF32(task: i32): void { forwardTask<f32>(task); }
function forwardTaskF64(task: i32): void { forwardTask<f64>(task); }

/** Some pixels of every output plane: the output's bias. */
function startWithBias<T>(out: usize, bias: usize, pixels: i32): void {
  const plane = <usize>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH)) * sizeof<T>();
  for (let o = getInt(OUTPUTS); o > 0; o--) {
    const value = load<T>(bias);
    for (let p: usize = 0; p < <usize>pixels * sizeof<T>(); p += sizeof<T>()) store<T>(out + p, value);
    out += plane;
    bias += sizeof<T>();
  }
}

/** The columns of output rows `row` and on. Pieces of a row are copied in whole vectors; what is too much is written over by the next. */
function columnsOf<T>(planes: usize, row: i32, rows: i32, columns: usize): usize {
  if (isOwnColumns()) return planes;
  const kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH), pieceBytes = <usize>getInt(OUT_WIDTH) * sizeof<T>();
  const rowStep = <usize>(getInt(STRIDE_Y) * getInt(ROW)) * sizeof<T>(), plane = <usize>getInt(PLANE) * sizeof<T>();
  let to = columns;
  planes += <usize>row * rowStep;
  for (let c = getInt(CHANNELS); c > 0; c--) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        let from = planes + <usize>tapOffset(ky, kx) * sizeof<T>();
        for (let y = rows; y > 0; y--) {
          v128.store(to, v128.load(from));
          if (pieceBytes > 16) v128.store(to, v128.load(from, 16), 16);
          for (let at: usize = 32; at < pieceBytes; at += 16) v128.store(to + at, v128.load(from + at));
          from += rowStep;
          to += pieceBytes;
        }
      }
    }
    planes += plane;
  }
  return columns;
}

/** Geometry is that of the forward pass. */
export function columnsInputGradient<T>(dOut: usize, w: usize, dX: usize): void {
  setInt(OUT, dOut); setInt(WEIGHTS, w); setInt(X, dX);
  cutChannels(getInt(IMAGES) * getInt(GROUPS));
  cutRows<T>(1);
  const tasks = cutUnits(getInt(IMAGES) * getInt(GROUPS) * getInt(CHANNEL_BLOCKS));
  const byBlas = blasAvailable(<f64>getInt(OUTPUTS) * <f64>getInt(WEIGHT_TAPS) * <f64>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH)));
  const bytes = <i64>columnBytes<T>() + planesBytes<T>();
  setInt(BY_BLAS, byBlas ? 1 : 0); setInt(SERIAL_ROOM, <usize>bytes);
  ensureScratch(bytes + (byBlas ? 0 : serialBytes<T>(getInt(BLOCK_ROWS) * getInt(OUT_WIDTH), getInt(OUTPUTS))));
  parallelFor(sizeof<T>() == 8 ? inputTaskF64 : inputTaskF32, tasks);
}

/** Some units; a unit is one image, one group, one block of channels. */
function inputTask<T>(task: i32): void {
  const channelBlocks = getInt(CHANNEL_BLOCKS), groups = getInt(GROUPS), outputs = getInt(OUTPUTS), taps = getInt(TAPS);
  const height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), weightTaps = getInt(WEIGHT_TAPS), direct = getInt(DIRECT) != 0, byBlas = getInt(BY_BLAS) != 0;
  const columns = scratch(), room = columns + columnBytes<T>(), planeBytes = <usize>(getInt(CHANNELS) * getInt(PLANE)) * sizeof<T>();
  const first = task * getInt(UNITS_PER_TASK), last = min(getInt(UNITS), first + getInt(UNITS_PER_TASK));
  for (let unit = first; unit < last; unit++) {
    const block = unit % channelBlocks, group = unit / channelBlocks % groups, image = unit / channelBlocks / groups;
    const dX = channelPlanes<T>(image, group, block), planes = direct ? dX : room;
    const weights = getPointer(WEIGHTS) + <usize>(group * outputs * weightTaps + block * taps) * sizeof<T>();
    memory.fill(planes, 0, planeBytes);
    for (let row = 0; row < height; row += getInt(BLOCK_ROWS)) {
      const rows = min(getInt(BLOCK_ROWS), height - row), pixels = rows * width;
      const dOut = outputRows<T>(image, group, row);
      if (byBlas) {
        blasMultiply<T>(true, false, taps, pixels, outputs, weights, weightTaps, dOut, height * width, false, columns, pixels);
      } else {
        const unit: usize = sizeof<T>();
        multiplySerial<T>(
          taps, pixels, outputs, weights, unit, <usize>weightTaps * unit, dOut, <usize>(height * width) * unit, unit, columns, <usize>pixels * unit,
          scratch() + getPointer(SERIAL_ROOM),
        );
      }
      addColumns<T>(columns, planes, row, rows);
    }
    if (!direct) collectPlanes<T>(room, dX);
  }
}
function inputTaskF32(task: i32): void { inputTask<f32>(task); }
function inputTaskF64(task: i32): void { inputTask<f64>(task); }

/** Adds columns to the pixels that their taps meet. */
function addColumns<T>(columns: usize, planes: usize, row: i32, rows: i32): void {
  const kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH), pieceBytes = <usize>getInt(OUT_WIDTH) * sizeof<T>();
  const rowStep = <usize>(getInt(STRIDE_Y) * getInt(ROW)) * sizeof<T>(), plane = <usize>getInt(PLANE) * sizeof<T>();
  planes += <usize>row * rowStep;
  for (let c = getInt(CHANNELS); c > 0; c--) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        let to = planes + <usize>tapOffset(ky, kx) * sizeof<T>();
        for (let y = rows; y > 0; y--) {
          let at: usize = 0;
          for (; at + 16 <= pieceBytes; at += 16) v128.store(to + at, v128.add<T>(v128.load(to + at), v128.load(columns + at)));
          for (; at < pieceBytes; at += sizeof<T>()) store<T>(to + at, load<T>(to + at) + load<T>(columns + at));
          to += rowStep;
          columns += pieceBytes;
        }
      }
    }
    planes += plane;
  }
}

/** What `preparePlanes` does, backwards: pixels that lie in no padded plane are zero. */
function collectPlanes<T>(room: usize, target: usize): void {
  const height = getInt(HEIGHT), width = getInt(WIDTH), stride = getInt(STRIDE_X), phase = getInt(PHASE), row = getInt(ROW), plane = getInt(PLANE);
  const channels = getInt(CHANNELS), top = getInt(TOP), left = getInt(LEFT), rowBytes = <usize>width * sizeof<T>();
  const firstRow = min(height, max(0, -top)), lastRow = max(firstRow, min(height, plane / row - top));
  const first = min(width, max(0, -left)), last = max(first, min(width, row - left));
  if (firstRow > 0 || lastRow < height || first > 0 || last < width) memory.fill(target, 0, <usize>(channels * height) * rowBytes);
  for (let start = first; start < min(last, first + stride); start++) {
    const column = left + start, place = room + <usize>((top + firstRow) * row + column % stride * phase + column / stride) * sizeof<T>();
    for (let c = 0; c < channels; c++) {
      let from = place + <usize>(c * plane) * sizeof<T>();
      for (let y = firstRow; y < lastRow; y++) {
        const at = target + <usize>(c * height + y) * rowBytes;
        let pixel = from;
        for (let x = start; x < last; x += stride) {
          store<T>(at + <usize>x * sizeof<T>(), load<T>(pixel));
          pixel += sizeof<T>();
        }
        from += <usize>row * sizeof<T>();
      }
    }
  }
}

/** Geometry is set before, for reading whole vectors. */
export function columnsWeightGradient<T>(dOut: usize, x: usize, dWeight: usize, dBias: usize): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), elements = groups * outputs * getInt(TAPS);
  let parts = min(getInt(IMAGES), MOST_PARTS);
  while (parts > 1 && <f64>parts * <f64>elements * <f64>sizeof<T>() > SUMS_BYTES) parts >>= 1;
  setInt(OUT, dOut); setInt(X, x); setInt(D_WEIGHT, dWeight); setInt(D_BIAS, dBias); setInt(PARTS, parts);
  cutChannels(parts * groups);
  cutRows<T>(1);
  const sums = temporary(<usize>parts * <usize>elements * sizeof<T>()), biasSums = temporary(<usize>(parts * groups * outputs) * sizeof<T>());
  setInt(SUMS, sums); setInt(BIAS_SUMS, biasSums);
  ensureScratch(<i64>columnBytes<T>() + planesBytes<T>());
  parallelFor(sizeof<T>() == 8 ? weightTaskF64 : weightTaskF32, parts * groups * getInt(CHANNEL_BLOCKS));
  parallelFor(sizeof<T>() == 8 ? sumTaskF64 : sumTaskF32, (elements + TASK_ELEMENTS - 1) / TASK_ELEMENTS);
  if (dBias != 0) addParts<T>(biasSums, dBias, groups * outputs, 0, groups * outputs);
  freeTemporary(sums); freeTemporary(biasSums);
}

/** One part of the images, one group, one block of channels. */
function weightTask<T>(task: i32): void {
  const channelBlocks = getInt(CHANNEL_BLOCKS), groups = getInt(GROUPS), outputs = getInt(OUTPUTS), taps = getInt(TAPS), parts = getInt(PARTS);
  const height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), weightTaps = getInt(WEIGHT_TAPS), images = getInt(IMAGES);
  const block = task % channelBlocks, group = task / channelBlocks % groups, part = task / channelBlocks / groups;
  const columns = scratch(), room = columns + columnBytes<T>(), place = part * groups + group;
  const sums = getPointer(SUMS) + (<usize>(place * outputs) * <usize>weightTaps + <usize>(block * taps)) * sizeof<T>();
  const firstImage = <i32>(<i64>part * images / parts), lastImage = <i32>(<i64>(part + 1) * images / parts);
  memory.fill(room, 0, planesBytes<T>());
  for (let image = firstImage; image < lastImage; image++) {
    const planes = preparePlanes<T>(channelPlanes<T>(image, group, block), room);
    for (let row = 0; row < height; row += getInt(BLOCK_ROWS)) {
      const rows = min(getInt(BLOCK_ROWS), height - row), pixels = rows * width, source = columnsOf<T>(planes, row, rows, columns);
      const accumulate = image > firstImage || row > 0;
      blasMultiply<T>(false, true, outputs, taps, pixels, outputRows<T>(image, group, row), height * width, source, pixels, accumulate, sums, weightTaps);
    }
    if (block == 0 && getPointer(D_BIAS) != 0) {
      addPlaneSums<T>(outputRows<T>(image, group, 0), getPointer(BIAS_SUMS) + <usize>(place * outputs) * sizeof<T>(), image > firstImage);
    }
  }
}
function weightTaskF32(task: i32): void { weightTask<f32>(task); }
function weightTaskF64(task: i32): void { weightTask<f64>(task); }

/** sums[output] = (accumulate ? sums : 0) + the sum over the output's plane. */
function addPlaneSums<T>(planes: usize, sums: usize, accumulate: bool): void {
  const pixels = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH), lanes = <i32>(16 / sizeof<T>());
  for (let o = getInt(OUTPUTS); o > 0; o--) {
    let vector = v128.splat<T>(0), p = 0;
    for (; p + lanes <= pixels; p += lanes) {
      vector = v128.add<T>(vector, v128.load(planes));
      planes += 16;
    }
    let sum = v128.extract_lane<T>(vector, 0) + v128.extract_lane<T>(vector, 1);
    if (sizeof<T>() == 4) sum += v128.extract_lane<T>(vector, 2) + v128.extract_lane<T>(vector, 3);
    for (; p < pixels; p++) {
      sum += load<T>(planes);
      planes += sizeof<T>();
    }
    store<T>(sums, accumulate ? load<T>(sums) + sum : sum);
    sums += sizeof<T>();
  }
}

function sumTask<T>(task: i32): void {
  const elements = getInt(GROUPS) * getInt(OUTPUTS) * getInt(WEIGHT_TAPS), first = task * TASK_ELEMENTS;
  addParts<T>(getPointer(SUMS), getPointer(D_WEIGHT), elements, first, min(elements, first + TASK_ELEMENTS));
}
function sumTaskF32(task: i32): void { sumTask<f32>(task); }
function sumTaskF64(task: i32): void { sumTask<f64>(task); }

/** Elements `first` and on of the sum of all parts, added in order. */
function addParts<T>(sums: usize, total: usize, elements: i32, first: i32, last: i32): void {
  const step = <usize>elements * sizeof<T>(), end = <usize>last * sizeof<T>();
  let at = <usize>first * sizeof<T>();
  for (; at + 16 <= end; at += 16) {
    let sum = v128.load(sums + at), from = sums + at;
    for (let parts = getInt(PARTS); parts > 1; parts--) {
      from += step;
      sum = v128.add<T>(sum, v128.load(from));
    }
    v128.store(total + at, sum);
  }
  for (; at < end; at += sizeof<T>()) {
    let sum = load<T>(sums + at), from = sums + at;
    for (let parts = getInt(PARTS); parts > 1; parts--) {
      from += step;
      sum += load<T>(from);
    }
    store<T>(total + at, sum);
  }
}

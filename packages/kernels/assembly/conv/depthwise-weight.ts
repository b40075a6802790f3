/**
 * Weight gradient with one channel in a group, as in a depthwise convolution: neighbouring taps of a few kernel rows at a time, each a
 * dot product of dOut with the pixels that it meets.
 *
 * Sums stay vectors until the end. Images and groups are cut into tasks by the problem alone; parts of the images are added in order.
 */
import { multiplyAdd } from "../math/multiply-add";
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import {
  DILATION_Y, GROUPS, HEIGHT, IMAGES, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, OWN, planesBytes, planesOf, preparePlanes, ROW,
  WIDTH,
} from "./job";
import { laneMask } from "./weight-tile";

const D_OUT = OWN, X = OWN + 1, D_WEIGHT = OWN + 2, D_BIAS = OWN + 3, SUMS = OWN + 4, OFFSETS = OWN + 5, PARTS = OWN + 6, BLOCKS = OWN + 7;
/** Whole vectors of a plane of dOut, and rows that have a tail beside them. */
const VECTORS = OWN + 8, TAILS = OWN + 9;

const TASK_PRODUCTS: f64 = 400_000;
const MOST_TASKS: f64 = 32;
/** Groups next to each other that a task should have. */
const FEW_GROUPS: i32 = 4;
/** Room for the sums of a tile. */
const TILE_BYTES: usize = 160;

/** Kernel rows and columns of a tile. The last one overlaps its neighbour. */
// @ts-ignore: decorator
@inline function tileRows(): i32 { return getInt(KERNEL_WIDTH) < 5 ? 3 : 2; }
// @ts-ignore: decorator
@inline function tileColumns(): i32 { return getInt(KERNEL_WIDTH) < 5 ? 3 : 5; }
// @ts-ignore: decorator
@inline function tilesDown(): i32 { return (getInt(KERNEL_HEIGHT) + tileRows() - 1) / tileRows(); }
// @ts-ignore: decorator
@inline function tilesAcross(): i32 { return (getInt(KERNEL_WIDTH) + tileColumns() - 1) / tileColumns(); }

/** Sums of one output in one part, the last of them the bias's. */
// @ts-ignore: decorator
@inline function outputBytes(): usize { return <usize>(tilesDown() * tilesAcross()) * TILE_BYTES + 16; }

/** Whether this is faster than panels of several outputs. */
export function depthwiseWeightSuits(channels: i32, outputs: i32, kW: i32, sH: i32, sW: i32, dW: i32): bool {
  return channels == 1 && outputs < 4 && kW >= 3 && sH == 1 && sW == 1 && dW == 1;
}

/** Geometry is set before. */
export function depthwiseWeightGradient<T>(dOut: usize, x: usize, dWeight: usize, dBias: usize): void {
  const groups = getInt(GROUPS), outputs = getInt(OUTPUTS), images = getInt(IMAGES), height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH);
  setInt(D_OUT, dOut); setInt(X, x); setInt(D_WEIGHT, dWeight); setInt(D_BIAS, dBias);
  const products = <f64>(groups * outputs * getInt(KERNEL_HEIGHT) * getInt(KERNEL_WIDTH)) * <f64>(height * width) * <f64>images;
  const wanted = max(1, <i32>Math.min(MOST_TASKS, products / TASK_PRODUCTS));
  const blocks = max(1, min(wanted, groups / FEW_GROUPS)), parts = min(images, (wanted + blocks - 1) / blocks);
  setInt(BLOCKS, blocks); setInt(PARTS, parts);

  const lanes = <i32>(16 / sizeof<T>()), inRow = width / lanes, tails = width % lanes == 0 ? 0 : height;
  setInt(VECTORS, height * inRow); setInt(TAILS, tails);
  const offsets = temporary(<usize>(height * (inRow + 1)) << 2), sums = temporary(<usize>(parts * groups * outputs) * outputBytes());
  for (let y = 0; y < height; y++) {
    for (let v = 0; v <= inRow; v++) {
      const place = v < inRow ? y * inRow + v : height * inRow + y;
      store<i32>(offsets + (<usize>place << 2), y * getInt(ROW) * <i32>sizeof<T>() + (v << 4));
    }
  }
  setInt(OFFSETS, offsets); setInt(SUMS, sums);
  ensureScratch((<i64>(height * inRow + tails) << 4) + planesBytes<T>());
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, parts * blocks);
  for (let output = 0; output < groups * outputs; output++) addParts<T>(output);
  freeTemporary(offsets); freeTemporary(sums);
}

/** One part of the images, one block of groups. */
function runTask<T>(task: i32): void {
  const blocks = getInt(BLOCKS), parts = getInt(PARTS), groups = getInt(GROUPS), outputs = getInt(OUTPUTS), images = getInt(IMAGES);
  const block = task % blocks, part = task / blocks, plane = getInt(HEIGHT) * getInt(WIDTH), outPlane = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH);
  const firstGroup = <i32>(<i64>block * groups / blocks), lastGroup = <i32>(<i64>(block + 1) * groups / blocks);
  const firstImage = <i32>(<i64>part * images / parts), lastImage = <i32>(<i64>(part + 1) * images / parts);
  const packed = scratch(), packedBytes = <usize>(getInt(VECTORS) + getInt(TAILS)) << 4, room = packed + packedBytes;
  const sums = getPointer(SUMS) + <usize>(part * groups * outputs) * outputBytes();
  memory.fill(room, 0, planesBytes<T>());
  memory.fill(packed, 0, packedBytes);
  memory.fill(sums + <usize>(firstGroup * outputs) * outputBytes(), 0, <usize>((lastGroup - firstGroup) * outputs) * outputBytes());
  for (let image = firstImage; image < lastImage; image++) {
    for (let group = firstGroup; group < lastGroup; group++) {
      const pixels = preparePlanes<T>(planesOf<T>(getPointer(X), image, group, 1, plane), room);
      for (let o = 0; o < outputs; o++) {
        const dOut = planesOf<T>(getPointer(D_OUT), image, group, outputs, outPlane) + <usize>(o * outPlane) * sizeof<T>();
        addPlane<T>(packVectors<T>(dOut, packed), pixels, sums + <usize>(group * outputs + o) * outputBytes());
      }
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

/** A plane of dOut, as it is or in `room`: whole vectors, then the tails of all rows, whose zeros have been written before. */
function packVectors<T>(dOut: usize, room: usize): usize {
  if (getInt(TAILS) == 0) return dOut;
  const rowBytes = <usize>getInt(OUT_WIDTH) * sizeof<T>();
  let to = room, tail = room + (<usize>getInt(VECTORS) << 4);
  for (let y = getInt(OUT_HEIGHT); y > 0; y--) {
    let x: usize = 0;
    for (; x + 16 <= rowBytes; x += 16) {
      v128.store(to, v128.load(dOut + x));
      to += 16;
    }
    for (let rest: usize = 0; x + rest < rowBytes; rest += sizeof<T>()) store<T>(tail + rest, load<T>(dOut + x + rest));
    dOut += rowBytes;
    tail += 16;
  }
  return room;
}

/** Adds one plane to the sums of its output. */
function addPlane<T>(dOut: usize, pixels: usize, sums: usize): void {
  const kernelHeight = getInt(KERNEL_HEIGHT), rows = tileRows();
  const rowBytes = <usize>(getInt(DILATION_Y) * getInt(ROW)) * sizeof<T>(), sumBytes = <usize>tilesAcross() * TILE_BYTES;
  for (let ky = 0; ky < kernelHeight; ky += rows) {
    const row0 = pixels + <usize>ky * rowBytes, row1 = pixels + <usize>min(ky + 1, kernelHeight - 1) * rowBytes;
    addTiles<T>(dOut, row0, row1, pixels + <usize>min(ky + 2, kernelHeight - 1) * rowBytes, sums);
    sums += sumBytes;
  }
  if (getPointer(D_BIAS) == 0) return;
  let sum = v128.load(sums);
  for (let vectors = getInt(VECTORS) + getInt(TAILS); vectors > 0; vectors--) {
    sum = v128.add<T>(sum, v128.load(dOut));
    dOut += 16;
  }
  v128.store(sums, sum);
}

/** The tiles of some kernel rows. */
function addTiles<T>(dOut: usize, row0: usize, row1: usize, row2: usize, sums: usize): void {
  const columns = tileColumns(), step = <usize>columns * sizeof<T>(), last = <usize>getInt(KERNEL_WIDTH) * sizeof<T>() - step;
  for (let x: usize = 0; x < last; x += step) {
    addTile<T>(columns, dOut, row0 + x, row1 + x, row2 + x, sums);
    sums += TILE_BYTES;
  }
  addTile<T>(columns, dOut, row0 + last, row1 + last, row2 + last, sums);
}

/** Inlined, so that each tile has two callers and stays a function of its own: V8 does best with a loop that is alone in one. */
// @ts-ignore: decorator
@inline function addTile<T>(columns: i32, dOut: usize, row0: usize, row1: usize, row2: usize, sums: usize): void {
  const at = getPointer(OFFSETS), tail = at + (<usize>getInt(VECTORS) << 2), end = tail + (<usize>getInt(TAILS) << 2);
  if (columns == 3) {
    tile3x3<T>(at, tail, dOut, row0, row1, row2, sums);
    if (tail != end) tile3x3Tails<T>(tail, end, dOut + (<usize>getInt(VECTORS) << 4), row0, row1, row2, sums);
  } else {
    tile2x5<T>(at, tail, dOut, row0, row1, sums);
    if (tail != end) tile2x5Tails<T>(tail, end, dOut + (<usize>getInt(VECTORS) << 4), row0, row1, sums);
  }
}

function tile3x3<T>(at: usize, end: usize, dOut: usize, row0: usize, row1: usize, row2: usize, sums: usize): void {
  rows3x3<T>(false, at, end, dOut, row0, row1, row2, sums);
}
function tile3x3Tails<T>(at: usize, end: usize, dOut: usize, row0: usize, row1: usize, row2: usize, sums: usize): void {
  rows3x3<T>(true, at, end, dOut, row0, row1, row2, sums);
}
function tile2x5<T>(at: usize, end: usize, dOut: usize, row0: usize, row1: usize, sums: usize): void {
  rows2x5<T>(false, at, end, dOut, row0, row1, sums);
}
function tile2x5Tails<T>(at: usize, end: usize, dOut: usize, row0: usize, row1: usize, sums: usize): void {
  rows2x5<T>(true, at, end, dOut, row0, row1, sums);
}

/** Pixels beside a tail may be infinite: they are cleared, not merely multiplied by zero. */
// @ts-ignore: decorator
@inline function cleared(tails: bool, mask: v128, pixels: v128): v128 {
  return tails ? v128.and(mask, pixels) : pixels;
}

// @ts-ignore: decorator
@inline function rows3x3<T>(tails: bool, at: usize, end: usize, dOut: usize, row0: usize, row1: usize, row2: usize, sums: usize): void {
  const one = sizeof<T>(), mask = laneMask<T>(getInt(OUT_WIDTH) % <i32>(16 / sizeof<T>()));
  let c00 = v128.load(sums), c01 = v128.load(sums, 16), c02 = v128.load(sums, 32), c10 = v128.load(sums, 48), c11 = v128.load(sums, 64);
  let c12 = v128.load(sums, 80), c20 = v128.load(sums, 96), c21 = v128.load(sums, 112), c22 = v128.load(sums, 128);
  for (; at != end; at += 4) {
    const offset = load<usize>(at), s = v128.load(dOut), p0 = row0 + offset, p1 = row1 + offset, p2 = row2 + offset;
    c00 = multiplyAdd<T>(c00, s, cleared(tails, mask, v128.load(p0))); c01 = multiplyAdd<T>(c01, s, cleared(tails, mask, v128.load(p0, one)));
    c02 = multiplyAdd<T>(c02, s, cleared(tails, mask, v128.load(p0, 2 * one)));
    c10 = multiplyAdd<T>(c10, s, cleared(tails, mask, v128.load(p1))); c11 = multiplyAdd<T>(c11, s, cleared(tails, mask, v128.load(p1, one)));
    c12 = multiplyAdd<T>(c12, s, cleared(tails, mask, v128.load(p1, 2 * one)));
    c20 = multiplyAdd<T>(c20, s, cleared(tails, mask, v128.load(p2))); c21 = multiplyAdd<T>(c21, s, cleared(tails, mask, v128.load(p2, one)));
    c22 = multiplyAdd<T>(c22, s, cleared(tails, mask, v128.load(p2, 2 * one)));
    dOut += 16;
  }
  v128.store(sums, c00); v128.store(sums, c01, 16); v128.store(sums, c02, 32); v128.store(sums, c10, 48); v128.store(sums, c11, 64);
  v128.store(sums, c12, 80); v128.store(sums, c20, 96); v128.store(sums, c21, 112); v128.store(sums, c22, 128);
}

// @ts-ignore: decorator
@inline function rows2x5<T>(tails: bool, at: usize, end: usize, dOut: usize, row0: usize, row1: usize, sums: usize): void {
  const one = sizeof<T>(), mask = laneMask<T>(getInt(OUT_WIDTH) % <i32>(16 / sizeof<T>()));
  let c00 = v128.load(sums), c01 = v128.load(sums, 16), c02 = v128.load(sums, 32), c03 = v128.load(sums, 48), c04 = v128.load(sums, 64);
  let c10 = v128.load(sums, 80), c11 = v128.load(sums, 96), c12 = v128.load(sums, 112), c13 = v128.load(sums, 128), c14 = v128.load(sums, 144);
  for (; at != end; at += 4) {
    const offset = load<usize>(at), s = v128.load(dOut), p0 = row0 + offset, p1 = row1 + offset;
    c00 = multiplyAdd<T>(c00, s, cleared(tails, mask, v128.load(p0))); c01 = multiplyAdd<T>(c01, s, cleared(tails, mask, v128.load(p0, one)));
    c02 = multiplyAdd<T>(c02, s, cleared(tails, mask, v128.load(p0, 2 * one)));
    c03 = multiplyAdd<T>(c03, s, cleared(tails, mask, v128.load(p0, 3 * one))); c04 = multiplyAdd<T>(c04, s, cleared(tails, mask, v128.load(p0, 4 * one)));
    c10 = multiplyAdd<T>(c10, s, cleared(tails, mask, v128.load(p1))); c11 = multiplyAdd<T>(c11, s, cleared(tails, mask, v128.load(p1, one)));
    c12 = multiplyAdd<T>(c12, s, cleared(tails, mask, v128.load(p1, 2 * one)));
    c13 = multiplyAdd<T>(c13, s, cleared(tails, mask, v128.load(p1, 3 * one))); c14 = multiplyAdd<T>(c14, s, cleared(tails, mask, v128.load(p1, 4 * one)));
    dOut += 16;
  }
  v128.store(sums, c00); v128.store(sums, c01, 16); v128.store(sums, c02, 32); v128.store(sums, c03, 48); v128.store(sums, c04, 64);
  v128.store(sums, c10, 80); v128.store(sums, c11, 96); v128.store(sums, c12, 112); v128.store(sums, c13, 128); v128.store(sums, c14, 144);
}

/** The gradients of one output: its parts in order, then its lanes. */
function addParts<T>(output: i32): void {
  const kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH), rows = tileRows(), columns = tileColumns(), across = tilesAcross();
  const sums = getPointer(SUMS) + <usize>output * outputBytes(), dBias = getPointer(D_BIAS);
  let to = getPointer(D_WEIGHT) + <usize>(output * kernelHeight * kernelWidth) * sizeof<T>();
  for (let ky = 0; ky < kernelHeight; ky++) {
    for (let kx = 0; kx < kernelWidth; kx++) {
      const tile = ky / rows * across + kx / columns, column = kx - min(kx / columns * columns, kernelWidth - columns);
      store<T>(to, sumOfParts<T>(sums + <usize>tile * TILE_BYTES + (<usize>(ky % rows * columns + column) << 4)));
      to += sizeof<T>();
    }
  }
  if (dBias != 0) store<T>(dBias + <usize>output * sizeof<T>(), sumOfParts<T>(sums + outputBytes() - 16));
}

function sumOfParts<T>(at: usize): T {
  const step = <usize>(getInt(GROUPS) * getInt(OUTPUTS)) * outputBytes();
  let sum = v128.load(at);
  for (let parts = getInt(PARTS); parts > 1; parts--) {
    at += step;
    sum = v128.add<T>(sum, v128.load(at));
  }
  let total = v128.extract_lane<T>(sum, 0) + v128.extract_lane<T>(sum, 1);
  if (sizeof<T>() == 4) total += v128.extract_lane<T>(sum, 2) + v128.extract_lane<T>(sum, 3);
  return total;
}

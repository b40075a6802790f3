/**
 * Max pooling over planes [H, W], with the position of each maximum. As PyTorch: the first of equal values wins, NaN
 * propagates (the last one of a window gives the position), and padding counts as -inf. The position is -1 where a window
 * holds nothing but padding, and such a window has no gradient.
 */
import { getInt, getPointer, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";

// Arguments: 0 dtype, 1 x, 2 out, 3 indices, 4 planes, 5 H, 6 W, 7 OH, 8 OW, 9 kH, 10 kW, 11 sH, 12 sW, 13 pH, 14 pW,
// 15 dH, 16 dW, 17 planes per task.

/** Windows [begin, end) of output row `oh`. */
function anyWindows<T>(x: usize, out: usize, indices: usize, oh: i32, begin: i32, end: i32): void {
  const H = getInt(5), W = getInt(6), OW = getInt(8), kW = getInt(10), sW = getInt(12), dH = getInt(15), dW = getInt(16);
  let top = oh * getInt(11) - getInt(13);
  const bottom = min(H, top + (getInt(9) - 1) * dH + 1);
  while (top < 0) top += dH;
  for (let ow = begin; ow < end; ow++) {
    let left = ow * sW - getInt(14);
    const right = min(W, left + (kW - 1) * dW + 1);
    while (left < 0) left += dW;
    let best = <T>-Infinity;
    // A dilated window may hold nothing but padding.
    let position = top < bottom && left < right ? top * W + left : -1;
    for (let h = top; h < bottom; h += dH) {
      for (let w = left; w < right; w += dW) {
        const v = load<T>(x + <usize>(h * W + w) * sizeof<T>());
        if (v > best || v != v) {
          best = v;
          position = h * W + w;
        }
      }
    }
    const at = <usize>(oh * OW + ow);
    store<T>(out + at * sizeof<T>(), best);
    store<i32>(indices + (at << 2), position);
  }
}

/**
 * Four float32 windows side by side, none of which reaches into the padding, column stride 1 or 2. `x` is the first
 * window's corner at `corner` in the plane.
 */
// @ts-ignore: decorator
@inline function fourWindows(x: usize, corner: i32, out: usize, indices: usize, W: i32, kH: i32, kW: i32, sW: i32, dH: i32, dW: i32): void {
  let best = f32x4.splat(-Infinity);
  let position = i32x4.add(i32x4.splat(corner), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(sW)));
  const corners = position;
  for (let i = 0; i < kH; i++) {
    for (let j = 0; j < kW; j++) {
      const offset = i * dH * W + j * dW;
      const p = x + (<usize>offset << 2);
      let v = v128.load(p);
      // The last lane alone: a whole second vector could reach beyond the tensor.
      if (sW == 2) v = v128.load32_lane(p + 24, v128.shuffle<i32>(v, v128.load64_zero(p + 16), 0, 2, 4, 3), 3);
      const better = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
      best = v128.bitselect(v, best, better);
      position = v128.bitselect(i32x4.add(corners, i32x4.splat(offset)), position, better);
    }
  }
  v128.store(out, best);
  v128.store(indices, position);
}

// @ts-ignore: decorator
@inline function largerOfTwo(best: v128, position: v128, v: v128, at: v128, out: usize, indices: usize): void {
  const better = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
  v128.store(out, v128.bitselect(v, best, better));
  v128.store(indices, v128.bitselect(at, position, better));
}

/** 2 x 2 windows with stride 2: every element is loaded once. */
// @ts-ignore: decorator
@inline function fourOfTwoByTwo(x: usize, corners: v128, out: usize, indices: usize, W: v128, step: usize): void {
  const below = x + step;
  const a = v128.load(x), b = v128.load(x, 16), c = v128.load(below), d = v128.load(below, 16);
  const a0 = v128.shuffle<i32>(a, b, 0, 2, 4, 6), a1 = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
  const c0 = v128.shuffle<i32>(c, d, 0, 2, 4, 6), c1 = v128.shuffle<i32>(c, d, 1, 3, 5, 7);
  const cornersBelow = i32x4.add(corners, W);
  // A sum shows whether there is a NaN (or two infinities).
  const sum = f32x4.add(f32x4.add(a0, a1), f32x4.add(c0, c1));
  const right = f32x4.gt(a1, a0), rightBelow = f32x4.gt(c1, c0);
  if (!v128.any_true(f32x4.ne(sum, sum))) {
    // A mask is -1 where it holds.
    const top = f32x4.pmax(a0, a1), bottom = f32x4.pmax(c0, c1);
    const position = i32x4.sub(corners, right), positionBelow = i32x4.sub(cornersBelow, rightBelow);
    v128.store(out, f32x4.pmax(top, bottom));
    v128.store(indices, v128.bitselect(positionBelow, position, f32x4.gt(bottom, top)));
    return;
  }
  const one = i32x4.splat(1);
  let better = v128.or(right, f32x4.ne(a1, a1));
  let best = v128.bitselect(a1, a0, better), position = v128.bitselect(i32x4.add(corners, one), corners, better);
  better = v128.or(f32x4.gt(c0, best), f32x4.ne(c0, c0));
  best = v128.bitselect(c0, best, better);
  position = v128.bitselect(cornersBelow, position, better);
  largerOfTwo(best, position, c1, i32x4.add(cornersBelow, one), out, indices);
}

/** At least four windows, the last four perhaps overlapping others. */
function twoByTwoRow(x: usize, corner: i32, out: usize, indices: usize, W: i32, OW: i32): void {
  const step = <usize>W << 2, width = i32x4.splat(W), first = i32x4.add(i32x4.splat(corner), i32x4(0, 2, 4, 6));
  const end = <usize>OW << 2, last = end - 16;
  for (let at: usize = 0; at < end; at += 16) {
    at = min(at, last);
    fourOfTwoByTwo(x + 2 * at, i32x4.add(first, i32x4.splat(<i32>at >> 1)), out + at, indices + at, width, step);
  }
}

/** A plane of 2 x 2 windows with stride 2 and no padding. */
function twoByTwoPlane(x: usize, out: usize, indices: usize): void {
  const W = getInt(6), OH = getInt(7), OW = getInt(8);
  for (let oh = 0; oh < OH; oh++) {
    const at = <usize>(oh * OW) << 2, corner = 2 * oh * W;
    twoByTwoRow(x + (<usize>corner << 2), corner, out + at, indices + at, W, OW);
  }
}

/** A row of float32 windows: the padded ends one by one, the inside by fours, the last four overlapping. */
function rowF32(x: usize, out: usize, indices: usize, oh: i32): void {
  const H = getInt(5), W = getInt(6), OW = getInt(8), kH = getInt(9), kW = getInt(10), sH = getInt(11), sW = getInt(12);
  const pW = getInt(14), dH = getInt(15), dW = getInt(16);
  const top = oh * sH - getInt(13);
  // Windows [first, end) touch no padding.
  const first = (pW + sW - 1) / sW;
  const end = min(OW, (W - (kW - 1) * dW - 1 + pW) / sW + 1);
  if (sW > 2 || top < 0 || top + (kH - 1) * dH >= H || end - first < 4) {
    anyWindows<f32>(x, out, indices, oh, 0, OW);
    return;
  }
  anyWindows<f32>(x, out, indices, oh, 0, first);
  let ow = first;
  while (ow < end) {
    ow = min(ow, end - 4);
    const corner = top * W + ow * sW - pW;
    const from = x + (<usize>corner << 2), at = <usize>(oh * OW + ow) << 2;
    fourWindows(from, corner, out + at, indices + at, W, kH, kW, sW, dH, dW);
    ow += 4;
  }
  anyWindows<f32>(x, out, indices, oh, end, OW);
}

function isTwoByTwo(): bool {
  const windows = getInt(9) == 2 && getInt(10) == 2 && getInt(11) == 2 && getInt(12) == 2;
  const plain = getInt(13) == 0 && getInt(14) == 0 && getInt(15) == 1 && getInt(16) == 1;
  return windows && plain && getInt(8) >= 4 && getInt(7) * 2 <= getInt(5) && getInt(8) * 2 <= getInt(6);
}

function planeF32(x: usize, out: usize, indices: usize): void {
  if (isTwoByTwo()) { twoByTwoPlane(x, out, indices); return; }
  const OH = getInt(7);
  for (let oh = 0; oh < OH; oh++) rowF32(x, out, indices, oh);
}

function planeF64(x: usize, out: usize, indices: usize): void {
  const OH = getInt(7), OW = getInt(8);
  for (let oh = 0; oh < OH; oh++) anyWindows<f64>(x, out, indices, oh, 0, OW);
}

function planeTask(task: i32): void {
  const inSize = <usize>getInt(5) * getInt(6), outSize = <usize>getInt(7) * getInt(8);
  const each = getInt(17);
  const last = min(getInt(4), (task + 1) * each);
  for (let plane = task * each; plane < last; plane++) {
    const x = <usize>plane * inSize, out = <usize>plane * outSize;
    const indices = getPointer(3) + (out << 2);
    if (getInt(0) == F32) planeF32(getPointer(1) + (x << 2), getPointer(2) + (out << 2), indices);
    else planeF64(getPointer(1) + (x << 3), getPointer(2) + (out << 3), indices);
  }
}

export function maxPool2d(
  dtype: i32, x: usize, out: usize, indices: usize, planes: i32, H: i32, W: i32, OH: i32, OW: i32, kH: i32, kW: i32, sH: i32,
  sW: i32, pH: i32, pW: i32, dH: i32, dW: i32,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  const work = max(1, max(H * W, OH * OW * kH * kW / 4));
  const each = <i64>planes * work <= PARALLEL_FROM ? max(1, planes) : max(1, CHUNK / work);
  setInt(0, dtype); setInt(1, x); setInt(2, out); setInt(3, indices); setInt(4, planes); setInt(5, H); setInt(6, W);
  setInt(7, OH); setInt(8, OW); setInt(9, kH); setInt(10, kW); setInt(11, sH); setInt(12, sW); setInt(13, pH); setInt(14, pW);
  setInt(15, dH); setInt(16, dW); setInt(17, each);
  parallelFor(planeTask, (planes + each - 1) / each);
}

// @ts-ignore: decorator
@inline function scatter<T>(dX: usize, position: i32, value: T): void {
  if (position < 0) return;
  const at = dX + <usize>position * sizeof<T>();
  store<T>(at, load<T>(at) + value);
}

function scatterPlane<T>(dOut: usize, indices: usize, dX: usize, inSize: i32, outSize: i32): void {
  memory.fill(dX, 0, <usize>inSize * sizeof<T>());
  const end = indices + (<usize>outSize << 2);
  for (; indices + 16 <= end; indices += 16) {
    scatter<T>(dX, load<i32>(indices), load<T>(dOut));
    scatter<T>(dX, load<i32>(indices, 4), load<T>(dOut, sizeof<T>()));
    scatter<T>(dX, load<i32>(indices, 8), load<T>(dOut, 2 * sizeof<T>()));
    scatter<T>(dX, load<i32>(indices, 12), load<T>(dOut, 3 * sizeof<T>()));
    dOut += 4 * sizeof<T>();
  }
  for (; indices < end; indices += 4) {
    scatter<T>(dX, load<i32>(indices), load<T>(dOut));
    dOut += sizeof<T>();
  }
}

/**
 * The gradient of four 2 x 2 windows with stride 2: each goes to the one of its window's places that the index names. `corners`
 * are the windows' first places, `W` the row's length.
 */
// @ts-ignore: decorator
@inline function spreadFour(dOut: usize, indices: usize, corners: v128, W: i32, dX: usize): void {
  const gradient = v128.load(dOut), place = i32x4.sub(v128.load(indices), corners), below = i32x4.splat(W);
  const left = v128.and(gradient, i32x4.eq(place, i32x4.splat(0))), right = v128.and(gradient, i32x4.eq(place, i32x4.splat(1)));
  v128.store(dX, v128.shuffle<i32>(left, right, 0, 4, 1, 5));
  v128.store(dX, v128.shuffle<i32>(left, right, 2, 6, 3, 7), 16);
  const leftBelow = v128.and(gradient, i32x4.eq(place, below)), rightBelow = v128.and(gradient, i32x4.eq(place, i32x4.add(below, i32x4.splat(1))));
  dX += <usize>W << 2;
  v128.store(dX, v128.shuffle<i32>(leftBelow, rightBelow, 0, 4, 1, 5));
  v128.store(dX, v128.shuffle<i32>(leftBelow, rightBelow, 2, 6, 3, 7), 16);
}

/** A plane of 2 x 2 windows with stride 2 and no padding, at least four in a row: nothing is added up, so all is written once. */
function spreadPlane(dOut: usize, indices: usize, dX: usize, H: i32, W: i32, OH: i32, OW: i32): void {
  const end = <usize>OW << 2, last = end - 16, rest = <usize>(W - 2 * OW) << 2;
  for (let oh = 0; oh < OH; oh++) {
    const corner = 2 * oh * W, first = i32x4.add(i32x4.splat(corner), i32x4(0, 2, 4, 6)), row = dX + (<usize>corner << 2);
    for (let at: usize = 0; at < end; at += 16) {
      at = min(at, last);
      spreadFour(dOut + at, indices + at, i32x4.add(first, i32x4.splat(<i32>at >> 1)), W, row + 2 * at);
    }
    if (rest != 0) {
      memory.fill(row + 2 * end, 0, rest);
      memory.fill(row + (<usize>W << 2) + 2 * end, 0, rest);
    }
    dOut += end;
    indices += end;
  }
  memory.fill(dX + (<usize>(2 * OH * W) << 2), 0, <usize>((H - 2 * OH) * W) << 2);
}

// Arguments: 0 dtype, 1 dOut, 2 indices, 3 dX, 4 planes, 5 H, 6 W, 7 OH, 8 OW, 9 planes per task, 10 by fours.
function backwardTask(task: i32): void {
  const H = getInt(5), W = getInt(6), OH = getInt(7), OW = getInt(8), each = getInt(9), inSize = H * W, outSize = OH * OW;
  const last = min(getInt(4), (task + 1) * each);
  for (let plane = task * each; plane < last; plane++) {
    const inAt = <usize>plane * inSize, outAt = <usize>plane * outSize;
    const indices = getPointer(2) + (outAt << 2);
    if (getInt(10) != 0) spreadPlane(getPointer(1) + (outAt << 2), indices, getPointer(3) + (inAt << 2), H, W, OH, OW);
    else if (getInt(0) == F32) scatterPlane<f32>(getPointer(1) + (outAt << 2), indices, getPointer(3) + (inAt << 2), inSize, outSize);
    else scatterPlane<f64>(getPointer(1) + (outAt << 3), indices, getPointer(3) + (inAt << 3), inSize, outSize);
  }
}

/** `twoByTwo`: windows of 2 x 2 with stride 2, no padding, no dilation; every index lies in its window. */
export function maxPool2dBackward(
  dtype: i32, dOut: usize, indices: usize, dX: usize, planes: i32, H: i32, W: i32, OH: i32, OW: i32, twoByTwo: i32,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  const work = max(1, H * W + OH * OW);
  const each = <i64>planes * work <= PARALLEL_FROM ? max(1, planes) : max(1, CHUNK / work);
  setInt(0, dtype); setInt(1, dOut); setInt(2, indices); setInt(3, dX); setInt(4, planes); setInt(5, H); setInt(6, W);
  setInt(7, OH); setInt(8, OW); setInt(9, each);
  setInt(10, twoByTwo != 0 && dtype == F32 && OW >= 4 && 2 * OW <= W && 2 * OH <= H ? 1 : 0);
  parallelFor(backwardTask, (planes + each - 1) / each);
}

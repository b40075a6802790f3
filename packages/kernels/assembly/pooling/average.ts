/**
 * Average pooling over planes [H, W]. As PyTorch: explicit padding is counted where `countIncludePad`, the overhang of
 * ceilMode never is, and a divisor override wins over both.
 */
import { getInt, getPointer, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";

// Arguments: 0 dtype, 1 x or dOut, 2 out or dX, 3 planes, 4 H, 5 W, 6 OH, 7 OW, 8 kH, 9 kW, 10 sH, 11 sW, 12 pH, 13 pW,
// 14 countIncludePad, 15 divisorOverride, 16 planes per task, 17 backward.

// @ts-ignore: decorator
@inline function divisor(top: i32, left: i32, bottom: i32, right: i32): i32 {
  if (getInt(15) != 0) return getInt(15);
  if (getInt(14) == 0) return (min(bottom, getInt(4)) - max(top, 0)) * (min(right, getInt(5)) - max(left, 0));
  return (bottom - top) * (right - left);
}

/** Windows [begin, end) of output row `oh`, forward or backward (`x` then is dX, accumulated, and `out` is dOut). */
function anyWindows<T>(x: usize, out: usize, oh: i32, begin: i32, end: i32, backward: bool): void {
  const H = getInt(4), W = getInt(5), OW = getInt(7), kW = getInt(9), sW = getInt(11), pW = getInt(13);
  const top = oh * getInt(10) - getInt(12);
  const bottom = min(top + getInt(8), H + getInt(12));
  const h0 = max(top, 0), h1 = min(bottom, H);
  for (let ow = begin; ow < end; ow++) {
    const left = ow * sW - pW;
    const right = min(left + kW, W + pW);
    const w0 = max(left, 0), w1 = min(right, W);
    const count = <T>divisor(top, left, bottom, right);
    const at = out + <usize>(oh * OW + ow) * sizeof<T>();
    if (backward) {
      const share = load<T>(at) / count;
      for (let h = h0; h < h1; h++) {
        for (let w = w0; w < w1; w++) {
          const p = x + <usize>(h * W + w) * sizeof<T>();
          store<T>(p, load<T>(p) + share);
        }
      }
      continue;
    }
    let sum: T = 0;
    for (let h = h0; h < h1; h++) {
      for (let w = w0; w < w1; w++) sum += load<T>(x + <usize>(h * W + w) * sizeof<T>());
    }
    store<T>(at, sum / count);
  }
}

/** The same order of additions as `anyWindows`, four windows at once. */
// @ts-ignore: decorator
@inline function fourOfTwoByTwo(x: usize, out: usize, W: i32, count: v128): void {
  const below = x + (<usize>W << 2);
  const a = v128.load(x), b = v128.load(x, 16), c = v128.load(below), d = v128.load(below, 16);
  let sum = f32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
  sum = f32x4.add(sum, v128.shuffle<i32>(c, d, 0, 2, 4, 6));
  sum = f32x4.add(sum, v128.shuffle<i32>(c, d, 1, 3, 5, 7));
  v128.store(out, f32x4.div(sum, count));
}

// @ts-ignore: decorator
@inline function spreadTwoByTwo(dX: usize, dOut: usize, W: i32, count: v128): void {
  const share = f32x4.div(v128.load(dOut), count);
  const low = v128.shuffle<i32>(share, share, 0, 0, 1, 1), high = v128.shuffle<i32>(share, share, 2, 2, 3, 3);
  const below = dX + (<usize>W << 2);
  v128.store(dX, low);
  v128.store(dX, high, 16);
  v128.store(below, low);
  v128.store(below, high, 16);
}

/** 2 x 2 windows with stride 2 and no padding, the commonest case; each element belongs to one window. */
function twoByTwoPlane(x: usize, out: usize, backward: bool): void {
  const W = getInt(5), OH = getInt(6), OW = getInt(7);
  const inWindow = getInt(15) != 0 ? getInt(15) : 4;
  const count = f32x4.splat(<f32>inWindow);
  for (let oh = 0; oh < OH; oh++) {
    for (let ow = 0; ow < OW;) {
      ow = min(ow, OW - 4);
      const from = x + (<usize>(2 * oh * W + 2 * ow) << 2), at = out + (<usize>(oh * OW + ow) << 2);
      if (backward) spreadTwoByTwo(from, at, W, count);
      else fourOfTwoByTwo(from, at, W, count);
      ow += 4;
    }
  }
}

function plane<T>(x: usize, out: usize, backward: bool): void {
  const H = getInt(4), W = getInt(5), OH = getInt(6), OW = getInt(7);
  if (backward) memory.fill(x, 0, <usize>H * W * sizeof<T>());
  const plain = getInt(8) == 2 && getInt(9) == 2 && getInt(10) == 2 && getInt(11) == 2 && getInt(12) == 0 && getInt(13) == 0;
  if (sizeof<T>() == 4 && plain && OW >= 4 && OH * 2 <= H && OW * 2 <= W) { twoByTwoPlane(x, out, backward); return; }
  for (let oh = 0; oh < OH; oh++) anyWindows<T>(x, out, oh, 0, OW, backward);
}

function planeTask(task: i32): void {
  const inSize = <usize>getInt(4) * getInt(5), outSize = <usize>getInt(6) * getInt(7);
  const each = getInt(16);
  const backward = getInt(17) != 0;
  const last = min(getInt(3), (task + 1) * each);
  for (let p = task * each; p < last; p++) {
    if (getInt(0) == F32) plane<f32>(getPointer(1) + ((<usize>p * inSize) << 2), getPointer(2) + ((<usize>p * outSize) << 2), backward);
    else plane<f64>(getPointer(1) + ((<usize>p * inSize) << 3), getPointer(2) + ((<usize>p * outSize) << 3), backward);
  }
}

/** `x` has the size of the input, `out` that of the output, whichever way the numbers flow. */
function run(
  backward: i32, dtype: i32, x: usize, out: usize, planes: i32, H: i32, W: i32, OH: i32, OW: i32, kH: i32, kW: i32, sH: i32,
  sW: i32, pH: i32, pW: i32, countIncludePad: i32, divisorOverride: i32,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  const work = max(1, max(H * W, OH * OW * kH * kW));
  const each = <i64>planes * work <= PARALLEL_FROM ? max(1, planes) : max(1, CHUNK / work);
  setInt(0, dtype); setInt(1, x); setInt(2, out); setInt(3, planes); setInt(4, H); setInt(5, W); setInt(6, OH); setInt(7, OW);
  setInt(8, kH); setInt(9, kW); setInt(10, sH); setInt(11, sW); setInt(12, pH); setInt(13, pW); setInt(14, countIncludePad);
  setInt(15, divisorOverride); setInt(16, each); setInt(17, backward);
  parallelFor(planeTask, (planes + each - 1) / each);
}

export function avgPool2d(
  dtype: i32, x: usize, out: usize, planes: i32, H: i32, W: i32, OH: i32, OW: i32, kH: i32, kW: i32, sH: i32, sW: i32, pH: i32,
  pW: i32, countIncludePad: i32, divisorOverride: i32,
): void {
  run(0, dtype, x, out, planes, H, W, OH, OW, kH, kW, sH, sW, pH, pW, countIncludePad, divisorOverride);
}

export function avgPool2dBackward(
  dtype: i32, dOut: usize, dX: usize, planes: i32, H: i32, W: i32, OH: i32, OW: i32, kH: i32, kW: i32, sH: i32, sW: i32,
  pH: i32, pW: i32, countIncludePad: i32, divisorOverride: i32,
): void {
  run(1, dtype, dX, dOut, planes, H, W, OH, OW, kH, kW, sH, sW, pH, pW, countIncludePad, divisorOverride);
}

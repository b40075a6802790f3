/**
 * The bulk work of batch norm on x [N, C, S]. Where S > 1, a segment is the S contiguous elements of one channel of one
 * image; where S == 1, it is a row of all C channels. Per-channel numbers stand in arrays of C elements.
 */
import { loadAtMost, loadTail, storeAtMost } from "../math/lanes";
import { SquaredDeviation, Sum } from "../reduce/combinations";
import { fold, reduceRow } from "../reduce/tree";
import { getInt, getPointer, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { rectify } from "../runtime/rectify";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";

/** What a pass over the segments does. */
const MOMENTS: i32 = 0;
const NORMALIZE: i32 = 1;
const SUMS: i32 = 2;
const PRODUCTS: i32 = 3;
const TRAIN_GRAD: i32 = 4;
const EVAL_GRAD: i32 = 5;
/** `NORMALIZE`, cut off at zero. */
const RECTIFIED: i32 = 6;

// Arguments: 0 pass, 1 dtype, 2 C, 3 S, 4 segments, 5 segments per task, 6 x, 7 out, 8 dOut, then per-channel arrays
// 9 mean, 10 scale, 11 bias or the mean of dOut, 12 slope; `MOMENTS` and `SUMS` write per-segment numbers to 13 and 14.

// @ts-ignore: decorator
@inline function at<T>(array: usize, i: i32): T {
  return load<T>(array + <usize>i * sizeof<T>());
}

function momentsOf<T>(segment: i32): void {
  const n = getInt(3);
  const x = getPointer(6) + <usize>segment * n * sizeof<T>();
  const mean = <T>(reduceRow<Sum, T>(x, n, 0) / <T>n);
  store<T>(getPointer(13) + <usize>segment * sizeof<T>(), mean);
  store<T>(getPointer(14) + <usize>segment * sizeof<T>(), reduceRow<SquaredDeviation, T>(x, n, mean));
}

/** Leaves of the tree of `bothSums`. */
const LEAF_BYTES: usize = 2048;
/** What `bothSums` found; every thread's instance has its own. */
let sums: v128 = i64x2.splat(0);
let products: v128 = i64x2.splat(0);

/** Lane-wise sums of dOut and of dOut (x - mean) over n elements, as balanced trees. */
function bothSums<T>(dOut: usize, x: usize, n: i32, mean: v128): void {
  const bytes = <usize>n * sizeof<T>();
  if (bytes <= LEAF_BYTES) { bothLeaves<T>(dOut, x, bytes, mean); return; }
  const half = <i32>(((bytes / 2 + LEAF_BYTES - 1) & ~(LEAF_BYTES - 1)) / sizeof<T>());
  const at = <usize>half * sizeof<T>();
  bothSums<T>(dOut, x, half, mean);
  const firstSums = sums, firstProducts = products;
  bothSums<T>(dOut + at, x + at, n - half, mean);
  sums = v128.add<T>(firstSums, sums);
  products = v128.add<T>(firstProducts, products);
}

function bothLeaves<T>(dOut: usize, x: usize, bytes: usize, mean: v128): void {
  let s0 = v128.splat<T>(0), s1 = s0, p0 = s0, p1 = s0;
  const end = x + bytes;
  for (; x + 32 <= end; x += 32) {
    const a = v128.load(dOut), b = v128.load(dOut, 16);
    s0 = v128.add<T>(s0, a);
    p0 = v128.add<T>(p0, v128.mul<T>(a, v128.sub<T>(v128.load(x), mean)));
    s1 = v128.add<T>(s1, b);
    p1 = v128.add<T>(p1, v128.mul<T>(b, v128.sub<T>(v128.load(x, 16), mean)));
    dOut += 32;
  }
  for (; x < end; x += 16) {
    // Beyond the end are zeros in dOut, and so in the product.
    const left = end - x, a = loadAtMost(dOut, left);
    s0 = v128.add<T>(s0, a);
    p0 = v128.add<T>(p0, v128.mul<T>(a, v128.sub<T>(loadAtMost(x, left), mean)));
    dOut += 16;
  }
  sums = v128.add<T>(s0, s1);
  products = v128.add<T>(p0, p1);
}

function sumsOf<T>(segment: i32): void {
  const n = getInt(3), begin = <usize>segment * n * sizeof<T>(), to = <usize>segment * sizeof<T>();
  const mean = v128.splat<T>(at<T>(getPointer(9), segment % getInt(2)));
  bothSums<T>(getPointer(8) + begin, getPointer(6) + begin, n, mean);
  store<T>(getPointer(13) + to, fold<Sum, T>(sums));
  store<T>(getPointer(14) + to, fold<Sum, T>(products));
}

/** One vector of a pass that writes an element for each element; at most `left` bytes are used. */
// @ts-ignore: decorator
@inline function vector<T>(
  pass: i32, x: usize, out: usize, dOut: usize, left: usize, mean: v128, scale: v128, shift: v128, slope: v128,
): void {
  if (pass == EVAL_GRAD) { storeAtMost(out, v128.mul<T>(loadAtMost(dOut, left), scale), left); return; }
  const centered = v128.sub<T>(loadAtMost(x, left), mean);
  if (pass == PRODUCTS) {
    storeAtMost(out, v128.mul<T>(loadAtMost(dOut, left), centered), left);
  } else if (pass == NORMALIZE || pass == RECTIFIED) {
    const normal = v128.add<T>(v128.mul<T>(centered, scale), shift);
    storeAtMost(out, pass == RECTIFIED ? rectify<T>(normal) : normal, left);
  } else {
    const g = v128.sub<T>(v128.sub<T>(loadAtMost(dOut, left), shift), v128.mul<T>(centered, slope));
    storeAtMost(out, v128.mul<T>(g, scale), left);
  }
}

/** S elements of one channel. */
// @ts-ignore: decorator
@inline function channelSegment<T>(pass: i32, segment: i32): void {
  const channel = <usize>(segment % getInt(2)) * sizeof<T>();
  const zero = v128.splat<T>(0);
  const mean = pass == EVAL_GRAD ? zero : v128.load_splat<T>(getPointer(9) + channel);
  const scale = pass == PRODUCTS ? zero : v128.load_splat<T>(getPointer(10) + channel);
  const hasShift = pass == TRAIN_GRAD || ((pass == NORMALIZE || pass == RECTIFIED) && getPointer(11) != 0);
  const shift = hasShift ? v128.load_splat<T>(getPointer(11) + channel) : zero;
  const slope = pass == TRAIN_GRAD ? v128.load_splat<T>(getPointer(12) + channel) : zero;
  const bytes = <usize>getInt(3) * sizeof<T>();
  const begin = <usize>segment * bytes;
  const x = getPointer(6) + begin, out = getPointer(7) + begin, dOut = getPointer(8) + begin;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    vector<T>(pass, x + i, out + i, dOut + i, 16, mean, scale, shift, slope);
    vector<T>(pass, x + i + 16, out + i + 16, dOut + i + 16, 16, mean, scale, shift, slope);
  }
  for (; i + 16 <= bytes; i += 16) vector<T>(pass, x + i, out + i, dOut + i, 16, mean, scale, shift, slope);
  if (i < bytes) vector<T>(pass, x + i, out + i, dOut + i, bytes - i, mean, scale, shift, slope);
}

/** A row of all channels. The pointers are read once: what a loop writes could be arguments, for all the compiler knows. */
// @ts-ignore: decorator
@inline function channelRow<T>(pass: i32, row: i32): void {
  const bytes = <usize>getInt(2) * sizeof<T>(), begin = <usize>row * bytes;
  const x = getPointer(6) + begin, out = getPointer(7) + begin, dOut = getPointer(8) + begin;
  const means = getPointer(9), scales = getPointer(10), shifts = getPointer(11), slopes = getPointer(12);
  const zero = v128.splat<T>(0);
  const hasShift = pass == TRAIN_GRAD || ((pass == NORMALIZE || pass == RECTIFIED) && shifts != 0);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const mean = pass == EVAL_GRAD ? zero : v128.load(means + i), scale = pass == PRODUCTS ? zero : v128.load(scales + i);
    const shift = hasShift ? v128.load(shifts + i) : zero, slope = pass == TRAIN_GRAD ? v128.load(slopes + i) : zero;
    vector<T>(pass, x + i, out + i, dOut + i, 16, mean, scale, shift, slope);
  }
  if (i == bytes) return;
  const left = bytes - i;
  const mean = pass == EVAL_GRAD ? zero : loadTail(means + i, left), scale = pass == PRODUCTS ? zero : loadTail(scales + i, left);
  const shift = hasShift ? loadTail(shifts + i, left) : zero, slope = pass == TRAIN_GRAD ? loadTail(slopes + i, left) : zero;
  vector<T>(pass, x + i, out + i, dOut + i, left, mean, scale, shift, slope);
}

// @ts-ignore: decorator
@inline function elements<T>(pass: i32, segment: i32): void {
  if (getInt(3) == 1) channelRow<T>(pass, segment);
  else channelSegment<T>(pass, segment);
}

function normalizeOf<T>(segment: i32): void { elements<T>(NORMALIZE, segment); }
function rectifiedOf<T>(segment: i32): void { elements<T>(RECTIFIED, segment); }
function productsOf<T>(segment: i32): void { elements<T>(PRODUCTS, segment); }
function trainGradOf<T>(segment: i32): void { elements<T>(TRAIN_GRAD, segment); }
function evalGradOf<T>(segment: i32): void { elements<T>(EVAL_GRAD, segment); }

function segmentOf<T>(pass: i32, segment: i32): void {
  switch (pass) {
    case MOMENTS: momentsOf<T>(segment); return;
    case NORMALIZE: normalizeOf<T>(segment); return;
    case SUMS: sumsOf<T>(segment); return;
    case PRODUCTS: productsOf<T>(segment); return;
    case TRAIN_GRAD: trainGradOf<T>(segment); return;
    case EVAL_GRAD: evalGradOf<T>(segment); return;
    case RECTIFIED: rectifiedOf<T>(segment); return;
    default: unreachable();
  }
}

function segmentsTask(task: i32): void {
  const each = getInt(5);
  const last = min(getInt(4), (task + 1) * each);
  for (let segment = task * each; segment < last; segment++) {
    if (getInt(1) == F32) segmentOf<f32>(getInt(0), segment);
    else segmentOf<f64>(getInt(0), segment);
  }
}

function run(pass: i32, dtype: i32, N: i32, C: i32, S: i32): void {
  if (dtype != F32 && dtype != F64) unreachable();
  const segments = S == 1 ? N : N * C;
  const length = max(1, S == 1 ? C : S);
  const small = <i64>segments * length <= PARALLEL_FROM;
  const each = small ? max(1, segments) : max(1, CHUNK / length);
  setInt(0, pass); setInt(1, dtype); setInt(2, C); setInt(3, S); setInt(4, segments); setInt(5, each);
  parallelFor(segmentsTask, (segments + each - 1) / each);
}

/** Mean and sum of squared deviations of every segment, S > 1. */
export function segmentMoments(dtype: i32, x: usize, mean: usize, m2: usize, N: i32, C: i32, S: i32): void {
  setInt(6, x); setInt(13, mean); setInt(14, m2);
  run(MOMENTS, dtype, N, C, S);
}

/** out = (x - mean) scale + bias, if `cut` then cut off at zero; `bias` may be 0. */
export function normalizeSegments(
  dtype: i32, x: usize, out: usize, mean: usize, scale: usize, bias: usize, cut: bool, N: i32, C: i32, S: i32,
): void {
  setInt(6, x); setInt(7, out); setInt(9, mean); setInt(10, scale); setInt(11, bias);
  run(cut ? RECTIFIED : NORMALIZE, dtype, N, C, S);
}

/** sum(dOut) and sum(dOut (x - mean)) of every segment, S > 1. */
export function segmentSums(
  dtype: i32, dOut: usize, x: usize, mean: usize, sum: usize, product: usize, N: i32, C: i32, S: i32,
): void {
  setInt(6, x); setInt(8, dOut); setInt(9, mean); setInt(13, sum); setInt(14, product);
  run(SUMS, dtype, N, C, S);
}

/** out = dOut (x - mean) */
export function segmentProducts(dtype: i32, dOut: usize, x: usize, mean: usize, out: usize, N: i32, C: i32, S: i32): void {
  setInt(6, x); setInt(7, out); setInt(8, dOut); setInt(9, mean);
  run(PRODUCTS, dtype, N, C, S);
}

/** dX = scale (dOut - meanGrad - slope (x - mean)) */
export function trainGradSegments(
  dtype: i32, dOut: usize, x: usize, dX: usize, mean: usize, scale: usize, meanGrad: usize, slope: usize, N: i32, C: i32,
  S: i32,
): void {
  setInt(6, x); setInt(7, dX); setInt(8, dOut); setInt(9, mean); setInt(10, scale); setInt(11, meanGrad); setInt(12, slope);
  run(TRAIN_GRAD, dtype, N, C, S);
}

/** dX = scale dOut */
export function evalGradSegments(dtype: i32, dOut: usize, dX: usize, scale: usize, N: i32, C: i32, S: i32): void {
  setInt(7, dX); setInt(8, dOut); setInt(10, scale);
  run(EVAL_GRAD, dtype, N, C, S);
}

/**
 * The bulk work of batch norm on x [N, C, S]. Where S > 1, a segment is the S contiguous elements of one channel of one
 * image; where S == 1, it is a row of all C channels. Per-channel numbers stand in arrays of C elements.
 */
import { getInt, getPointer, setInt } from "./control";
import { F32, F64 } from "./dtype";
import { lanes, loadTail, storeTail } from "./math-lanes";
import { parallelFor } from "./pool";
import { dotTree } from "./reduce-dot";
import { SquaredDeviation, Sum } from "./reduce-ops";
import { fold, reduceRow } from "./reduce-tree";
import { CHUNK, PARALLEL_FROM } from "./strided";

/** What a pass over the segments does. */
const MOMENTS: i32 = 0;
const NORMALIZE: i32 = 1;
const SUMS: i32 = 2;
const PRODUCTS: i32 = 3;
const TRAIN_GRAD: i32 = 4;
const EVAL_GRAD: i32 = 5;

// Arguments: 0 pass, 1 dtype, 2 C, 3 S, 4 segments, 5 segments per task, 6 x, 7 out, 8 dOut, then per-channel arrays
// 9 mean, 10 scale, 11 bias or the mean of dOut, 12 slope; `MOMENTS` and `SUMS` write per-segment numbers to 13 and 14.

// @ts-ignore: decorator
@inline function at<T>(array: usize, i: i32): T {
  return load<T>(array + <usize>i * sizeof<T>());
}

// @ts-ignore: decorator
@inline function read(p: usize, left: usize): v128 {
  return left < 16 ? loadTail(p, left) : v128.load(p);
}

// @ts-ignore: decorator
@inline function write(p: usize, v: v128, left: usize): void {
  if (left < 16) storeTail(p, v, left);
  else v128.store(p, v);
}

/** The per-channel number that goes with the vector at `offset` of the segment: one channel, or a run of channels. */
// @ts-ignore: decorator
@inline function perChannel<T>(array: usize, channel: i32, offset: usize, left: usize): v128 {
  if (array == 0) return v128.splat<T>(0);
  return channel < 0 ? read(array + offset, left) : v128.load_splat<T>(array + <usize>channel * sizeof<T>());
}

function momentsOf<T>(segment: i32): void {
  const n = getInt(3);
  const x = getPointer(6) + <usize>segment * n * sizeof<T>();
  const mean = <T>(reduceRow<Sum, T>(x, n, 0) / <T>n);
  store<T>(getPointer(13) + <usize>segment * sizeof<T>(), mean);
  store<T>(getPointer(14) + <usize>segment * sizeof<T>(), reduceRow<SquaredDeviation, T>(x, n, mean));
}

function sumsOf<T>(segment: i32): void {
  const n = getInt(3);
  const begin = <usize>segment * n * sizeof<T>();
  const mean = v128.splat<T>(at<T>(getPointer(9), segment % getInt(2)));
  const dOut = getPointer(8) + begin;
  store<T>(getPointer(13) + <usize>segment * sizeof<T>(), reduceRow<Sum, T>(dOut, n, 0));
  const product = fold<Sum, T>(dotTree<T>(dOut, getPointer(6) + begin, n, mean));
  store<T>(getPointer(14) + <usize>segment * sizeof<T>(), product);
}

/** Passes that write one element for each element. */
// @ts-ignore: decorator
@inline function elements<T>(pass: i32, segment: i32): void {
  const isRow = getInt(3) == 1;
  const n = isRow ? getInt(2) : getInt(3);
  const channel = isRow ? -1 : segment % getInt(2);
  const begin = <usize>segment * n * sizeof<T>();
  const x = getPointer(6) + begin, out = getPointer(7) + begin, dOut = getPointer(8) + begin;
  const bytes = <usize>n * sizeof<T>();
  for (let i: usize = 0; i < bytes; i += 16) {
    const left = bytes - i;
    let y: v128;
    if (pass == EVAL_GRAD) {
      y = v128.mul<T>(read(dOut + i, left), perChannel<T>(getPointer(10), channel, i, left));
    } else {
      const centered = v128.sub<T>(read(x + i, left), perChannel<T>(getPointer(9), channel, i, left));
      if (pass == PRODUCTS) {
        y = v128.mul<T>(read(dOut + i, left), centered);
      } else {
        const scale = perChannel<T>(getPointer(10), channel, i, left);
        const shift = perChannel<T>(getPointer(11), channel, i, left);
        if (pass == NORMALIZE) {
          y = v128.add<T>(v128.mul<T>(centered, scale), shift);
        } else {
          const slope = perChannel<T>(getPointer(12), channel, i, left);
          const g = v128.sub<T>(v128.sub<T>(read(dOut + i, left), shift), v128.mul<T>(centered, slope));
          y = v128.mul<T>(g, scale);
        }
      }
    }
    write(out + i, y, left);
  }
}

function normalizeOf<T>(segment: i32): void { elements<T>(NORMALIZE, segment); }
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

/** out = (x - mean) scale + bias; `bias` may be 0. */
export function normalizeSegments(
  dtype: i32, x: usize, out: usize, mean: usize, scale: usize, bias: usize, N: i32, C: i32, S: i32,
): void {
  setInt(6, x); setInt(7, out); setInt(9, mean); setInt(10, scale); setInt(11, bias);
  run(NORMALIZE, dtype, N, C, S);
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

/**
 * A matrix times a vector: every element of the matrix is used once, so nothing is packed, and memory sets the pace. The
 * matrix is read along its rows in memory: as dot products where these run along k, else as sums of scaled rows.
 */
import { getInt, getPointer, setInt } from "./control";
import { ensureScratch, parallelFor, scratch } from "./pool";

const COUNT = 0, K = 1, MATRIX = 2, W_STEP = 3, K_STEP = 4, VECTOR = 5, VECTOR_STEP = 6, OUT = 7, OUT_STEP = 8, BIAS = 9, BIAS_STEP = 10;
const ACCUMULATE = 11, PER_TASK = 12;

/** Matrix elements worth a task. */
const TASK_ELEMENTS: i32 = 1 << 16;
/** Sums of scaled rows stay in the first cache. */
const MOST_SUMS: i32 = 2048;

/**
 * out[w] = (accumulate ? out[w] : 0) + sum over k of matrix(w, k) vector(k) (+ bias[w]). Steps are in bytes. Returns false,
 * having done nothing, for a matrix that is contiguous along neither side.
 */
export function multiplyVector<T>(
  count: i32, k: i32, matrix: usize, wStep: usize, kStep: usize, vector: usize, vectorStep: usize, out: usize, outStep: usize,
  bias: usize, biasStep: usize, accumulate: bool,
): bool {
  const alongK = kStep == sizeof<T>();
  if (!alongK && wStep != sizeof<T>()) return false;
  setInt(COUNT, count); setInt(K, k); setInt(MATRIX, matrix); setInt(W_STEP, wStep); setInt(K_STEP, kStep);
  setInt(VECTOR, vector); setInt(VECTOR_STEP, vectorStep); setInt(OUT, out); setInt(OUT_STEP, outStep);
  setInt(BIAS, bias); setInt(BIAS_STEP, biasStep); setInt(ACCUMULATE, accumulate ? 1 : 0);
  // Four dot products, or 16 sums, go together.
  let perTask = (max(1, TASK_ELEMENTS / k) + 15) & ~15;
  if (alongK) {
    setInt(PER_TASK, perTask);
    const tasks = (count + perTask - 1) / perTask;
    let gathered: usize = 0;
    if (vectorStep != sizeof<T>()) {
      gathered = heap.alloc(<usize>k * sizeof<T>());
      for (let i = 0; i < k; i++) store<T>(gathered + <usize>i * sizeof<T>(), load<T>(vector + <usize>i * vectorStep));
      setInt(VECTOR, gathered);
    }
    parallelFor(sizeof<T>() == 8 ? dotTaskF64 : dotTaskF32, tasks);
    if (gathered != 0) heap.free(gathered);
  } else {
    perTask = min(perTask, MOST_SUMS);
    setInt(PER_TASK, perTask);
    ensureScratch(perTask * <i32>sizeof<T>());
    parallelFor(sizeof<T>() == 8 ? sumTaskF64 : sumTaskF32, (count + perTask - 1) / perTask);
  }
  return true;
}

// @ts-ignore: decorator
@inline function finish<T>(w: i32, sum: T): void {
  const at = getPointer(OUT) + <usize>w * getPointer(OUT_STEP), bias = getPointer(BIAS);
  if (bias != 0) sum += load<T>(bias + <usize>w * getPointer(BIAS_STEP));
  if (getInt(ACCUMULATE) != 0) sum = load<T>(at) + sum;
  store<T>(at, sum);
}

// @ts-ignore: decorator
@inline function laneSum<T>(v: v128): T {
  const low = v128.extract_lane<T>(v, 0) + v128.extract_lane<T>(v, 1);
  return sizeof<T>() == 8 ? low : low + (v128.extract_lane<T>(v, 2) + v128.extract_lane<T>(v, 3));
}

function dotTask<T>(task: i32): void {
  const k = getInt(K), lanes = <i32>(16 / sizeof<T>()), whole = k - k % lanes;
  const step = getPointer(W_STEP), vector = getPointer(VECTOR), vectorEnd = vector + <usize>whole * sizeof<T>();
  const first = task * getInt(PER_TASK), last = min(getInt(COUNT), first + getInt(PER_TASK));
  let w = first;
  for (; w + 4 <= last; w += 4) {
    const row = getPointer(MATRIX) + <usize>w * step;
    let p0 = row, p1 = p0 + step, p2 = p1 + step, p3 = p2 + step;
    let s0 = v128.splat<T>(0), s1 = s0, s2 = s0, s3 = s0;
    for (let at = vector; at != vectorEnd; at += 16) {
      const x = v128.load(at);
      s0 = v128.add<T>(s0, v128.mul<T>(x, v128.load(p0))); p0 += 16;
      s1 = v128.add<T>(s1, v128.mul<T>(x, v128.load(p1))); p1 += 16;
      s2 = v128.add<T>(s2, v128.mul<T>(x, v128.load(p2))); p2 += 16;
      s3 = v128.add<T>(s3, v128.mul<T>(x, v128.load(p3))); p3 += 16;
    }
    let t0 = laneSum<T>(s0), t1 = laneSum<T>(s1), t2 = laneSum<T>(s2), t3 = laneSum<T>(s3);
    for (let i = whole; i < k; i++) {
      const at = <usize>i * sizeof<T>(), x = load<T>(vector + at);
      t0 += x * load<T>(row + at);
      t1 += x * load<T>(row + step + at);
      t2 += x * load<T>(row + 2 * step + at);
      t3 += x * load<T>(row + 3 * step + at);
    }
    finish<T>(w, t0); finish<T>(w + 1, t1); finish<T>(w + 2, t2); finish<T>(w + 3, t3);
  }
  for (; w < last; w++) {
    const row = getPointer(MATRIX) + <usize>w * step;
    let p = row, s = v128.splat<T>(0);
    for (let at = vector; at != vectorEnd; at += 16) {
      s = v128.add<T>(s, v128.mul<T>(v128.load(at), v128.load(p)));
      p += 16;
    }
    let sum = laneSum<T>(s);
    for (let i = whole; i < k; i++) sum += load<T>(vector + <usize>i * sizeof<T>()) * load<T>(row + <usize>i * sizeof<T>());
    finish<T>(w, sum);
  }
}
function dotTaskF32(task: i32): void { dotTask<f32>(task); }
function dotTaskF64(task: i32): void { dotTask<f64>(task); }

function sumTask<T>(task: i32): void {
  const k = getInt(K), lanes = <i32>(16 / sizeof<T>()), step = getPointer(K_STEP), vectorStep = getPointer(VECTOR_STEP), sums = scratch();
  const first = task * getInt(PER_TASK), count = min(getInt(COUNT) - first, getInt(PER_TASK)), whole = count - count % lanes;
  let row = getPointer(MATRIX) + <usize>first * sizeof<T>(), at = getPointer(VECTOR), kk = 0;
  memory.fill(sums, 0, <usize>count * sizeof<T>());
  for (; kk + 4 <= k; kk += 4) {
    const x0 = load<T>(at), x1 = load<T>(at + vectorStep), x2 = load<T>(at + 2 * vectorStep), x3 = load<T>(at + 3 * vectorStep);
    const v0 = v128.splat<T>(x0), v1 = v128.splat<T>(x1), v2 = v128.splat<T>(x2), v3 = v128.splat<T>(x3);
    let p0 = row, p1 = p0 + step, p2 = p1 + step, p3 = p2 + step, to = sums;
    for (const end = sums + <usize>whole * sizeof<T>(); to != end; to += 16) {
      const low = v128.add<T>(v128.mul<T>(v0, v128.load(p0)), v128.mul<T>(v1, v128.load(p1)));
      const high = v128.add<T>(v128.mul<T>(v2, v128.load(p2)), v128.mul<T>(v3, v128.load(p3)));
      v128.store(to, v128.add<T>(v128.load(to), v128.add<T>(low, high)));
      p0 += 16; p1 += 16; p2 += 16; p3 += 16;
    }
    for (let i = whole; i < count; i++) {
      store<T>(to, load<T>(to) + ((x0 * load<T>(p0) + x1 * load<T>(p1)) + (x2 * load<T>(p2) + x3 * load<T>(p3))));
      p0 += sizeof<T>(); p1 += sizeof<T>(); p2 += sizeof<T>(); p3 += sizeof<T>(); to += sizeof<T>();
    }
    row += 4 * step;
    at += 4 * vectorStep;
  }
  for (; kk < k; kk++) {
    const x = load<T>(at);
    for (let i: usize = 0; i < <usize>count * sizeof<T>(); i += sizeof<T>()) store<T>(sums + i, load<T>(sums + i) + x * load<T>(row + i));
    row += step;
    at += vectorStep;
  }
  for (let i = 0; i < count; i++) finish<T>(first + i, load<T>(sums + <usize>i * sizeof<T>()));
}
function sumTaskF32(task: i32): void { sumTask<f32>(task); }
function sumTaskF64(task: i32): void { sumTask<f64>(task); }

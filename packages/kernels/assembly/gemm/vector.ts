/**
 * A matrix times a vector: every element of the matrix is used once, so nothing is packed, and memory sets the pace. The
 * matrix is read along its rows in memory: as dot products where these run along k, else as sums of scaled rows.
 */
import { SUM } from "../reduce/codes.generated";
import { reduce } from "../reduce/reduce";
import { getInt, getPointer, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { freeTemporary, temporary } from "../runtime/memory";
import { parallelFor } from "../runtime/pool";

const COUNT = 0, K = 1, MATRIX = 2, W_STEP = 3, K_STEP = 4, VECTOR = 5, VECTOR_STEP = 6, OUT = 7, OUT_STEP = 8, BIAS = 9, BIAS_STEP = 10;
const ACCUMULATE = 11, PER_TASK = 12, ROWS_PER_TASK = 13, STRIPS = 14, PARTS = 15;

/** Matrix elements worth a task. */
const TASK_ELEMENTS: i32 = 1 << 16;
/** Sums of scaled rows stay in the first cache. */
const MOST_SUMS: i32 = 2048;
/** Rows that are worth a set of sums of their own. */
const SHORTEST_SUM: i32 = 32;

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
  if (alongK) {
    const perTask = max(1, TASK_ELEMENTS / k);
    setInt(PER_TASK, perTask);
    const tasks = (count + perTask - 1) / perTask;
    let gathered: usize = 0;
    if (vectorStep != sizeof<T>()) {
      gathered = temporary(<usize>k * sizeof<T>());
      for (let i = 0; i < k; i++) store<T>(gathered + <usize>i * sizeof<T>(), load<T>(vector + <usize>i * vectorStep));
      setInt(VECTOR, gathered);
    }
    parallelFor(sizeof<T>() == 8 ? dotTaskF64 : dotTaskF32, tasks);
    if (gathered != 0) freeTemporary(gathered);
  } else {
    // Whole rows of memory where they are not too long, some of them to each task, whose sums are added up at the end.
    const width = min((count + 15) & ~15, MOST_SUMS), strips = (count + width - 1) / width;
    const rows = min(k, (max(SHORTEST_SUM, TASK_ELEMENTS / width) + 3) & ~3), blocks = (k + rows - 1) / rows;
    const parts = temporary(<usize>blocks * <usize>count * sizeof<T>());
    setInt(PER_TASK, width); setInt(STRIPS, strips); setInt(ROWS_PER_TASK, rows); setInt(PARTS, parts);
    parallelFor(sizeof<T>() == 8 ? sumTaskF64 : sumTaskF32, strips * blocks);
    if (blocks > 1) reduce(SUM, sizeof<T>() == 8 ? F64 : F32, parts, parts, 1, blocks, count);
    // The reduction has put its own arguments in place.
    for (let w: usize = 0; w < <usize>count; w++) {
      finishAt<T>(out + w * outStep, load<T>(parts + w * sizeof<T>()), bias == 0 ? 0 : bias + w * biasStep, accumulate);
    }
    freeTemporary(parts);
  }
  return true;
}

// @ts-ignore: decorator
@inline function finishAt<T>(out: usize, sum: T, bias: usize, accumulate: bool): void {
  if (bias != 0) sum += load<T>(bias);
  if (accumulate) sum = load<T>(out) + sum;
  store<T>(out, sum);
}

// @ts-ignore: decorator
@inline function finish<T>(w: i32, sum: T): void {
  const bias = getPointer(BIAS);
  finishAt<T>(
    getPointer(OUT) + <usize>w * getPointer(OUT_STEP), sum, bias == 0 ? 0 : bias + <usize>w * getPointer(BIAS_STEP),
    getInt(ACCUMULATE) != 0,
  );
}

// @ts-ignore: decorator
@inline function laneSum<T>(v: v128): T {
  const low = v128.extract_lane<T>(v, 0) + v128.extract_lane<T>(v, 1);
  return sizeof<T>() == 8 ? low : low + (v128.extract_lane<T>(v, 2) + v128.extract_lane<T>(v, 3));
}

function dotTask<T>(task: i32): void {
  const k = getInt(K), lanes = <i32>(16 / sizeof<T>()), whole = k - k % lanes;
  const step = getPointer(W_STEP), vector = getPointer(VECTOR);
  const first = task * getInt(PER_TASK), last = min(getInt(COUNT), first + getInt(PER_TASK));
  for (let w = first; w < last; w++) {
    const row = getPointer(MATRIX) + <usize>w * step;
    let sum = laneSum<T>(dotVectors<T>(vector, row, <usize>whole * sizeof<T>()));
    for (let i = whole; i < k; i++) sum += load<T>(vector + <usize>i * sizeof<T>()) * load<T>(row + <usize>i * sizeof<T>());
    finish<T>(w, sum);
  }
}

/** One row after another: memory likes that better than several at once. */
function dotVectors<T>(x: usize, p: usize, bytes: usize): v128 {
  const end = x + bytes;
  let s0 = v128.splat<T>(0), s1 = s0, s2 = s0, s3 = s0;
  for (; x + 64 <= end; x += 64) {
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(x), v128.load(p)));
    s1 = v128.add<T>(s1, v128.mul<T>(v128.load(x, 16), v128.load(p, 16)));
    s2 = v128.add<T>(s2, v128.mul<T>(v128.load(x, 32), v128.load(p, 32)));
    s3 = v128.add<T>(s3, v128.mul<T>(v128.load(x, 48), v128.load(p, 48)));
    p += 64;
  }
  for (; x < end; x += 16) {
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(x), v128.load(p)));
    p += 16;
  }
  return v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3));
}
function dotTaskF32(task: i32): void { dotTask<f32>(task); }
function dotTaskF64(task: i32): void { dotTask<f64>(task); }

/** The sums of some scaled rows over a strip of columns. */
function sumTask<T>(task: i32): void {
  const strips = getInt(STRIPS), block = task / strips, first = (task % strips) * getInt(PER_TASK), rows = getInt(ROWS_PER_TASK);
  const k = min(getInt(K) - block * rows, rows), step = getPointer(K_STEP), vectorStep = getPointer(VECTOR_STEP);
  const all = getInt(COUNT), bytes = <usize>min(all - first, getInt(PER_TASK)) * sizeof<T>();
  const sums = getPointer(PARTS) + (<usize>block * <usize>all + <usize>first) * sizeof<T>();
  let row = getPointer(MATRIX) + <usize>first * sizeof<T>() + <usize>(block * rows) * step;
  let at = getPointer(VECTOR) + <usize>(block * rows) * vectorStep, kk = 0;
  memory.fill(sums, 0, bytes);
  for (; kk + 4 <= k; kk += 4) {
    addFourRows<T>(row, step, at, vectorStep, sums, bytes);
    row += 4 * step;
    at += 4 * vectorStep;
  }
  for (; kk < k; kk++) {
    const x = load<T>(at);
    for (let i: usize = 0; i < bytes; i += sizeof<T>()) store<T>(sums + i, load<T>(sums + i) + x * load<T>(row + i));
    row += step;
    at += vectorStep;
  }
}

// @ts-ignore: decorator
@inline function addScaled<T>(to: usize, p0: usize, p1: usize, p2: usize, p3: usize, offset: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  const low = v128.add<T>(v128.mul<T>(v0, v128.load(p0 + offset)), v128.mul<T>(v1, v128.load(p1 + offset)));
  const high = v128.add<T>(v128.mul<T>(v2, v128.load(p2 + offset)), v128.mul<T>(v3, v128.load(p3 + offset)));
  v128.store(to + offset, v128.add<T>(v128.load(to + offset), v128.add<T>(low, high)));
}

function addFourRows<T>(row: usize, step: usize, at: usize, vectorStep: usize, to: usize, bytes: usize): void {
  const x0 = load<T>(at), x1 = load<T>(at + vectorStep), x2 = load<T>(at + 2 * vectorStep), x3 = load<T>(at + 3 * vectorStep);
  const v0 = v128.splat<T>(x0), v1 = v128.splat<T>(x1), v2 = v128.splat<T>(x2), v3 = v128.splat<T>(x3);
  let p0 = row, p1 = p0 + step, p2 = p1 + step, p3 = p2 + step;
  const end = to + bytes;
  for (; to + 32 <= end; to += 32) {
    addScaled<T>(to, p0, p1, p2, p3, 0, v0, v1, v2, v3);
    addScaled<T>(to, p0, p1, p2, p3, 16, v0, v1, v2, v3);
    p0 += 32; p1 += 32; p2 += 32; p3 += 32;
  }
  for (; to < end; to += sizeof<T>()) {
    store<T>(to, load<T>(to) + ((x0 * load<T>(p0) + x1 * load<T>(p1)) + (x2 * load<T>(p2) + x3 * load<T>(p3))));
    p0 += sizeof<T>(); p1 += sizeof<T>(); p2 += sizeof<T>(); p3 += sizeof<T>();
  }
}
function sumTaskF32(task: i32): void { sumTask<f32>(task); }
function sumTaskF64(task: i32): void { sumTask<f64>(task); }

/**
 * Matrix products by the system's BLAS, where the host has bound one (src/blas.ts).
 *
 * c is cut into blocks by the problem's size alone, each block one call of the library on one thread, so results are
 * bit-identical for any number of threads. Blocks stay large: the library packs its operands anew for each of them.
 */
import { BLAS_FROM, BLAS_STATE, getInt, getPointer, setInt } from "../runtime/control";
import { parallelFor } from "../runtime/pool";
import { rectifyRows } from "../runtime/rectify";
import { multiplySmall } from "./small";

// The host's functions, row-major; transposed operands are stored as their transposes. They give 0 when a thread has no library.
// @ts-ignore: decorator
@external("env", "gemmF32")
declare function gemmF32(transposeA: i32, transposeB: i32, m: i32, n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, accumulate: i32, c: usize, ldc: i32): i32;
// @ts-ignore: decorator
@external("env", "gemmF64")
declare function gemmF64(transposeA: i32, transposeB: i32, m: i32, n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, accumulate: i32, c: usize, ldc: i32): i32;
/** Looks for a library and binds it; gives the new state. */
// @ts-ignore: decorator
@external("env", "loadBlas")
declare function loadBlas(): i32;

const OFF: i32 = 0, UNLOADED: i32 = 1;

/** The host's switch: state 0, no BLAS; 1, to be loaded at the first product of `from` multiply-adds; 2, loaded. */
export function setBlas(state: i32, from: f64): void {
  store<i32>(BLAS_STATE, state);
  store<f64>(BLAS_FROM, from);
}

/**
 * Whether a matrix product of so many multiply-adds is one for BLAS; the first such loads the library. For the launching
 * thread, before it allocates anything, since the host may throw; tasks are told the answer through their arguments and then call
 * `blasMultiply`.
 */
export function blasAvailable(products: f64): bool {
  const state = load<i32>(BLAS_STATE);
  if (state == OFF || products < load<f64>(BLAS_FROM)) return false;
  return state != UNLOADED || loadBlas() != OFF;
}

/**
 * c[m][n] = (accumulate ? c : 0) + a b, row-major, on the calling thread, whichever it is. a is [m][k] with rows `lda`
 * elements apart, or if `transposeA` [k][m]; b is [k][n] or [n][k]. Only after `blasAvailable` said yes.
 */
export function blasMultiply<T>(
  transposeA: bool, transposeB: bool, m: i32, n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, accumulate: bool, c: usize, ldc: i32,
): void {
  const done = sizeof<T>() == 8
    ? gemmF64(i32(transposeA), i32(transposeB), m, n, k, a, lda, b, ldb, i32(accumulate), c, ldc)
    : gemmF32(i32(transposeA), i32(transposeB), m, n, k, a, lda, b, ldb, i32(accumulate), c, ldc);
  if (done != 0) return;
  // A worker whose library failed to load has said so; the result must be there all the same.
  const unit: usize = sizeof<T>(), stepA = <usize>lda * unit, stepB = <usize>ldb * unit;
  multiplySmall<T>(
    m, n, k, a, transposeA ? unit : stepA, transposeA ? stepA : unit, b, transposeB ? unit : stepB, transposeB ? stepB : unit,
    c, <usize>ldc * unit, 0, accumulate,
  );
}

/** Multiply-adds that a task should have: some 40 microseconds. */
const TASK_PRODUCTS: f64 = 1_500_000;

// Slots of the job's arguments.
const M = 0, N = 1, K = 2, A = 3, LDA = 4, A_BATCH = 5, B = 6, LDB = 7, B_BATCH = 8, C = 9, LDC = 10, C_BATCH = 11;
const BIAS = 12, ACCUMULATE = 13, TRANSPOSE_A = 14, TRANSPOSE_B = 15;
const CUT = 22;
const BATCH = 16, BATCH_PER_TASK = 17, BLOCK_ROWS = 18, BLOCK_COLUMNS = 19, BLOCKS_DOWN = 20, BLOCKS_ACROSS = 21;

/** Into how many blocks one matrix is cut: few, for every block packs its share of the operands anew. */
function wantedBlocks(products: f64): i32 {
  if (products < 2 * TASK_PRODUCTS) return 1;
  if (products < 48e6) return 2;
  if (products < 256e6) return 4;
  return products < 1e9 ? 8 : 16;
}

/** Elements between the rows of an operand as BLAS takes it, stored by rows; 0 if it is not stored so. Steps are in bytes. */
// @ts-ignore: decorator
@inline function leading<T>(rows: i32, columns: i32, rowStep: usize, columnStep: usize): i32 {
  if (columnStep != sizeof<T>() && columns != 1) return 0;
  if (rows == 1) return columns;
  const elements = <i32>(rowStep / sizeof<T>());
  return elements >= columns ? elements : 0;
}

/** The whole product of `gemm`, steps in bytes, or false if it is not one for BLAS. */
export function multiplyWithBlas<T>(
  batch: i32, m: i32, n: i32, k: i32, a: usize, aRow: usize, aColumn: usize, aBatch: usize,
  b: usize, bRow: usize, bColumn: usize, bBatch: usize, c: usize, cRow: usize, cBatch: usize, bias: usize, accumulate: bool, cut: bool,
): bool {
  const products = <f64>m * <f64>n * <f64>k;
  let lda = leading<T>(m, k, aRow, aColumn), ldb = leading<T>(k, n, bRow, bColumn);
  const transposeA = lda == 0, transposeB = ldb == 0;
  if (transposeA) lda = leading<T>(k, m, aColumn, aRow);
  if (transposeB) ldb = leading<T>(n, k, bColumn, bRow);
  if (k == 0 || lda == 0 || ldb == 0 || !blasAvailable(products)) return false;

  let rows = m, columns = n, down = 1, across = 1;
  for (let wanted = (wantedBlocks(products) + batch - 1) / batch; wanted > 1; wanted >>= 1) {
    // Multiples of 4 end on the borders of the library's own tiles.
    if (2 * columns > rows) columns = (((columns + 1) >> 1) + 3) & ~3;
    else rows = (((rows + 1) >> 1) + 3) & ~3;
    down = (m + rows - 1) / rows;
    across = (n + columns - 1) / columns;
  }
  const perTask = down * across > 1 ? 1 : max(1, <i32>Math.min(<f64>batch, TASK_PRODUCTS / products));
  setInt(M, m); setInt(N, n); setInt(K, k);
  setInt(A, a); setInt(LDA, lda); setInt(A_BATCH, aBatch); setInt(TRANSPOSE_A, transposeA ? 1 : 0);
  setInt(B, b); setInt(LDB, ldb); setInt(B_BATCH, bBatch); setInt(TRANSPOSE_B, transposeB ? 1 : 0);
  setInt(C, c); setInt(LDC, m == 1 ? n : <i32>(cRow / sizeof<T>())); setInt(C_BATCH, cBatch);
  setInt(BIAS, bias); setInt(ACCUMULATE, accumulate ? 1 : 0); setInt(CUT, cut ? 1 : 0);
  setInt(BATCH, batch); setInt(BATCH_PER_TASK, perTask);
  setInt(BLOCK_ROWS, rows); setInt(BLOCK_COLUMNS, columns); setInt(BLOCKS_DOWN, down); setInt(BLOCKS_ACROSS, across);
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, (batch + perTask - 1) / perTask * down * across);
  return true;
}

/** One block of one matrix, or several whole matrices. */
function task<T>(index: i32): void {
  const across = getInt(BLOCKS_ACROSS), blocks = getInt(BLOCKS_DOWN) * across, perTask = getInt(BATCH_PER_TASK);
  const row = index % blocks / across * getInt(BLOCK_ROWS), column = index % across * getInt(BLOCK_COLUMNS);
  const first = index / blocks * perTask, last = min(getInt(BATCH), first + perTask);
  for (let t = first; t < last; t++) multiplyBlock<T>(t, row, column);
}
function taskF32(index: i32): void { task<f32>(index); }
function taskF64(index: i32): void { task<f64>(index); }

function multiplyBlock<T>(t: i32, row: i32, column: i32): void {
  const transposeA = getInt(TRANSPOSE_A) != 0, transposeB = getInt(TRANSPOSE_B) != 0;
  const lda = getInt(LDA), ldb = getInt(LDB), ldc = getInt(LDC), bias = getPointer(BIAS);
  const rows = min(getInt(BLOCK_ROWS), getInt(M) - row), columns = min(getInt(BLOCK_COLUMNS), getInt(N) - column);
  const a = getPointer(A) + <usize>t * getPointer(A_BATCH) + <usize>row * (transposeA ? 1 : <usize>lda) * sizeof<T>();
  const b = getPointer(B) + <usize>t * getPointer(B_BATCH) + <usize>column * (transposeB ? <usize>ldb : 1) * sizeof<T>();
  const c = getPointer(C) + <usize>t * getPointer(C_BATCH) + (<usize>row * <usize>ldc + <usize>column) * sizeof<T>();
  let accumulate = getInt(ACCUMULATE) != 0;
  if (bias != 0) {
    startWithBias<T>(rows, columns, bias + <usize>column * sizeof<T>(), c, <usize>ldc * sizeof<T>(), accumulate);
    accumulate = true;
  }
  blasMultiply<T>(transposeA, transposeB, rows, columns, getInt(K), a, lda, b, ldb, accumulate, c, ldc);
  if (getInt(CUT) != 0) rectifyRows<T>(c, rows, columns, <usize>ldc * sizeof<T>());
}

/** c = (accumulate ? c : 0) + bias on each row. */
function startWithBias<T>(rows: i32, columns: i32, bias: usize, c: usize, cRow: usize, accumulate: bool): void {
  const bytes = <usize>columns * sizeof<T>();
  for (let i = 0; i < rows; i++) {
    if (accumulate) {
      for (let at: usize = 0; at < bytes; at += sizeof<T>()) store<T>(c + at, load<T>(c + at) + load<T>(bias + at));
    } else {
      memory.copy(c, bias, bytes);
    }
    c += cRow;
  }
}

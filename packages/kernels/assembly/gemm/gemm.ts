/**
 * General matrix product with any strides, batched: c[t] = (accumulate ? c[t] : 0) + a[t] b[t] (+ bias on each row),
 * cut off at zero if asked for (runtime/rectify.ts).
 *
 * Both operands are packed into panels (pack.ts), k in blocks that fit the first cache, and multiplied tile by tile
 * (kernel.ts). A single c is cut into blocks, one task each; an operand's part that several blocks read is packed
 * beforehand if there is room, one that only a single block reads is packed by that block's task. In a batch of matrices that are not too tall every task packs for itself.
 */
import { getInt, getPointer, setInt } from "../runtime/control";
import { F64 } from "../runtime/dtype.generated";
import { freeTemporary, temporaryIfRoom } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import { takeRectify } from "../runtime/rectify";
import { multiplyWithBlas } from "./blas";
import { dotSuits, multiplyDots } from "./dot";
import { multiplyPanels, TILE_BYTES, tileColumns, tileRows, tilesAtOnce } from "./kernel";
import { packBlock } from "./pack";
import { multiplySmall } from "./small";
import { multiplyVector } from "./vector";

/** A panel of b, [K_BLOCK][two vectors], takes 8 KiB: a quarter of the first cache. */
const K_BLOCK: i32 = 256;
/** Products (multiply and add) that are worth a task: some 25 microseconds. */
const TASK_PRODUCTS: f64 = 400_000;
const MOST_TASKS: i32 = 32;
/** Longest sides of a block, multiples of every tile's: both packed parts stay in the second cache. */
const MOST_ROWS: i32 = 240;
const MOST_COLUMNS: i32 = 256;
/** Rows that are few enough for every block of columns to have them all. */
const SLIM_ROWS: i32 = 128;
/** Elements packed by one task. */
const PACK_ELEMENTS: i32 = 1 << 15;

// Slots of the job's arguments.
const M = 0, N = 1, K = 2;
const A = 3, A_ROW = 4, A_COLUMN = 5, A_BATCH = 6;
const B = 7, B_ROW = 8, B_COLUMN = 9, B_BATCH = 10;
const C = 11, C_ROW = 12, C_BATCH = 13, BIAS = 14, ACCUMULATE = 15;
const BLOCK_ROWS = 16, BLOCK_COLUMNS = 17, BLOCKS_ACROSS = 18, PACKED_A = 19, PACKED_B = 20, PACK_PANELS_A = 21, PACK_TASKS_A = 22;
const PACK_PANELS_B = 23, BATCH = 24, BATCH_PER_TASK = 25, TILE_ROWS = 26, CUT = 27;

// @ts-ignore: decorator
@inline function roundUp(value: i32, unit: i32): i32 {
  return (value + unit - 1) / unit * unit;
}

export function gemm(
  dtype: i32, batch: i32, m: i32, n: i32, k: i32,
  a: usize, aRowStride: i32, aColStride: i32, aBatchStride: i32,
  b: usize, bRowStride: i32, bColStride: i32, bBatchStride: i32,
  c: usize, cRowStride: i32, cBatchStride: i32, bias: usize, accumulate: i32,
): void {
  if (dtype == F64) {
    run<f64>(
      batch, m, n, k, a, aRowStride << 3, aColStride << 3, aBatchStride << 3, b, bRowStride << 3, bColStride << 3, bBatchStride << 3,
      c, cRowStride << 3, cBatchStride << 3, bias, accumulate != 0,
    );
  } else {
    run<f32>(
      batch, m, n, k, a, aRowStride << 2, aColStride << 2, aBatchStride << 2, b, bRowStride << 2, bColStride << 2, bBatchStride << 2,
      c, cRowStride << 2, cBatchStride << 2, bias, accumulate != 0,
    );
  }
}

/** Steps are in bytes from here on. */
function run<T>(
  batch: i32, m: i32, n: i32, k: i32, a: usize, aRow: usize, aColumn: usize, aBatch: usize,
  b: usize, bRow: usize, bColumn: usize, bBatch: usize, c: usize, cRow: usize, cBatch: usize, bias: usize, accumulate: bool,
): void {
  if (batch <= 0 || m <= 0 || n <= 0) return;
  const products = <f64>m * <f64>n * <f64>k;
  if (products <= 512) {
    for (let t = 0; t < batch; t++) {
      multiplySmall<T>(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, bias, accumulate);
      a += aBatch; b += bBatch; c += cBatch;
    }
    return;
  }
  if (m == 1 || n == 1) {
    let done = true;
    for (let t = 0; t < batch && done; t++) {
      done = m == 1
        ? multiplyVector<T>(n, k, b + <usize>t * bBatch, bColumn, bRow, a + <usize>t * aBatch, aColumn, c + <usize>t * cBatch, sizeof<T>(), bias, sizeof<T>(), accumulate)
        : multiplyVector<T>(m, k, a + <usize>t * aBatch, aRow, aColumn, b + <usize>t * bBatch, bRow, c + <usize>t * cBatch, cRow, bias, 0, accumulate);
    }
    if (done) return;
  }
  const cut = takeRectify();
  if (multiplyWithBlas<T>(batch, m, n, k, a, aRow, aColumn, aBatch, b, bRow, bColumn, bBatch, c, cRow, cBatch, bias, accumulate, cut)) return;
  if (aColumn == sizeof<T>() && bRow == sizeof<T>() && dotSuits(m, n, k)) {
    for (let t = 0; t < batch; t++) {
      multiplyDots<T>(m, n, k, a + <usize>t * aBatch, aRow, b + <usize>t * bBatch, bColumn, c + <usize>t * cBatch, cRow, bias, accumulate, cut);
    }
    return;
  }
  setInt(CUT, cut ? 1 : 0);
  setInt(M, m); setInt(N, n); setInt(K, k); setInt(TILE_ROWS, tileRows(m));
  setInt(A, a); setInt(A_ROW, aRow); setInt(A_COLUMN, aColumn); setInt(A_BATCH, aBatch);
  setInt(B, b); setInt(B_ROW, bRow); setInt(B_COLUMN, bColumn); setInt(B_BATCH, bBatch);
  setInt(C, c); setInt(C_ROW, cRow); setInt(C_BATCH, cBatch); setInt(BIAS, bias); setInt(ACCUMULATE, accumulate ? 1 : 0);
  if (products <= 2 * TASK_PRODUCTS || (batch > 1 && m <= MOST_ROWS)) {
    runBatch<T>(batch, m, n, k, products);
    return;
  }
  for (let t = 0; t < batch; t++) {
    setInt(A, a + <usize>t * aBatch); setInt(B, b + <usize>t * bBatch); setInt(C, c + <usize>t * cBatch);
    runLarge<T>(m, n, k, products);
  }
}

/** Many products: several small ones to a task, large ones cut along their columns if there would be too few tasks. Each packs its own operands. */
function runBatch<T>(batch: i32, m: i32, n: i32, k: i32, products: f64): void {
  const perTask = max(1, <i32>Math.min(<f64>batch, TASK_PRODUCTS / products)), width = tilesAtOnce<T>() * tileColumns<T>();
  const isSmall = products <= 2 * TASK_PRODUCTS;
  let columns = isSmall ? roundUp(n, width) : min(MOST_COLUMNS, roundUp(n, width));
  while (!isSmall && batch * ((n + columns - 1) / columns) < MOST_TASKS && columns > width) columns = roundUp((columns + 1) >> 1, width);
  const across = (n + columns - 1) / columns;
  setInt(BATCH, batch); setInt(BATCH_PER_TASK, perTask); setInt(BLOCK_COLUMNS, columns); setInt(BLOCKS_ACROSS, across);
  ensureScratch(blockBytes<T>(m, columns, k));
  parallelFor(sizeof<T>() == 8 ? batchTaskF64 : batchTaskF32, (batch + perTask - 1) / perTask * across);
}

/** Scratch of `multiplyBlock` when it packs both operands. */
// @ts-ignore: decorator
@inline function blockBytes<T>(rows: i32, columns: i32, k: i32): i32 {
  return TILE_BYTES + min(k, K_BLOCK) * (roundUp(rows, getInt(TILE_ROWS)) + roundUp(columns, tileColumns<T>())) * <i32>sizeof<T>();
}

function batchTask<T>(task: i32): void {
  const across = getInt(BLOCKS_ACROSS), columns = getInt(BLOCK_COLUMNS), bias = getPointer(BIAS);
  const first = task / across * getInt(BATCH_PER_TASK), last = min(getInt(BATCH), first + getInt(BATCH_PER_TASK)), column = task % across * columns;
  const at = <usize>column * sizeof<T>();
  for (let t = first; t < last; t++) {
    multiplyBlock<T>(
      getInt(M), min(columns, getInt(N) - column), getPointer(A) + <usize>t * getPointer(A_BATCH),
      getPointer(B) + <usize>t * getPointer(B_BATCH) + <usize>column * getPointer(B_COLUMN), getPointer(C) + <usize>t * getPointer(C_BATCH) + at,
      bias == 0 ? 0 : bias + at, 0, 0, 0, 0,
    );
  }
}
function batchTaskF32(task: i32): void { batchTask<f32>(task); }
function batchTaskF64(task: i32): void { batchTask<f64>(task); }

/** One product, cut into blocks of c. */
function runLarge<T>(m: i32, n: i32, k: i32, products: f64): void {
  const wanted = <i32>Math.min(<f64>MOST_TASKS, products / TASK_PRODUCTS), height = getInt(TILE_ROWS), width = tilesAtOnce<T>() * tileColumns<T>();
  let rows = min(MOST_ROWS, roundUp(m, height)), columns = min(MOST_COLUMNS, roundUp(n, width));
  while (((m + rows - 1) / rows) * ((n + columns - 1) / columns) < wanted) {
    // A slim matrix is not cut along its rows as long as the columns can be: b would have to be packed beforehand, through memory.
    const isSlim = m <= SLIM_ROWS && columns > 2 * width;
    if (!isSlim && rows >= columns && rows > height) rows = roundUp((rows + 1) >> 1, height);
    else if (columns > width) columns = roundUp((columns + 1) >> 1, width);
    else break;
  }
  const down = (m + rows - 1) / rows, across = (n + columns - 1) / columns;
  setInt(BLOCK_ROWS, rows); setInt(BLOCK_COLUMNS, columns); setInt(BLOCKS_ACROSS, across);

  let packedA: usize = 0, packedB: usize = 0, tasksA = 0, tasksB = 0;
  if (across > 1) {
    const panels = (m + height - 1) / height;
    packedA = temporaryIfRoom(<usize>(panels * height) * <usize>k * sizeof<T>());
    const each = max(1, PACK_ELEMENTS / (height * k));
    setInt(PACK_PANELS_A, each);
    if (packedA != 0) tasksA = (panels + each - 1) / each;
  }
  if (down > 1) {
    const panels = (n + tileColumns<T>() - 1) / tileColumns<T>();
    packedB = temporaryIfRoom(<usize>(panels * tileColumns<T>()) * <usize>k * sizeof<T>());
    const each = max(1, PACK_ELEMENTS / (tileColumns<T>() * k));
    setInt(PACK_PANELS_B, each);
    if (packedB != 0) tasksB = (panels + each - 1) / each;
  }
  setInt(PACKED_A, packedA); setInt(PACKED_B, packedB); setInt(PACK_TASKS_A, tasksA);
  ensureScratch(blockBytes<T>(rows, columns, k));
  if (tasksA + tasksB > 0) parallelFor(sizeof<T>() == 8 ? packTaskF64 : packTaskF32, tasksA + tasksB);
  parallelFor(sizeof<T>() == 8 ? blockTaskF64 : blockTaskF32, down * across);
  if (packedA != 0) freeTemporary(packedA);
  if (packedB != 0) freeTemporary(packedB);
}

/** Packs some panels of a, or of b, over all of k. */
function packTask<T>(task: i32): void {
  const tasksA = getInt(PACK_TASKS_A);
  if (task < tasksA) {
    packShared<T>(task * getInt(PACK_PANELS_A), getInt(PACK_PANELS_A), getPointer(PACKED_A), getInt(TILE_ROWS), getInt(M), getPointer(A), getPointer(A_ROW), getPointer(A_COLUMN));
  } else {
    packShared<T>(
      (task - tasksA) * getInt(PACK_PANELS_B), getInt(PACK_PANELS_B), getPointer(PACKED_B), tileColumns<T>(), getInt(N),
      getPointer(B), getPointer(B_COLUMN), getPointer(B_ROW),
    );
  }
}
function packTaskF32(task: i32): void { packTask<f32>(task); }
function packTaskF64(task: i32): void { packTask<f64>(task); }

/** Panels `firstPanel` and on. Blocks of k lie one after another, each with all its panels. */
function packShared<T>(
  firstPanel: i32, panels: i32, packed: usize, width: i32, total: i32, source: usize, wStep: usize, kStep: usize,
): void {
  const k = getInt(K), first = firstPanel * width, padded = roundUp(total, width);
  const count = min(panels * width, total - first);
  for (let k0 = 0; k0 < k; k0 += K_BLOCK) {
    const depth = min(K_BLOCK, k - k0);
    packBlock<T>(
      packed + (<usize>k0 * <usize>padded + <usize>first * <usize>depth) * sizeof<T>(),
      source + <usize>first * wStep + <usize>k0 * kStep, width, count, wStep, kStep, depth,
    );
  }
}

function blockTask<T>(task: i32): void {
  const across = getInt(BLOCKS_ACROSS);
  const row = (task / across) * getInt(BLOCK_ROWS), column = (task % across) * getInt(BLOCK_COLUMNS);
  const bias = getPointer(BIAS);
  multiplyBlock<T>(
    min(getInt(BLOCK_ROWS), getInt(M) - row), min(getInt(BLOCK_COLUMNS), getInt(N) - column),
    getPointer(A) + <usize>row * getPointer(A_ROW), getPointer(B) + <usize>column * getPointer(B_COLUMN),
    getPointer(C) + <usize>row * getPointer(C_ROW) + <usize>column * sizeof<T>(),
    bias == 0 ? 0 : bias + <usize>column * sizeof<T>(), getPointer(PACKED_A), row, getPointer(PACKED_B), column,
  );
}
function blockTaskF32(task: i32): void { blockTask<f32>(task); }
function blockTaskF64(task: i32): void { blockTask<f64>(task); }

/** One block of c, over all of k. `packedA` and `packedB` are the shared panels, or 0 to pack here. */
function multiplyBlock<T>(
  rows: i32, columns: i32, a: usize, b: usize, c: usize, bias: usize, packedA: usize, row: i32, packedB: usize, column: i32,
): void {
  const k = getInt(K), height = getInt(TILE_ROWS), cRow = getPointer(C_ROW), accumulate = getInt(ACCUMULATE) != 0;
  const aRow = getPointer(A_ROW), aColumn = getPointer(A_COLUMN), bRow = getPointer(B_ROW), bColumn = getPointer(B_COLUMN);
  const paddedM = <usize>roundUp(getInt(M), height), paddedN = <usize>roundUp(getInt(N), tileColumns<T>());
  const corner = scratch();
  const roomA = corner + TILE_BYTES, roomB = roomA + <usize>(min(k, K_BLOCK) * roundUp(rows, height)) * sizeof<T>();
  for (let k0 = 0; k0 < k; k0 += K_BLOCK) {
    const depth = min(K_BLOCK, k - k0);
    let panelsA = roomA, panelsB = roomB;
    if (packedA != 0) panelsA = packedA + (<usize>k0 * paddedM + <usize>row * <usize>depth) * sizeof<T>();
    else packBlock<T>(roomA, a + <usize>k0 * aColumn, height, rows, aRow, aColumn, depth);
    if (packedB != 0) panelsB = packedB + (<usize>k0 * paddedN + <usize>column * <usize>depth) * sizeof<T>();
    else packBlock<T>(roomB, b + <usize>k0 * bRow, tileColumns<T>(), columns, bColumn, bRow, depth);
    const add = accumulate || k0 > 0, cut = getInt(CUT) != 0 && k0 + K_BLOCK >= k;
    multiplyPanels<T>(height, depth, depth, rows, columns, panelsA, panelsB, c, cRow, add, k0 > 0 ? 0 : bias, cut, corner);
  }
}

/** What a correlation knows beforehand: where its taps lie, and which vectors of output pixels go through a tile together. */
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { GROUP_BYTES, GROUP_PLACES, GROUP_STREAM_BYTES, GROUP_STREAMS, groupVectors, tapBytes } from "./correlate-tile";
import {
  CHANNELS, DILATION_Y, HEIGHT, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH, OWN, PLANE, ROW, SPREAD_Y, STRIDE_Y, tapOffset, TAPS, TOP,
} from "./job";

/** Groups of whole vectors, then of split ones, then the end. */
export const GROUPS_BEGIN = OWN, GROUPS_SPLIT = OWN + 1, GROUPS_END = OWN + 2;
/** Lists of taps, one after another, each for the groups that meet the same rows of the source. */
export const LISTS = OWN + 3, LIST_COUNT = OWN + 4;
const TAP_TABLE = OWN + 5;
export const TABLES_OWN = OWN + 6;
/** A list: begin and end of its taps, where its streams begin, in bytes from the first list's, and its kernel rows as bits. */
export const LIST_BYTES: usize = 24;
const LIST_ROWS: usize = 16;
/** A tap: where it lies in the padded planes, in bytes, and its number. */
export const TAP_BYTES: usize = 8;

/** The group that is being filled, its vectors so far, and the output rows it meets. */
let group: usize = 0;
let members: i32 = 0;
let firstRow: i32 = 0;
let lastRow: i32 = 0;
let elementBytes: i32 = 0;
/** Where the next list, its taps and its streams go. */
let listsEnd: usize = 0;
let tapsEnd: usize = 0;
let streamsEnd: usize = 0;
/** Bytes that one tap takes in a stream, and panels, which have a stream each. */
let tapStep: usize = 0;
let panelCount: usize = 0;

/** Geometry is set before. Returns the bytes of all streams, of `panels` panels each. */
export function buildTables<T>(panel: i32, panels: i32): usize {
  const lanes = <i32>(16 / sizeof<T>()), height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH), vectors = groupVectors(panel);
  // Two rows that leave half a vector over share one.
  const halves = lanes == 4 && width > 4 && width % 4 == 2;
  const inRow = halves ? width / lanes : (width + lanes - 1) / lanes, odd = halves && height % 2 == 1;
  const whole = height * inRow + (odd ? 1 : 0), split = halves ? height / 2 : 0;
  const groups = (whole + vectors - 1) / vectors + (split + vectors - 1) / vectors;
  const begin = temporary(<usize>groups * GROUP_BYTES);
  const mostLists = min(groups, 3 * height + 2);
  const lists = temporary(<usize>mostLists * LIST_BYTES), taps = temporary(<usize>(mostLists * getInt(TAPS)) * TAP_BYTES);
  setInt(GROUPS_BEGIN, begin); setInt(LISTS, lists); setInt(TAP_TABLE, taps);
  group = begin; members = 0; elementBytes = <i32>sizeof<T>();
  listsEnd = lists; tapsEnd = taps; streamsEnd = 0; tapStep = tapBytes<T>(panel); panelCount = panels;

  // The last vector of a row overlaps its neighbour, and writes the same values again.
  const last = max(0, width - lanes);
  for (let y = 0; y < height; y++) {
    for (let v = 0; v < inRow; v++) addVector(vectors, y, min(v * lanes, last), y, 0);
  }
  if (odd) addVector(vectors, height - 1, last, height - 1, 0);
  closeGroup(vectors);
  setInt(GROUPS_SPLIT, group);
  for (let pair = 0; pair < split; pair++) addVector(vectors, 2 * pair, width - 2, 2 * pair + 1, width - 2);
  closeGroup(vectors);
  setInt(GROUPS_END, group);
  setInt(LIST_COUNT, (listsEnd - lists) / LIST_BYTES);
  return streamsEnd;
}

export function freeTables(): void {
  freeTemporary(getPointer(GROUPS_BEGIN)); freeTemporary(getPointer(LISTS)); freeTemporary(getPointer(TAP_TABLE));
}

/** The vector whose first half is at (y0, x0); the second is beside it, or at (y1, x1) in a split one. */
function addVector(vectors: i32, y0: i32, x0: i32, y1: i32, x1: i32): void {
  if (members == 0) firstRow = y0;
  lastRow = y1;
  const at = group + (<usize>members << 3);
  const rowStep = getInt(STRIDE_Y) * getInt(ROW), width = getInt(OUT_WIDTH);
  store<i32>(at, (y0 * rowStep + x0) * elementBytes);
  store<i32>(at, (y1 * rowStep + x1) * elementBytes, 4);
  store<i32>(at, (y0 * width + x0) * elementBytes, GROUP_PLACES);
  store<i32>(at, (y1 * width + x1) * elementBytes, GROUP_PLACES + 4);
  members++;
  if (members == vectors) closeGroup(vectors);
}

/** Fills the group up with its last vector, and gives it its list of taps. */
function closeGroup(vectors: i32): void {
  if (members == 0) return;
  for (; members < vectors; members++) {
    const at = group + (<usize>members << 3);
    store<i64>(at, load<i64>(at - 8));
    store<i64>(at, load<i64>(at - 8, GROUP_PLACES), GROUP_PLACES);
  }
  const list = listOf(rowsThatMeet());
  store<usize>(group, load<usize>(list, 8), GROUP_STREAMS);
  store<usize>(group, (load<usize>(list, 4) - load<usize>(list)) / TAP_BYTES * tapStep, GROUP_STREAM_BYTES);
  group += GROUP_BYTES;
  members = 0;
}

/** The list with the taps of some kernel rows, in all channels. Groups with the same rows share it. */
function listOf(rows: u64): usize {
  const kernelHeight = getInt(KERNEL_HEIGHT), kernelWidth = getInt(KERNEL_WIDTH);
  let list = getPointer(LISTS);
  for (; list != listsEnd; list += LIST_BYTES) if (load<u64>(list, LIST_ROWS) == rows) return list;
  listsEnd += LIST_BYTES;
  store<u64>(list, rows, LIST_ROWS);
  store<usize>(list, tapsEnd);
  for (let c = 0; c < getInt(CHANNELS); c++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      if (kernelHeight <= 64 && (rows >> ky & 1) == 0) continue;
      for (let kx = 0; kx < kernelWidth; kx++) {
        store<i32>(tapsEnd, (c * getInt(PLANE) + tapOffset(ky, kx)) * elementBytes);
        store<i32>(tapsEnd, (c * kernelHeight + ky) * kernelWidth + kx, 4);
        tapsEnd += TAP_BYTES;
      }
    }
  }
  store<usize>(list, tapsEnd, 4);
  store<usize>(list, streamsEnd, 8);
  streamsEnd += (tapsEnd - load<usize>(list)) / TAP_BYTES * tapStep * panelCount;
  return list;
}

/** The kernel rows that meet something else than the zeros above, below or between the source's rows, as bits; all of a very high kernel. */
function rowsThatMeet(): u64 {
  const spread = getInt(SPREAD_Y), kernelHeight = getInt(KERNEL_HEIGHT);
  if (kernelHeight > 64) return 1;
  let rows: u64 = 0;
  for (let y = firstRow; y <= lastRow; y++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      const row = y * getInt(STRIDE_Y) + ky * getInt(DILATION_Y) - getInt(TOP);
      if (row >= 0 && row % spread == 0 && row / spread < getInt(HEIGHT)) rows |= (<u64>1) << ky;
    }
  }
  return rows;
}

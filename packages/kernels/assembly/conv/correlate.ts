/**
 * Correlation of many images with packed weights: the forward pass, and the input gradient (the same with the weights
 * turned around and the two channel counts exchanged).
 *
 * An implicit matrix product: weights are packed in panels of a few outputs and multiplied with two or three vectors of
 * output pixels at a time, which lie anywhere in the output (so that narrow rows leave few lanes idle). A panel's stream holds,
 * tap by tap, where the tap lies in the padded planes and its weights; one for each list of taps, since pixels near the upper
 * and lower border leave out the taps that meet nothing but padding.
 */
import { getInt, getPointer, setInt } from "../runtime/control";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import { takeRectify } from "../runtime/rectify";
import {
  buildTables, freeTables, GROUPS_BEGIN, GROUPS_END, GROUPS_SPLIT, LIST_BYTES, LIST_COUNT, LISTS, TABLES_OWN, TAP_BYTES,
} from "./correlate-tables";
import { correlateTile, GROUP_BYTES, GROUP_STREAM_BYTES, GROUP_STREAMS, panelRows, tapBytes } from "./correlate-tile";
import {
  CHANNELS, GROUPS, HEIGHT, IMAGES, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, PLANE, planesBytes, planesOf, preparePlanes, TAPS, WIDTH,
} from "./job";

const SOURCE = TABLES_OWN, OUT = TABLES_OWN + 1, WEIGHTS = TABLES_OWN + 2, BIAS = TABLES_OWN + 3, OUTPUT_STEP = TABLES_OWN + 4;
const CHANNEL_STEP = TABLES_OWN + 5, GROUP_STEP = TABLES_OWN + 6, TAP_STEP = TABLES_OWN + 7, PACKED = TABLES_OWN + 8;
const PACKED_BIAS = TABLES_OWN + 9, UNITS = TABLES_OWN + 10, UNITS_PER_TASK = TABLES_OWN + 11, BLOCKS = TABLES_OWN + 12;
const BLOCK_PANELS = TABLES_OWN + 13, PANEL = TABLES_OWN + 14, CUT = TABLES_OWN + 15;

const FIRST_CACHE: i32 = 1 << 15;
/** Room for a vector that is narrower than its row. */
const CORNER_BYTES: usize = 16;
/** Products worth a task: some 25 microseconds. */
const TASK_PRODUCTS: f64 = 400_000;
/** A block's packed weights stay in half of the second cache. */
const BLOCK_BYTES: i32 = 1 << 19;

/** Panels of one group. */
// @ts-ignore: decorator
@inline function panelCount(): i32 {
  return (getInt(OUTPUTS) + getInt(PANEL) - 1) / getInt(PANEL);
}

/**
 * Geometry is set before. Weight of group g, output o, channel c and tap t: `weights + (g * groupStep + o * outputStep +
 * c * channelStep + t * tapStep)` elements.
 */
export function correlate<T>(
  source: usize, weights: usize, bias: usize, out: usize, groupStep: i32, outputStep: i32, channelStep: i32, tapStep: i32,
): void {
  const groups = getInt(GROUPS), taps = getInt(TAPS), images = getInt(IMAGES), panel = panelRows(getInt(OUTPUTS));
  setInt(SOURCE, source); setInt(OUT, out); setInt(WEIGHTS, weights); setInt(BIAS, bias); setInt(PANEL, panel); setInt(CUT, takeRectify() ? 1 : 0);
  setInt(GROUP_STEP, groupStep); setInt(OUTPUT_STEP, outputStep); setInt(CHANNEL_STEP, channelStep); setInt(TAP_STEP, tapStep);
  const panels = panelCount();
  const bytes = buildTables<T>(panel, groups * panels);
  const packed = temporary(bytes), packedBias = temporary(<usize>(groups * panels * panel) * sizeof<T>());
  setInt(PACKED, packed); setInt(PACKED_BIAS, packedBias);

  const products = <f64>taps * <f64>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH)) * <f64>panel;
  let block = max(1, min(panels, BLOCK_BYTES / (taps * panel * <i32>sizeof<T>())));
  // A batch too small to keep threads busy is cut along the outputs as well.
  while (block > 2 && images * groups * ((panels + block - 1) / block) < 16 && products * <f64>block > 2 * TASK_PRODUCTS) block = (block + 1) / 2;
  const blocks = (panels + block - 1) / block, units = images * groups * blocks;
  const perTask = max(1, <i32>Math.min(<f64>units, TASK_PRODUCTS / (products * <f64>block)));
  setInt(BLOCKS, blocks); setInt(BLOCK_PANELS, block); setInt(UNITS, units); setInt(UNITS_PER_TASK, perTask);

  ensureScratch(<i64>CORNER_BYTES + planesBytes<T>());
  if (bytes > 100_000) parallelFor(sizeof<T>() == 8 ? packTaskF64 : packTaskF32, groups * panels);
  else for (let i = 0; i < groups * panels; i++) packTask<T>(i);
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, (units + perTask - 1) / perTask);
  freeTemporary(packed); freeTemporary(packedBias);
  freeTables();
}

/** Packs the streams and biases of one panel; rows that are not there are zero. */
function packTask<T>(task: i32): void {
  const outputs = getInt(OUTPUTS), area = getInt(TAPS) / getInt(CHANNELS), panels = panelCount(), panel = getInt(PANEL);
  const group = task / panels, first = (task % panels) * panel, rows = min(panel, outputs - first);
  const source = getPointer(WEIGHTS) + <usize>(group * getInt(GROUP_STEP) + first * getInt(OUTPUT_STEP)) * sizeof<T>();
  const rowStep = <usize>getInt(OUTPUT_STEP) * sizeof<T>();
  let list = getPointer(LISTS);
  for (const end = list + <usize>getInt(LIST_COUNT) * LIST_BYTES; list != end; list += LIST_BYTES) {
    let tap = load<usize>(list);
    const lastTap = load<usize>(list, 4);
    let to = getPointer(PACKED) + load<usize>(list, 8) + <usize>task * ((lastTap - tap) / TAP_BYTES) * tapBytes<T>(panel);
    for (; tap != lastTap; tap += TAP_BYTES) {
      const number = load<i32>(tap, 4);
      let from = source + <usize>(number / area * getInt(CHANNEL_STEP) + number % area * getInt(TAP_STEP)) * sizeof<T>();
      store<usize>(to, load<usize>(tap));
      to += sizeof<T>();
      for (let r = 0; r < panel; r++) {
        store<T>(to, r < rows ? load<T>(from) : 0);
        from += rowStep;
        to += sizeof<T>();
      }
    }
  }
  const at = <usize>(task * panel) * sizeof<T>();
  const bias = getPointer(BIAS);
  for (let r = 0; r < panel; r++) {
    const from = bias + <usize>(group * outputs + first + r) * sizeof<T>();
    store<T>(getPointer(PACKED_BIAS) + at + <usize>r * sizeof<T>(), bias == 0 || r >= rows ? 0 : load<T>(from));
  }
}
function packTaskF32(task: i32): void { packTask<f32>(task); }
function packTaskF64(task: i32): void { packTask<f64>(task); }

/** Some units; a unit is one image, one group, one block of outputs. */
function runTask<T>(task: i32): void {
  const blocks = getInt(BLOCKS), groups = getInt(GROUPS), outputs = getInt(OUTPUTS), panels = panelCount(), panel = getInt(PANEL);
  const outPlane = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH);
  const corner = scratch(), room = corner + CORNER_BYTES;
  memory.fill(room, 0, planesBytes<T>());
  const first = task * getInt(UNITS_PER_TASK), last = min(getInt(UNITS), first + getInt(UNITS_PER_TASK));
  const splitFrom = getPointer(GROUPS_SPLIT), tilesEnd = getPointer(GROUPS_END);
  // One panel at a time where the planes stay in the first cache: output planes whose size is a power of two share its sets.
  const together = getInt(CHANNELS) * getInt(PLANE) * <i32>sizeof<T>() <= FIRST_CACHE / 2 ? 1 : max(1, getInt(BLOCK_PANELS));
  for (let unit = first; unit < last; unit++) {
    const firstPanel = (unit % blocks) * getInt(BLOCK_PANELS), lastPanel = min(panels, firstPanel + getInt(BLOCK_PANELS));
    const group = unit / blocks % groups, image = unit / blocks / groups;
    const planes = preparePlanes<T>(planesOf<T>(getPointer(SOURCE), image, group, getInt(CHANNELS), getInt(HEIGHT) * getInt(WIDTH)), room);
    const out = planesOf<T>(getPointer(OUT), image, group, outputs, outPlane);
    for (let from = firstPanel; from < lastPanel; from += together) {
      const to = min(lastPanel, from + together);
      for (let pixels = getPointer(GROUPS_BEGIN); pixels != tilesEnd; pixels += GROUP_BYTES) {
        const bytes = load<usize>(pixels, GROUP_STREAM_BYTES), streams = getPointer(PACKED) + load<usize>(pixels, GROUP_STREAMS);
        for (let p = from; p < to; p++) {
          const place = <usize>(group * panels + p), stream = streams + place * bytes, output = p * panel;
          correlateTile<T>(
            panel, pixels >= splitFrom, outputs - output, stream, stream + bytes, getPointer(PACKED_BIAS) + place * <usize>panel * sizeof<T>(),
            planes, pixels, out + <usize>(output * outPlane) * sizeof<T>(), getInt(CUT) != 0, corner,
          );
        }
      }
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

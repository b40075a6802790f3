import { IndexError, ShapeError } from "./errors.ts";
import { showValue } from "./show-value.ts";

/** Sizes of the dimensions, outermost first; empty for a 0-d tensor. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i] as number;
  return size;
}

/** Row-major strides, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= Math.max(shape[i] as number, 1);
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2, 3]`, as error messages and `print` write a shape. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** The shape that both broadcast to, or null where a dimension differs and neither is 1. */
export function tryBroadcast(a: Shape, b: Shape): Shape | null {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = i <= a.length ? (a[a.length - i] as number) : 1;
    const n = i <= b.length ? (b[b.length - i] as number) : 1;
    if (m !== n && m !== 1 && n !== 1) return null;
    out[rank - i] = m === 1 ? n : m;
  }
  return out;
}

/** The shape that both broadcast to. Throws ShapeError `OP/broadcast`. */
export function broadcastShapes(op: string, a: Shape, b: Shape, names: readonly [string, string] = ["a", "b"]): Shape {
  const out = tryBroadcast(a, b);
  if (out !== null) return out;
  const rank = Math.max(a.length, b.length);
  let bad = 1;
  while (bad < rank) {
    const m = a[a.length - bad] ?? 1;
    const n = b[b.length - bad] ?? 1;
    if (m !== n && m !== 1 && n !== 1) break;
    bad++;
  }
  throw new ShapeError({
    op,
    fact: `${names[0]}.shape[${-bad}] = ${a[a.length - bad]} and ${names[1]}.shape[${-bad}] = ${b[b.length - bad]} must be equal, or one of them 1`,
    details: [`${names[0]}  ${formatShape(a)}`, `${names[1]}  ${formatShape(b)}`],
    code: `${op}/broadcast`,
    data: { a, b },
  });
}

/** `dim` counted from the front; negative ones count from the end. A 0-d tensor has dimensions -1 and 0, as in PyTorch. */
export function normalizeDim(op: string, dim: number, rank: number, name = "dim"): number {
  const bound = Math.max(rank, 1);
  if (!Number.isInteger(dim) || dim < -bound || dim >= bound) {
    throw new IndexError({
      op,
      fact: `${name} ${showValue(dim)} is outside [${-bound}, ${bound - 1}], the dimensions of a ${rank}-d tensor`,
      code: `${op}/dim`,
      data: { dim, rank },
    });
  }
  return dim < 0 ? dim + bound : dim;
}

function firstIntegers(count: number): number[] {
  const integers: number[] = [];
  for (let i = 0; i < count; i++) integers.push(i);
  return integers;
}

/** Several dimensions, each once, counted from the front and sorted; all of them when `dims` is undefined. */
export function normalizeDims(op: string, dims: number | readonly number[] | undefined, rank: number): number[] {
  if (dims === undefined) return firstIntegers(rank);
  if (!Array.isArray(dims)) {
    const dim = normalizeDim(op, dims as number, rank);
    return rank === 0 ? [] : [dim];
  }
  const list = (dims as readonly number[]).map((dim) => normalizeDim(op, dim, rank));
  const repeated = list.find((dim, i) => list.indexOf(dim) !== i);
  if (repeated !== undefined) {
    throw new IndexError({ op, fact: `dim ${repeated} is given twice`, code: `${op}/dim-twice`, data: { dims: list } });
  }
  return rank === 0 ? [] : list.sort((a, b) => a - b);
}

const isNumbers = (shape: Shape): boolean => Array.isArray(shape) && shape.every((size) => typeof size === "number");

/** Refuses what is no list of sizes: integers, 0 or more. */
export function checkShape(op: string, shape: Shape): void {
  if (Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0)) return;
  throw new ShapeError({
    op,
    fact: `shape ${isNumbers(shape) ? formatShape(shape) : showValue(shape)} must be a list of integers, 0 or more`,
    code: `${op}/shape`,
    data: { shape },
  });
}

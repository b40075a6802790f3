import { dtypeInfo } from "@tapegrad/kernels";
import { contiguousStrides, formatShape, type Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

// PyTorch's print options, and its rules (torch/_tensor_str.py of 1.13): a log that is compared with one of PyTorch's should match.
const precision = 4;
const summaryThreshold = 1000;
const edgeItems = 3;
const lineWidth = 80;

const prefix = "tensor(";

/** A bigint for int64. */
type Value = number | bigint;

/** What stands between the brackets, row by row. */
interface Layout {
  readonly elements: ArrayLike<Value>;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly isSummary: boolean;
  readonly width: number;
  readonly format: (value: Value) => string;
}

/** The text of a tensor as PyTorch prints it, with JavaScript's words: `tensor([1., 2.], requiresGrad=true)`. */
export function formatTensor(x: Tensor): string {
  const suffixes: string[] = [];
  if (x.storage.isMeta) return withSuffixes(`${prefix}...`, ["meta", `size=${formatShape(x.shape)}`, ...(x.dtype === "float32" ? [] : [`dtype=${x.dtype}`])]);
  if (x.numel() === 0 && x.ndim !== 1) suffixes.push(`size=${formatShape(x.shape)}`);
  if (!hasObviousDType(x)) suffixes.push(`dtype=${x.dtype}`);
  const node = x.currentNode();
  if (node !== null) suffixes.push(`gradNode=<${node.name}>`);
  else if (x.requiresGrad) suffixes.push("requiresGrad=true");
  return withSuffixes(prefix + formatElements(x), suffixes);
}

/** Whether the elements alone tell the dtype: `1.` is float32, `1` int32, `true` bool. No elements tell nothing. */
function hasObviousDType(x: Tensor): boolean {
  return x.dtype === "float32" || (x.numel() > 0 && (x.dtype === "int32" || x.dtype === "bool"));
}

function formatElements(x: Tensor): string {
  if (x.numel() === 0) return "[]";
  const isSummary = x.numel() > summaryThreshold;
  const place = { elements: x.dtype === "int64" ? x.toTypedArray("int64") : x.toTypedArray(), shape: x.shape, strides: contiguousStrides(x.shape), isSummary };
  const shown: Value[] = [];
  collectShown(place, 0, 0, shown);
  return formatSlice({ ...place, ...chooseNotation(x, shown) }, 0, 0, prefix.length);
}

/** The values that will be printed, from which width and notation follow. */
function collectShown(place: Pick<Layout, "elements" | "shape" | "strides" | "isSummary">, dim: number, offset: number, shown: Value[]): void {
  if (dim === place.shape.length) {
    shown.push(place.elements[offset] ?? 0);
    return;
  }
  for (const i of shownIndices(place.shape[dim] ?? 0, place.isSummary)) {
    collectShown(place, dim + 1, offset + i * (place.strides[dim] ?? 0), shown);
  }
}

function shownIndices(size: number, isSummary: boolean): number[] {
  const indices = Array.from({ length: hasGap(size, isSummary) ? 2 * edgeItems : size }, (_, i) => i);
  return hasGap(size, isSummary) ? indices.map((i) => (i < edgeItems ? i : size - 2 * edgeItems + i)) : indices;
}

function hasGap(size: number, isSummary: boolean): boolean {
  return isSummary && size > 2 * edgeItems;
}

function chooseNotation({ dtype }: Tensor, values: readonly Value[]): Pick<Layout, "width" | "format"> {
  if (!dtypeInfo[dtype].isFloating) {
    const format = dtype === "bool" ? (value: Value) => String(value !== 0) : String;
    return { width: widest(values.map(format)), format };
  }
  const shown = values.map(Number);
  const regular = shown.filter((value) => Number.isFinite(value) && value !== 0);
  const largest = regular.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const smallest = regular.reduce((least, value) => Math.min(least, Math.abs(value)), Infinity);
  const isInteger = regular.every(Number.isInteger);
  const isScientific = regular.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!isInteger && smallest < 1e-4));
  const write = isScientific ? scientific : isInteger ? integral : fixed;
  const format = (value: Value): string => (Number.isFinite(value) ? write(Number(value)) : nonFinite(Number(value)));
  return { width: widest(regular.map(format)), format };
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 1);
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

/** `3.`: the point tells a float. */
function integral(value: number): string {
  return `${signOfZero(value)}${value}.`;
}

/** `0.1250` */
function fixed(value: number): string {
  return signOfZero(value) + roundTieToEven((digits) => value.toFixed(digits));
}

/** `1.2500e-05` */
function scientific(value: number): string {
  const [, mantissa = "", sign = "", exponent = ""] = /^(.*)e([+-])(.*)$/.exec(roundTieToEven((digits) => value.toExponential(digits))) ?? [];
  return `${signOfZero(value)}${mantissa}e${sign}${exponent.padStart(2, "0")}`;
}

/** JavaScript writes -0 without its sign. */
function signOfZero(value: number): string {
  return Object.is(value, -0) ? "-" : "";
}

/** JavaScript rounds an exact tie away from zero, Python (and so PyTorch) to the even digit. 100 digits, the most there are, show ties exactly. */
function roundTieToEven(write: (digits: number) => string): string {
  const rounded = write(precision);
  const [, kept = "", rest = "", exponent = ""] = /^(-?\d+\.\d{4})(\d*)(.*)$/.exec(write(100)) ?? [];
  const isTie = /^50*$/.test(rest);
  return isTie && Number(kept.at(-1)) % 2 === 0 ? kept + exponent : rounded;
}

function formatSlice(layout: Layout, dim: number, offset: number, indent: number): string {
  const { elements, shape, strides, isSummary, width, format } = layout;
  const one = (at: number): string => format(elements[at] ?? 0).padStart(width);
  if (dim === shape.length) return one(offset);
  const size = shape[dim] ?? 0;
  const isRow = dim === shape.length - 1;
  const parts = shownIndices(size, isSummary).map((i) => {
    const at = offset + i * (strides[dim] ?? 0);
    return isRow ? one(at) : formatSlice(layout, dim + 1, at, indent + 1);
  });
  if (hasGap(size, isSummary)) parts.splice(edgeItems, 0, isRow ? " ..." : "...");
  const newLine = (count: number): string => `,${"\n".repeat(count)}${" ".repeat(indent + 1)}`;
  if (!isRow) return `[${parts.join(newLine(shape.length - dim - 1))}]`;
  const perLine = Math.max(1, Math.floor((lineWidth - indent) / (width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(", "));
  return `[${lines.join(newLine(1))}]`;
}

/** Appends `, dtype=...` and the like, each on a line of its own where the last one is full. */
function withSuffixes(text: string, suffixes: readonly string[]): string {
  let out = text;
  // PyTorch counts two more than the line has; the layout follows it.
  let lineLength = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    const isFull = lineLength + suffix.length + 2 > lineWidth;
    out += isFull ? `,\n${" ".repeat(prefix.length)}${suffix}` : `, ${suffix}`;
    lineLength = isFull ? prefix.length + suffix.length : lineLength + suffix.length + 2;
  }
  return `${out})`;
}

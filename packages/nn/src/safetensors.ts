import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { SerializationError, tensor, type DType, type ElementArray, type Tensor } from "@tapegrad/tensor";
import { Float16Array } from "@petamoriken/float16";
import type { StateDict } from "./state-dict.ts";

// Source: the format description at github.com/huggingface/safetensors. 8 bytes with the length of the header, the header in
// JSON, the elements of all tensors without a gap.

/** Names of the dtypes in the file. */
const fileDTypes: Readonly<Record<DType, string>> = { float32: "F32", float64: "F64", float16: "F16", int64: "I64", int32: "I32", uint8: "U8", bool: "BOOL" };

const elementBytes: ReadonlyMap<string, number> = new Map([["F32", 4], ["F64", 8], ["F16", 2], ["I32", 4], ["I64", 8], ["U8", 1], ["BOOL", 1]]);

/** The entry of the header that is no tensor. */
const metadataName = "__metadata__";

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

function bytesOf(x: Tensor): Uint8Array<ArrayBuffer> {
  const values = x.toTypedArray();
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}

/**
 * Writes named tensors to a safetensors file, which PyTorch reads. The file appears under its name only when it is whole.
 *
 * Throws    SerializationError `safetensors/write`, `safetensors/name`
 */
export function saveSafetensors(path: string, state: Readonly<StateDict>, metadata: Readonly<Record<string, string>> = {}): void {
  if (Object.hasOwn(state, metadataName)) {
    throw new SerializationError({ op: "saveSafetensors", fact: `the name ${metadataName} is taken by the format itself`, code: "safetensors/name" });
  }
  const tensors = Object.entries(state).map(([name, x]) => ({ name, dtype: fileDTypes[x.dtype], shape: x.shape, bytes: bytesOf(x) }));
  // The widest elements first, so that every tensor starts at a multiple of its element's size: PyTorch maps the file into memory.
  const ordered = tensors.toSorted((a, b) => (elementBytes.get(b.dtype) ?? 0) - (elementBytes.get(a.dtype) ?? 0));
  const begins = new Map<string, number>();
  let offset = 0;
  for (const { name, bytes } of ordered) {
    begins.set(name, offset);
    offset += bytes.length;
  }
  const entries = tensors.map(({ name, dtype, shape, bytes }): [string, Entry] => {
    const begin = begins.get(name) ?? 0;
    return [name, { dtype, shape, data_offsets: [begin, begin + bytes.length] }];
  });
  const notes = Object.keys(metadata).length > 0 ? [[metadataName, metadata] as const] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries<unknown>([...notes, ...entries])));
  // The data starts at a multiple of 8 bytes; spaces fill the gap.
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  writeWhole(path, [length, header, ...ordered.map(({ bytes }) => bytes)]);
}

function writeWhole(path: string, parts: readonly Uint8Array[]): void {
  const partial = `${path}.${process.pid}.part`;
  try {
    const file = openSync(partial, "w");
    try {
      for (const part of parts) for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (cause) {
    removeIfThere(partial);
    throw new SerializationError({
      op: "saveSafetensors",
      fact: `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      code: "safetensors/write",
      data: { path },
      cause,
    });
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The first error is the one to tell.
  }
}

/**
 * Reads the tensors of a safetensors file. 64-bit integers, which PyTorch writes for counters, become int32.
 *
 * Throws    SerializationError `safetensors/read`, `safetensors/format`, `safetensors/dtype`
 */
export function loadSafetensors(path: string): StateDict {
  return readSafetensors(path).tensors;
}

/**
 * Reads the notes that were saved with the tensors of a safetensors file.
 *
 * Throws    SerializationError `safetensors/read`, `safetensors/format`, `safetensors/dtype`
 */
export function loadSafetensorsMetadata(path: string): Record<string, string> {
  return readWhole(path).metadata;
}

/**
 * Both by one reading: of a file that is replaced meanwhile, two would give what does not belong together. Throws as `loadSafetensors`.
 * @internal
 */
export function readSafetensors(path: string): { readonly tensors: StateDict; readonly metadata: Record<string, string> } {
  const { tensors, metadata, data } = readWhole(path);
  return { tensors: Object.fromEntries(tensors.map(([name, entry]) => [name, readTensor(entry, data)])), metadata };
}

/** A file that has passed all checks. */
interface Contents {
  readonly metadata: Record<string, string>;
  readonly tensors: readonly (readonly [name: string, entry: Entry])[];
  readonly data: Uint8Array<ArrayBuffer>;
}

function readWhole(path: string): Contents {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    // As a plain Uint8Array, whose slices are copies: those of a Buffer are views.
    const { buffer, byteOffset, byteLength } = readFileSync(path);
    bytes = new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    throw new SerializationError({
      op: "loadSafetensors",
      fact: `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      code: "safetensors/read",
      data: { path },
      cause,
    });
  }
  const { header, data } = split(path, bytes);
  const { [metadataName]: metadata = {}, ...entries } = header;
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) throw malformed(path, `${metadataName} must hold texts`);
  const tensors = Object.entries(entries).map(([name, entry]) => [name, checkedEntry(path, name, entry)] as const);
  checkLayout(path, tensors, data.length);
  return { metadata: metadata as Record<string, string>, tensors, data };
}

function malformed(path: string, fact: string, cause?: unknown): SerializationError {
  return new SerializationError({ op: "loadSafetensors", fact: `${path}: ${fact}`, code: "safetensors/format", data: { path }, ...(cause === undefined ? {} : { cause }) });
}

function split(path: string, bytes: Uint8Array<ArrayBuffer>): Pick<Contents, "data"> & { header: Record<string, unknown> } {
  if (bytes.length < 8) throw malformed(path, `${bytes.length} bytes are too few for a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) throw malformed(path, `the header needs ${length} bytes, but only ${bytes.length - 8} follow`);
  const end = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, end)));
  } catch (cause) {
    throw malformed(path, "the header is not JSON", cause);
  }
  if (!isObject(header)) throw malformed(path, "the header is not a JSON object");
  return { header, data: bytes.subarray(end) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(list: unknown): list is number[] {
  return Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isEntry(value: unknown): value is Entry {
  if (!isObject(value)) return false;
  const { dtype, shape, data_offsets: offsets } = value;
  return typeof dtype === "string" && isSizes(shape) && isSizes(offsets) && offsets.length === 2;
}

function checkedEntry(path: string, name: string, entry: unknown): Entry {
  if (!isEntry(entry)) throw malformed(path, `the entry of ${name} must have a dtype, a shape and two data_offsets`);
  const size = elementBytes.get(entry.dtype);
  if (size === undefined) {
    throw new SerializationError({
      op: "loadSafetensors",
      fact: `${path}: ${name} has dtype ${entry.dtype}, which is not supported; use one of ${[...elementBytes.keys()].join(", ")}`,
      code: "safetensors/dtype",
      data: { path, name, dtype: entry.dtype },
    });
  }
  const [begin, end] = entry.data_offsets;
  const needed = entry.shape.reduce((product, n) => product * n, size);
  if (end - begin !== needed) throw malformed(path, `${name} has ${end - begin} bytes, its shape and dtype need ${needed}`);
  return entry;
}

/** The tensors must fill the data without gaps and overlaps: the format forbids both. */
function checkLayout(path: string, tensors: Contents["tensors"], size: number): void {
  let filled = 0;
  const ordered = tensors.toSorted(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
  for (const [name, { data_offsets: [begin, end] }] of ordered) {
    if (begin !== filled) throw malformed(path, `${name} begins at byte ${begin} of the data, the tensors before it end at ${filled}`);
    filled = end;
  }
  if (filled !== size) throw malformed(path, `the tensors need ${filled} bytes of data, the file has ${size}`);
}

function readTensor({ dtype, shape, data_offsets: [begin, end] }: Entry, data: Uint8Array<ArrayBuffer>): Tensor {
  // A copy, so that it is aligned for its type.
  const bytes = data.slice(begin, end).buffer;
  const make = (values: ElementArray | BigInt64Array, as?: DType): Tensor => tensor(values, { shape, ...(as === undefined ? {} : { dtype: as }) });
  switch (dtype) {
    case "F32": return make(new Float32Array(bytes));
    case "F64": return make(new Float64Array(bytes));
    case "F16": return make(new Float16Array(bytes));
    case "I32": return make(new Int32Array(bytes));
    case "I64": return make(new BigInt64Array(bytes));
    case "BOOL": return make(new Uint8Array(bytes), "bool");
    default: return make(new Uint8Array(bytes));
  }
}

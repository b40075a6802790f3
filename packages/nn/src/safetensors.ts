import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { SerializationError, tensor, type DType, type ElementArray, type Tensor } from "@tapegrad/tensor";
import { Float16Array } from "@petamoriken/float16";
import type { StateDict } from "./module.ts";

/** Names of the dtypes in the file. Source: the safetensors format description. */
const fileDTypes: Readonly<Record<DType, string>> = { float32: "F32", float64: "F64", float16: "F16", int32: "I32", uint8: "U8", bool: "BOOL" };

const elementBytes: Readonly<Record<string, number>> = { F32: 4, F64: 8, F16: 2, I32: 4, I64: 8, U8: 1, BOOL: 1 };

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function bytesOf(x: Tensor): Uint8Array {
  const values = x.toTypedArray();
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}

/**
 * Writes named tensors to a safetensors file, which PyTorch reads. The file appears under its name only when it is whole.
 *
 * Throws    SerializationError `safetensors/write`
 */
export function saveSafetensors(path: string, state: Readonly<StateDict>, metadata: Readonly<Record<string, string>> = {}): void {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, x] of Object.entries(state)) {
    const bytes = bytesOf(x);
    header[name] = { dtype: fileDTypes[x.dtype], shape: x.shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  const text = JSON.stringify(header);
  // The data starts at a multiple of 8 bytes; spaces fill the gap.
  const json = new TextEncoder().encode(text + " ".repeat((8 - (new TextEncoder().encode(text).length % 8)) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  writeWhole(path, [length, json, ...parts]);
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
    rmSync(partial, { force: true });
    throw new SerializationError({
      op: "saveSafetensors",
      fact: `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      code: "safetensors/write",
      data: { path },
      cause,
    });
  }
}

/**
 * Reads a safetensors file. 64-bit integers, which PyTorch writes for counters, become int32.
 *
 * Throws    SerializationError `safetensors/read`, `safetensors/format`, `safetensors/dtype`
 */
export function loadSafetensors(path: string): StateDict {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new SerializationError({
      op: "loadSafetensors",
      fact: `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      code: "safetensors/read",
      data: { path },
      cause,
    });
  }
  const { header, data } = parse(path, bytes);
  const state: StateDict = {};
  for (const [name, entry] of Object.entries(header)) if (name !== "__metadata__") state[name] = readEntry(path, name, entry, data);
  return state;
}

function malformed(path: string, fact: string, cause?: unknown): SerializationError {
  return new SerializationError({ op: "loadSafetensors", fact: `${path}: ${fact}`, code: "safetensors/format", data: { path }, ...(cause === undefined ? {} : { cause }) });
}

function parse(path: string, bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < 8) throw malformed(path, `${bytes.length} bytes are too few for a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) throw malformed(path, `the header of ${length} bytes is cut off`);
  const end = 8 + Number(length);
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, end)));
    if (typeof header !== "object" || header === null || Array.isArray(header)) throw new TypeError("not an object");
    return { header: header as Record<string, unknown>, data: bytes.subarray(end) };
  } catch (cause) {
    throw malformed(path, "the header is not JSON", cause);
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const isSizes = (list: unknown): list is number[] => Array.isArray(list) && list.every((n) => Number.isInteger(n) && (n as number) >= 0);
  return typeof dtype === "string" && isSizes(shape) && isSizes(offsets) && offsets.length === 2;
}

function readEntry(path: string, name: string, entry: unknown, data: Uint8Array): Tensor {
  if (!isEntry(entry)) throw malformed(path, `the entry of ${name} has no dtype, shape and offsets`);
  const [begin, end] = entry.data_offsets;
  const size = elementBytes[entry.dtype];
  if (size === undefined) {
    throw new SerializationError({ op: "loadSafetensors", fact: `${path}: ${name} has dtype ${entry.dtype}, which is not supported`, code: "safetensors/dtype", data: { path, name, dtype: entry.dtype } });
  }
  const count = entry.shape.reduce((product, n) => product * n, 1);
  if (end > data.length || end - begin !== count * size) throw malformed(path, `${name} has ${end - begin} bytes at ${begin}, its shape needs ${count * size} within ${data.length}`);
  // A copy, so that it is aligned for its type.
  const bytes = data.slice(begin, end).buffer;
  return fromBytes(entry, bytes);
}

function fromBytes({ dtype, shape }: Entry, bytes: ArrayBuffer): Tensor {
  const make = (values: ElementArray, as?: DType): Tensor => tensor(values, { shape, ...(as === undefined ? {} : { dtype: as }) });
  switch (dtype) {
    case "F32": return make(new Float32Array(bytes));
    case "F64": return make(new Float64Array(bytes));
    case "F16": return make(new Float16Array(bytes));
    case "I32": return make(new Int32Array(bytes));
    case "I64": return make(Int32Array.from(new BigInt64Array(bytes), Number));
    case "BOOL": return make(new Uint8Array(bytes), "bool");
    default: return make(new Uint8Array(bytes));
  }
}

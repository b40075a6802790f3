import { ArgumentError, cloneKernel, requireTensor, reasonOf, SerializationError, showName, showPath, showValue, TapegradError, writeWhole, type Tensor } from "@tapegrad/tensor";
import type { StateDict } from "../state-dict.ts";
import { fileDTypes, savedDTypes } from "./file-dtypes.ts";
import { metadataName } from "./header.ts";
import { mostDims, mostHeaderBytes, mostMembers, mostTextBytes } from "./limits.ts";
import { requirePath } from "./require-path.ts";

const op = "saveSafetensors";

/** A tensor's entry in the file. */
interface FileEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/**
 * Writes named tensors, and notes about them, to a safetensors file, which PyTorch reads. The file appears under its name only when
 * it is whole and on the disk; several threads, processes or containers may save to one path at once.
 *
 * Throws    SerializationError `safetensors/write`, `safetensors/name`, `safetensors/metadata`, `safetensors/limit` for what could not
 *           be loaded again; ArgumentError `safetensors/path`, `safetensors/state`, `tapegrad/not-a-tensor`, `tapegrad/two-copies`
 */
export function saveSafetensors(path: string, state: Readonly<StateDict>, metadata: Readonly<Record<string, string>> = {}): void {
  requirePath(op, path);
  if (typeof state !== "object" || state === null || Array.isArray(state)) {
    throw new ArgumentError({ op, fact: `a state must be an object of tensors by name, not ${showValue(state)}`, code: "safetensors/state" });
  }
  const tensors = Object.entries(state);
  for (const [name, x] of tensors) checkTensor(name, x);
  checkNotes(metadata);
  checkLimits(tensors.map(([name]) => name), metadata);
  // The widest elements first, so that every tensor starts at a multiple of its element's size: PyTorch maps the file into memory.
  const ordered = tensors.toSorted(([, a], [, b]) => elementBytes(b) - elementBytes(a));
  const header = headerParts(tensors, ordered, metadata);
  try {
    writeWhole(path, fileParts(header, ordered));
  } catch (cause) {
    if (cause instanceof TapegradError) throw cause;
    throw new SerializationError({ op, fact: `${showPath(path)} cannot be written: ${reasonOf(cause)}`, code: "safetensors/write", data: { path }, cause });
  }
}

function checkTensor(name: string, x: unknown): void {
  if (name === metadataName) throw new SerializationError({ op, fact: `the name ${metadataName} is taken by the format itself`, code: "safetensors/name" });
  if (halfCharacter.test(name)) throw new SerializationError({ op, fact: `the name ${showName(name)} has half a character (a lone surrogate)`, code: "safetensors/name", data: { name } });
  requireTensor(op, showName(name), x);
  if (x.ndim > mostDims) throw beyondLimit(`${showName(name)} has ${x.ndim} dimensions, ${mostDims} can be loaded`);
  // Reading throws MemoryError for a tensor that a scope has freed: better before the file is made.
  void x.storage.elements;
}

/** What is saved must be something that can be loaded: programs in JavaScript pass numbers. */
function checkNotes(metadata: unknown): asserts metadata is Readonly<Record<string, string>> {
  const wrong = (fact: string, data: Readonly<Record<string, unknown>> = {}): Error => new SerializationError({ op, fact, hint: "notes are texts by name, like { epoch: String(epoch) }", code: "safetensors/metadata", data });
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) throw wrong(`metadata must be an object of texts by name, not ${showValue(metadata)}`);
  for (const [name, text] of Object.entries(metadata) as readonly [string, unknown][]) {
    if (typeof text !== "string") throw wrong(`the note ${showName(name)} must be a text, not ${showValue(text)}`, { name });
    if (halfCharacter.test(name) || halfCharacter.test(text)) throw wrong(`the note ${showName(name)} has half a character (a lone surrogate)`, { name });
  }
}

/** One half of a pair that makes a character; files hold whole ones. */
const halfCharacter = /\p{Cs}/u;

function checkLimits(names: readonly string[], notes: Readonly<Record<string, string>>): void {
  const members = Math.max(names.length, Object.keys(notes).length);
  if (members > mostMembers) throw beyondLimit(`there are ${members} tensors or notes, ${mostMembers} can be loaded`);
  for (const texts of [[metadataName, ...names], Object.entries(notes).flat()]) {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(JSON.stringify(text)), 0);
    if (bytes > mostTextBytes / 2) throw beyondLimit(`names or notes take ${bytes} bytes, ${mostTextBytes / 2} can be loaded`);
  }
}

function beyondLimit(fact: string): SerializationError {
  return new SerializationError({ op, fact, code: "safetensors/limit" });
}

function* fileParts(header: readonly Uint8Array[], ordered: readonly (readonly [string, Tensor])[]): Iterable<Uint8Array> {
  yield* header;
  // One after the other: no more than one need be made row-major at a time.
  for (const [, x] of ordered) yield* chunksOf(x);
}

function elementBytes(x: Tensor): number {
  return fileDTypes.get(savedDTypes[x.dtype])?.bytes ?? 0;
}

const chunkBytes = 1 << 20;

/** The bytes of the elements in row-major order, copied out of the heap piece by piece: not every host writes from shared memory. */
function* chunksOf(x: Tensor): Iterable<Uint8Array> {
  const rowMajor = x.isContiguous() ? x : cloneKernel(x);
  const width = elementBytes(x);
  const begin = rowMajor.offset * width;
  const end = begin + x.numel() * width;
  for (let at = begin; at < end; at += chunkBytes) {
    const { elements } = rowMajor.storage;
    yield new Uint8Array(elements.buffer, elements.byteOffset).slice(at, Math.min(at + chunkBytes, end));
  }
}

function headerParts(tensors: readonly (readonly [string, Tensor])[], ordered: readonly (readonly [string, Tensor])[], metadata: Readonly<Record<string, string>>): readonly Uint8Array[] {
  const begins = new Map<string, number>();
  let offset = 0;
  for (const [name, x] of ordered) {
    begins.set(name, offset);
    offset += x.numel() * elementBytes(x);
  }
  const entries = tensors.map(([name, x]): [string, FileEntry] => {
    const begin = begins.get(name) ?? 0;
    return [name, { dtype: savedDTypes[x.dtype], shape: x.shape, data_offsets: [begin, begin + x.numel() * elementBytes(x)] }];
  });
  const notes = Object.keys(metadata).length > 0 ? [[metadataName, metadata] as const] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries<unknown>([...notes, ...entries])));
  // The data starts at a multiple of 8 bytes; spaces fill the gap.
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  if (header.length > mostHeaderBytes) throw beyondLimit(`the header would have ${header.length} bytes, the format permits ${mostHeaderBytes}`);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return [length, header];
}

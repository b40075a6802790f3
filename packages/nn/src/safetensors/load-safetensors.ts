import { checkOptions, empty, optionRules, SerializationError, showName, showPath, type OptionRules, type Tensor } from "@tapegrad/tensor";
import type { StateDict } from "../state-dict.ts";
import { BeyondInt64, fileDTypes, type FileDType } from "./file-dtypes.ts";
import type { FileOfOp } from "./format-errors.ts";
import { parseEntries, parseMetadata, type Entry } from "./header.ts";
import { withFile, type OpenFile } from "./open-file.ts";
import { requirePath } from "./require-path.ts";

export interface LoadSafetensorsOptions {
  /** Leaves out tensors that cannot be held, instead of an error that names the first. Default: false. */
  readonly skipUnsupported?: boolean | undefined;
}

const optionsRules: OptionRules<LoadSafetensorsOptions> = { skipUnsupported: optionRules.boolean };

/**
 * Reads the tensors of a safetensors file. What has no dtype here becomes the next that holds all its values: I8, I16 and U16 int32,
 * U32 and U64 int64, the 8-bit floats float32. C64 and floats of 4 and 6 bits cannot be held.
 *
 * Throws    SerializationError `safetensors/read`, `safetensors/format`, `safetensors/limit`; `safetensors/dtype` for a tensor that
 *           cannot be held, `safetensors/value` for a U64 beyond int64; ArgumentError `safetensors/path`, `safetensors/unknown-option`
 * Source    the format description at github.com/huggingface/safetensors; what that library refuses is refused
 */
export function loadSafetensors(path: string, options: LoadSafetensorsOptions = {}): StateDict {
  const file = { op: "loadSafetensors", path };
  requirePath(file.op, path);
  checkOptions(file.op, options, optionsRules, "safetensors");
  return withFile(file, (open) => readTensors(file, open, options.skipUnsupported === true));
}

function readTensors(file: FileOfOp, open: OpenFile, skipUnsupported: boolean): StateDict {
  const entries = parseEntries(file, open.header, open.dataBytes);
  // Before the first is read: that may take a while.
  const unsupported = entries.find(({ dtype }) => !fileDTypes.has(dtype));
  if (unsupported !== undefined && !skipUnsupported) throw unsupportedDType(file, unsupported);
  const state = new Map<string, Tensor>();
  for (const entry of entries) {
    const dtype = fileDTypes.get(entry.dtype);
    const x = dtype === undefined ? null : readTensor(file, entry, dtype, open, skipUnsupported);
    if (x !== null) state.set(entry.name, x);
  }
  return Object.fromEntries(state);
}

/**
 * Reads the notes that were saved with the tensors of a safetensors file. Only the header is read.
 *
 * Throws    SerializationError `safetensors/read`, `safetensors/format`, `safetensors/limit`; ArgumentError `safetensors/path`
 */
export function loadSafetensorsMetadata(path: string): Record<string, string> {
  const file = { op: "loadSafetensorsMetadata", path };
  requirePath(file.op, path);
  return withFile(file, ({ header }) => parseMetadata(file, header));
}

/**
 * Tensors and notes by one reading: of a file that is replaced meanwhile, two would give what does not belong together. Throws as
 * `loadSafetensors`.
 * @internal
 */
export function readSafetensors(path: string): { readonly tensors: StateDict; readonly metadata: Record<string, string> } {
  const file = { op: "loadSafetensors", path };
  requirePath(file.op, path);
  return withFile(file, (open) => ({ metadata: parseMetadata(file, open.header), tensors: readTensors(file, open, false) }));
}

function unsupportedDType({ op, path }: FileOfOp, { name, dtype }: Entry): SerializationError {
  return new SerializationError({
    op,
    fact: `${showPath(path)}: ${showName(name)} has dtype ${showName(dtype)}, which is not supported; use one of ${[...fileDTypes.keys()].join(", ")}`,
    hint: "pass { skipUnsupported: true } to load the other tensors",
    code: "safetensors/dtype",
    data: { path, name, dtype },
  });
}

function beyondInt64({ op, path }: FileOfOp, { name }: Entry, value: bigint): SerializationError {
  return new SerializationError({
    op,
    fact: `${showPath(path)}: ${showName(name)} has the number ${value}, which int64 does not hold`,
    hint: "pass { skipUnsupported: true } to load the other tensors",
    code: "safetensors/value",
    data: { path, name, value },
  });
}

/** Elements that are read at once. */
const chunkElements = 1 << 17;

/** Reads a tensor piece by piece into its memory; null for one that is to be skipped. */
function readTensor(file: FileOfOp, entry: Entry, { bytes, dtype, decode }: FileDType, open: OpenFile, skipUnsupported: boolean): Tensor | null {
  const x = empty(entry.shape, { dtype });
  const size = x.numel();
  const chunk = new Uint8Array(bytes * Math.min(chunkElements, size));
  try {
    for (let first = 0; first < size; first += chunkElements) {
      const part = chunk.subarray(0, bytes * Math.min(chunkElements, size - first));
      open.readData(entry.begin + first * bytes, part);
      const { elements } = x.storage;
      if (decode === null) new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength).set(part, first * bytes);
      // The dtype says of which kind the elements of both are.
      else elements.set(decode(chunk.buffer, part.length / bytes) as never, first);
    }
  } catch (error) {
    if (!(error instanceof BeyondInt64)) throw error;
    x.storage.free();
    if (skipUnsupported) return null;
    throw beyondInt64(file, entry, error.value);
  }
  return x;
}

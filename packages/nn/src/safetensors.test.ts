import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { narrow, SerializationError, tensor, transpose, zeros, type DType, type Tensor } from "@tapegrad/tensor";
import { BatchNorm1d } from "./batch-norm.ts";
import { Linear } from "./linear.ts";
import { loadSafetensors, loadSafetensorsMetadata, saveSafetensors } from "./safetensors.ts";
import { Sequential } from "./sequential.ts";
import type { StateDict } from "./state-dict.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";
import { thrownBy } from "./testing/thrown.ts";

const newPath = (): string => join(temporaryFolder(), "weights.safetensors");

function throughFile(state: StateDict, metadata: Record<string, string> = {}): StateDict {
  const path = newPath();
  saveSafetensors(path, state, metadata);
  return loadSafetensors(path);
}

/** Equal names, shapes, dtypes and bits. */
function expectSame(found: StateDict, expected: StateDict): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, x] of Object.entries(expected)) {
    const read = found[name] ?? zeros([]);
    expect([read.shape, read.dtype], name).toEqual([x.shape, x.dtype]);
    expect(bits(read), name).toEqual(bits(x));
  }
}

function bits(x: Tensor): number[] {
  const values = x.toTypedArray();
  return [...new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)];
}

/** A file of a header and data; the header is JSON unless it is given as text. */
function fileOf(header: unknown, dataBytes: number, length?: number): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length ?? json.length));
  const path = newPath();
  writeFileSync(path, Buffer.concat([prefix, json, Buffer.alloc(dataBytes)]));
  return path;
}

interface FileEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function headerOf(path: string): { length: number; entries: Record<string, FileEntry>; text: string } {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const text = bytes.subarray(8, 8 + length).toString();
  return { length, entries: JSON.parse(text), text };
}

describe("a safetensors file gives back what was saved", () => {
  test.each<DType>(["float32", "float64", "float16", "int64", "int32", "uint8", "bool"])("%s", (dtype) => {
    const values = { float32: [0, -0, 1.5, NaN, -Infinity], float64: [0.1, -0, 5e-324, NaN, Infinity], float16: [65504, -0, 6e-8, NaN, Infinity], int64: [0, -1, 2 ** 53, -(2 ** 62)], int32: [0, -1, 2 ** 31 - 1, -(2 ** 31)], uint8: [0, 1, 255], bool: [1, 0, 1] }[dtype];
    expectSame(throughFile({ x: tensor(values, { dtype }) }), { x: tensor(values, { dtype }) });
  });

  test("0-d, empty and non-contiguous tensors", () => {
    const x = tensor([[1, 2, 3], [4, 5, 6]]);
    const state = { scalar: tensor(7), empty: zeros([2, 0, 3]), nothing: zeros([0], { dtype: "float64" }), transposed: transpose(x, 0, 1), part: narrow(x, 1, 1, 2) };
    expectSame(throughFile(state), state);
    expect(throughFile(state)["transposed"]?.toArray()).toEqual([[1, 4], [2, 5], [3, 6]]);
  });

  test("an empty state", () => {
    expect(throughFile({})).toEqual({});
  });

  test("any shapes, names and dtypes, in the order of the state", () => {
    const dtypes = fc.constantFrom<DType>("float32", "float64", "float16", "int64", "int32", "uint8", "bool");
    const entry = fc.record({ name: fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__"), shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), dtype: dtypes, seed: fc.nat(200) });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 6 }), (entries) => {
        const state = Object.fromEntries(entries.map(({ name, shape, dtype, seed }): [string, Tensor] => {
          const size = shape.reduce((product, n) => product * n, 1);
          return [name, tensor(Float64Array.from({ length: size }, (_, i) => (seed + i * 7) % 256), { shape, dtype })];
        }));
        expectSame(throughFile(state), state);
      }),
      { numRuns: 40 },
    );
  });

  test("a model's weights, statistics and counters", () => {
    const model = (): Sequential => new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Linear(4, 2));
    const [trained, fresh] = [model(), model()];
    trained.forward(tensor([[1, 2, 3], [4, 5, 7]]));
    const path = newPath();
    saveSafetensors(path, trained.stateDict());
    expect(fresh.loadStateDict(loadSafetensors(path))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expectSame(fresh.stateDict(), trained.stateDict());
  });

  test("notes", () => {
    const path = newPath();
    saveSafetensors(path, { x: zeros([1]) }, { epoch: "3", note: "naïve 重み" });
    expect(loadSafetensorsMetadata(path)).toEqual({ epoch: "3", note: "naïve 重み" });
    expect(Object.keys(loadSafetensors(path))).toEqual(["x"]);
    saveSafetensors(path, { x: zeros([1]) });
    expect(loadSafetensorsMetadata(path)).toEqual({});
  });
});

describe("the file", () => {
  test("is laid out as the format says: length, JSON, data from a multiple of 8, every tensor at a multiple of its element", () => {
    const path = newPath();
    saveSafetensors(path, { mask: tensor([true, false, true]), half: zeros([3], { dtype: "float16" }), w: tensor([1, 2]), d: zeros([1], { dtype: "float64" }) });
    const { length, entries, text } = headerOf(path);
    expect(length % 8).toBe(0);
    expect(text.startsWith("{")).toBe(true);
    expect(entries).toEqual({
      mask: { dtype: "BOOL", shape: [3], data_offsets: [22, 25] },
      half: { dtype: "F16", shape: [3], data_offsets: [16, 22] },
      w: { dtype: "F32", shape: [2], data_offsets: [8, 16] },
      d: { dtype: "F64", shape: [1], data_offsets: [0, 8] },
    });
    expect(readFileSync(path)).toHaveLength(8 + length + 25);
    expect(readFileSync(path).subarray(8 + length + 8).readFloatLE(4)).toBe(2);
  });

  test("written by Python is read", () => {
    const path = fileURLToPath(new URL("../fixtures/python.safetensors", import.meta.url));
    const state = loadSafetensors(path);
    expectSame(state, {
      "layers.0.weight": tensor([[1.5, -2.25, 3], [0, -0, 1e-3]]),
      double: tensor([Math.PI, -1e300, 5e-324], { dtype: "float64" }),
      half: tensor([1, 65504, -0.0999755859375, Infinity], { dtype: "float16" }),
      "bn.num_batches_tracked": tensor(123456, { dtype: "int64" }),
      long: tensor([-1, 2 ** 31 - 1, -(2 ** 31)], { dtype: "int64" }),
      int: tensor([[7], [-8]], { dtype: "int32" }),
      bytes: tensor([0, 127, 255], { dtype: "uint8" }),
      mask: tensor([true, false, true]),
      empty: zeros([0, 3]),
      "naïve.重み": tensor([42]),
    });
    expect(loadSafetensorsMetadata(path)).toEqual({ format: "pt", epoch: "3" });
  });

  test("replaces an older one as a whole, and nothing else stays in the folder", () => {
    const folder = temporaryFolder();
    const path = join(folder, "weights.safetensors");
    saveSafetensors(path, { x: zeros([100]) });
    saveSafetensors(path, { y: tensor([1]) });
    expect(readdirSync(folder)).toEqual(["weights.safetensors"]);
    expectSame(loadSafetensors(path), { y: tensor([1]) });
  });
});

describe("what cannot be written", () => {
  test("a folder that is not there", () => {
    const path = join(temporaryFolder(), "missing", "w.safetensors");
    const error = thrownBy(() => saveSafetensors(path, { x: zeros([1]) }));
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toBe(`saveSafetensors: ${path} cannot be written: ENOENT: no such file or directory, open '${path}.${process.pid}.part'\n  code: safetensors/write`);
    expect(error.cause).toMatchObject({ code: "ENOENT" });
  });

  test("a path below a file", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "text");
    const path = join(file, "w.safetensors");
    expect(thrownBy(() => saveSafetensors(path, {})).message).toBe(`saveSafetensors: ${path} cannot be written: ENOTDIR: not a directory, open '${path}.${process.pid}.part'\n  code: safetensors/write`);
  });

  test("a path that is a folder: nothing is left behind", () => {
    const folder = temporaryFolder();
    const path = join(folder, "taken");
    mkdirSync(join(path, "inside"), { recursive: true });
    expect(thrownBy(() => saveSafetensors(path, { x: zeros([1]) })).code).toBe("safetensors/write");
    expect(readdirSync(folder)).toEqual(["taken"]);
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === "win32")("a folder without permission (root may write anywhere, so not as root)", () => {
    const folder = join(temporaryFolder(), "locked");
    mkdirSync(folder, { mode: 0o555 });
    const path = join(folder, "w.safetensors");
    expect(thrownBy(() => saveSafetensors(path, {})).message).toBe(`saveSafetensors: ${path} cannot be written: EACCES: permission denied, open '${path}.${process.pid}.part'\n  code: safetensors/write`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")("a full disk (needs /dev/full, which only Linux has)", () => {
    const folder = temporaryFolder();
    const path = join(folder, "w.safetensors");
    saveSafetensors(path, { x: tensor([5]) });
    symlinkSync("/dev/full", `${path}.${process.pid}.part`);
    expect(thrownBy(() => saveSafetensors(path, { x: tensor([6]) })).message).toBe(`saveSafetensors: ${path} cannot be written: ENOSPC: no space left on device, write\n  code: safetensors/write`);
    expect(readdirSync(folder)).toEqual(["w.safetensors"]);
    expectSame(loadSafetensors(path), { x: tensor([5]) });
  });

  test("the name that the format keeps for itself", () => {
    const path = newPath();
    expect(thrownBy(() => saveSafetensors(path, { __metadata__: zeros([1]) })).message).toBe("saveSafetensors: the name __metadata__ is taken by the format itself\n  code: safetensors/name");
  });
});

describe("what cannot be read", () => {
  const entry = (dtype: string, shape: number[], begin: number, end: number): FileEntry => ({ dtype, shape, data_offsets: [begin, end] });

  function messageFor(path: string): string {
    const error = thrownBy(() => loadSafetensors(path));
    expect(error).toBeInstanceOf(SerializationError);
    return error.message.replaceAll(path, "FILE");
  }

  const formatError = (fact: string): string => `loadSafetensors: FILE: ${fact}\n  code: safetensors/format`;

  test("a file that is not there", () => {
    expect(messageFor(newPath())).toBe("loadSafetensors: FILE cannot be read: ENOENT: no such file or directory, open 'FILE'\n  code: safetensors/read");
  });

  test("a folder", () => {
    expect(messageFor(temporaryFolder())).toBe("loadSafetensors: FILE cannot be read: EISDIR: illegal operation on a directory, read\n  code: safetensors/read");
  });

  const w = entry("F32", [2], 0, 8);
  const malformed: readonly (readonly [name: string, header: unknown, dataBytes: number, fact: string, length?: number])[] = [
    ["a header cut off", { w }, 0, `the header needs 1000 bytes, but only ${JSON.stringify({ w }).length} follow`, 1000],
    ["a header longer than any file", { w }, 0, `the header needs ${2n ** 62n} bytes, but only ${JSON.stringify({ w }).length} follow`, 2 ** 62],
    ["text that is not JSON", '{"w": ', 0, "the header is not JSON"],
    ["a header that is a list", [w], 8, "the header is not a JSON object"],
    ["a header that is null", "null", 8, "the header is not a JSON object"],
    ["an entry that is no object", { w: 3 }, 8, "the entry of w must have a dtype, a shape and two data_offsets"],
    ["an entry without dtype", { w: { shape: [2], data_offsets: [0, 8] } }, 8, "the entry of w must have a dtype, a shape and two data_offsets"],
    ["a negative size", { w: entry("F32", [-2], 0, 8) }, 8, "the entry of w must have a dtype, a shape and two data_offsets"],
    ["a fractional size", { w: entry("F32", [1.5], 0, 6) }, 6, "the entry of w must have a dtype, a shape and two data_offsets"],
    ["one offset", { w: { dtype: "F32", shape: [2], data_offsets: [0] } }, 8, "the entry of w must have a dtype, a shape and two data_offsets"],
    ["a shape that the bytes do not fill", { w: entry("F32", [3], 0, 8) }, 8, "w has 8 bytes, its shape and dtype need 12"],
    ["offsets the wrong way round", { w: entry("F32", [2], 8, 0) }, 8, "w has -8 bytes, its shape and dtype need 8"],
    ["a size that overflows", { w: entry("F32", [2 ** 50, 2 ** 50], 0, 8) }, 8, `w has 8 bytes, its shape and dtype need ${4 * 2 ** 100}`],
    ["data cut off", { w }, 5, "the tensors need 8 bytes of data, the file has 5"],
    ["offsets beyond the data", { w, v: entry("U8", [4], 8, 12) }, 8, "the tensors need 12 bytes of data, the file has 8"],
    ["data that belongs to no tensor", { w }, 9, "the tensors need 8 bytes of data, the file has 9"],
    ["overlapping tensors", { w, v: entry("F32", [1], 4, 8) }, 8, "v begins at byte 4 of the data, the tensors before it end at 8"],
    ["a gap between tensors", { v: entry("F32", [1], 12, 16), w }, 16, "v begins at byte 12 of the data, the tensors before it end at 8"],
    ["a gap at the start", { w: entry("F32", [2], 4, 12) }, 12, "w begins at byte 4 of the data, the tensors before it end at 0"],
    ["notes that are no texts", { __metadata__: { epoch: 3 }, w }, 8, "__metadata__ must hold texts"],
    ["notes that are a list", { __metadata__: ["a"], w }, 8, "__metadata__ must hold texts"],
  ];

  test.each(malformed.map(([name, ...rest]) => ({ name, rest })))("$name", ({ rest: [header, dataBytes, fact, length] }) => {
    const path = fileOf(header, dataBytes, length);
    expect(messageFor(path)).toBe(formatError(fact));
    expect(thrownBy(() => loadSafetensorsMetadata(path)).code).toBe("safetensors/format");
  });

  test.each([0, 1, 7])("a file of %d bytes", (size) => {
    const path = newPath();
    writeFileSync(path, Buffer.alloc(size));
    expect(messageFor(path)).toBe(formatError(`${size} bytes are too few for a header`));
  });

  test("a header that is not UTF-8", () => {
    const path = newPath();
    writeFileSync(path, Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0x28]));
    expect(messageFor(path)).toBe(formatError("the header is not JSON"));
    expect(thrownBy(() => loadSafetensors(path)).cause).toBeInstanceOf(TypeError);
  });

  test("every cut of a good file", () => {
    const path = newPath();
    saveSafetensors(path, { w: tensor([1, 2]), n: tensor(3, { dtype: "int32" }) });
    const whole = readFileSync(path);
    for (let size = 0; size < whole.length; size++) {
      writeFileSync(path, whole.subarray(0, size));
      expect(thrownBy(() => loadSafetensors(path)).code).toBe("safetensors/format");
    }
  });

  test("a dtype that is not known", () => {
    expect(messageFor(fileOf({ w: entry("BF16", [2], 0, 4) }, 4))).toBe(
      "loadSafetensors: FILE: w has dtype BF16, which is not supported; use one of F32, F64, F16, I32, I64, U8, BOOL\n  code: safetensors/dtype",
    );
    expect(thrownBy(() => loadSafetensors(fileOf({ w: entry("toString", [2], 0, 4) }, 4))).code).toBe("safetensors/dtype");
  });

  test("no bit of a 64-bit integer", () => {
    const path = fileOf({ n: entry("I64", [2], 0, 16) }, 16);
    const bytes = readFileSync(path);
    bytes.writeBigInt64LE(-9_007_199_254_740_993n, bytes.length - 8);
    writeFileSync(path, bytes);
    expect(loadSafetensors(path)["n"]?.toTypedArray("int64")).toEqual(BigInt64Array.of(0n, -9_007_199_254_740_993n));
  });
});

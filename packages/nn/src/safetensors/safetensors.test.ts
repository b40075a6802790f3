import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, lstatSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { narrow, scope, SerializationError, showValue, tensor, transpose, zeros, type DType, type Tensor } from "@tapegrad/tensor";
import { temporaryFolder, thrownBy } from "@tapegrad/test-support";
import { BatchNorm1d } from "../batch-norm.ts";
import { Linear } from "../linear.ts";
import { Sequential } from "../sequential.ts";
import type { StateDict } from "../state-dict.ts";
import { newPath, type FileEntry } from "../testing/safetensors-file.ts";
import { loadSafetensors, loadSafetensorsMetadata } from "./load-safetensors.ts";
import { saveSafetensors } from "./save-safetensors.ts";

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

function headerOf(path: string): { length: number; entries: Record<string, FileEntry>; text: string } {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const text = bytes.subarray(8, 8 + length).toString();
  return { length, entries: JSON.parse(text), text };
}

describe("a safetensors file gives back what was saved", () => {
  test.each<DType>(["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"])("%s", (dtype) => {
    const values = { float32: [0, -0, 1.5, NaN, -Infinity], float64: [0.1, -0, 5e-324, NaN, Infinity], float16: [65504, -0, 6e-8, NaN, Infinity], bfloat16: [3.3e38, -0, 1e-40, NaN, -Infinity], int64: [0, -1, 2 ** 53, -(2 ** 62)], int32: [0, -1, 2 ** 31 - 1, -(2 ** 31)], uint8: [0, 1, 255], bool: [1, 0, 1] }[dtype];
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
    const dtypes = fc.constantFrom<DType>("float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool");
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
    const path = fileURLToPath(new URL("../../fixtures/python.safetensors", import.meta.url));
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

test.skipIf(process.platform === "win32")("a link and the mode of the file behind it are kept", () => {
  const folder = temporaryFolder();
  const [file, link] = [join(folder, "epoch-3"), join(folder, "latest")];
  saveSafetensors(file, {});
  chmodSync(file, 0o640);
  symlinkSync("epoch-3", link);
  saveSafetensors(link, { x: tensor([7]) });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expectSame(loadSafetensors(file), { x: tensor([7]) });
});

describe("what cannot be written", () => {
  const messageFor = (path: string): string => {
    const error = thrownBy(() => saveSafetensors(path, { x: zeros([1]) }));
    expect(error).toBeInstanceOf(SerializationError);
    return error.message.replaceAll(path, "FILE");
  };
  const writeError = (reason: string): string => `saveSafetensors: FILE cannot be written: ${reason}\n  code: safetensors/write`;

  test("a folder that is not there", () => {
    const path = join(temporaryFolder(), "missing", "w.safetensors");
    expect(messageFor(path)).toBe(writeError("ENOENT: no such file or directory"));
    expect(thrownBy(() => saveSafetensors(path, {})).cause).toMatchObject({ code: "ENOENT" });
  });

  test("a path below a file", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "text");
    expect(messageFor(join(file, "w.safetensors"))).toBe(writeError("ENOTDIR: not a directory"));
  });

  test("a path that is a folder: nothing is left behind", () => {
    const folder = temporaryFolder();
    const path = join(folder, "taken");
    mkdirSync(join(path, "inside"), { recursive: true });
    expect(messageFor(path)).toBe(writeError("EISDIR: illegal operation on a directory"));
    expect(readdirSync(folder)).toEqual(["taken"]);
  });

  test.skipIf(process.platform === "win32")("a path that is a named pipe", () => {
    const path = newPath();
    spawnSync("mkfifo", [path]);
    expect(messageFor(path)).toBe(writeError("EINVAL: not a regular file"));
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === "win32")("a folder without permission (root may write anywhere, so not as root)", () => {
    const folder = join(temporaryFolder(), "locked");
    mkdirSync(folder, { mode: 0o555 });
    expect(messageFor(join(folder, "w.safetensors"))).toBe(writeError("EACCES: permission denied"));
    expect(readdirSync(folder)).toEqual([]);
  });

  test("the name that the format keeps for itself", () => {
    const path = newPath();
    expect(thrownBy(() => saveSafetensors(path, { __metadata__: zeros([1]) })).message).toBe("saveSafetensors: the name __metadata__ is taken by the format itself\n  code: safetensors/name");
  });

  test.each<[unknown, string, string]>([
    [{ epoch: 5 }, "the note epoch must be a text, not 5", "safetensors/metadata"],
    [{ epoch: null }, "the note epoch must be a text, not null", "safetensors/metadata"],
    [{ epoch: undefined }, "the note epoch must be a text, not undefined", "safetensors/metadata"],
    [{ [`${"x".repeat(200)}`]: {} }, `the note ${"x".repeat(90)}... (80 characters) ...${"x".repeat(30)} must be a text, not an object`, "safetensors/metadata"],
    [["a"], "metadata must be an object of texts by name, not [\"a\"]", "safetensors/metadata"],
    [null, "metadata must be an object of texts by name, not null", "safetensors/metadata"],
    ["epoch 5", "metadata must be an object of texts by name, not \"epoch 5\"", "safetensors/metadata"],
    [{ "\ud800": "a" }, "the note \\u{d800} has half a character (a lone surrogate)", "safetensors/metadata"],
    [{ a: "\udc00b" }, "the note a has half a character (a lone surrogate)", "safetensors/metadata"],
  ])("notes that could not be loaded again: %o", (metadata, fact, code) => {
    const path = newPath();
    const error = thrownBy(() => saveSafetensors(path, { x: zeros([1]) }, metadata as Record<string, string>));
    expect(error.message).toBe(`saveSafetensors: ${fact}\n  hint: notes are texts by name, like { epoch: String(epoch) }\n  code: ${code}`);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  const forged = { shape: [1], dtype: "float32", offset: 0, strides: [1], storage: { pointer: 8, length: 1, elements: [1] } };
  test.each<[unknown, string, string]>([
    [{ "a\ud83d": zeros([1]) }, "the name a\\u{d83d} has half a character (a lone surrogate)", "safetensors/name"],
    [{ x: forged }, "x must be a tensor, not an object", "tapegrad/not-a-tensor"],
    [{ x: [1, 2] }, "x must be a tensor, not [1,2]", "tapegrad/not-a-tensor"],
    [{ "a\n  hint: b": null }, "a\\n  hint: b must be a tensor, not null", "tapegrad/not-a-tensor"],
    [null, "a state must be an object of tensors by name, not null", "safetensors/state"],
    [[zeros([1])], "a state must be an object of tensors by name, not [a Tensor]", "safetensors/state"],
    [{ x: zeros(new Array<number>(65).fill(1)) }, "x has 65 dimensions, 64 can be loaded", "safetensors/limit"],
    [{ ["n".repeat(8_400_000)]: zeros([1]) }, "names or notes take 8400016 bytes, 8388608 can be loaded", "safetensors/limit"],
  ])("a state that could not be loaded again, %#", (state, fact, code) => {
    const path = newPath();
    expect(thrownBy(() => saveSafetensors(path, state as StateDict)).message).toBe(`saveSafetensors: ${fact}\n  code: ${code}`);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test("more notes than can be loaded", () => {
    const notes = Object.fromEntries(Array.from({ length: 32_769 }, (_, i) => [String(i), ""]));
    expect(thrownBy(() => saveSafetensors(newPath(), {}, notes)).message).toBe("saveSafetensors: there are 32769 tensors or notes, 32768 can be loaded\n  code: safetensors/limit");
  });

  test("a tensor that a scope has freed: the old file stays", () => {
    const path = newPath();
    saveSafetensors(path, { x: tensor([5]) });
    const freed = scope(() => {
      const x = zeros([3]);
      return { get: () => x };
    });
    expect(thrownBy(() => saveSafetensors(path, { x: freed.get() })).code).toBe("heap/freed");
    expectSame(loadSafetensors(path), { x: tensor([5]) });
  });

  test.each([undefined, null, 7, "", {}])("a path that is none: %o", (path) => {
    for (const run of [() => saveSafetensors(path as string, {}), () => loadSafetensors(path as string), () => loadSafetensorsMetadata(path as string)]) {
      const error = thrownBy(run);
      expect(error.code).toBe("safetensors/path");
      expect(error.message).toContain(`the path must be a text, not ${showValue(path)}`);
    }
  });
});

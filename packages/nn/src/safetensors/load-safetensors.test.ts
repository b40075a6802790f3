import { spawnSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SerializationError, tensor, type Tensor } from "@tapegrad/tensor";
import { temporaryFolder, thrownBy } from "@tapegrad/test-support";
import { entry, fileOf, newPath } from "../testing/safetensors-file.ts";
import { loadSafetensors, loadSafetensorsMetadata } from "./load-safetensors.ts";
import { saveSafetensors } from "./save-safetensors.ts";

describe("what cannot be read", () => {
  function messageFor(path: string): string {
    const error = thrownBy(() => loadSafetensors(path));
    expect(error).toBeInstanceOf(SerializationError);
    return error.message.replaceAll(path, "FILE");
  }

  const formatError = (fact: string): string => `loadSafetensors: FILE: ${fact}\n  code: safetensors/format`;

  test("a file that is not there", () => {
    expect(messageFor(newPath())).toBe("loadSafetensors: FILE cannot be read: ENOENT: no such file or directory\n  code: safetensors/read");
  });

  test("a folder", () => {
    expect(messageFor(temporaryFolder())).toBe("loadSafetensors: FILE cannot be read: it is a folder\n  code: safetensors/read");
  });

  const w = entry("F32", [2], 0, 8);
  const malformed: readonly (readonly [name: string, header: unknown, dataBytes: number, fact: string, length?: number])[] = [
    ["a header cut off", { w }, 0, `the header needs 1000 bytes, but only ${JSON.stringify({ w }).length} follow`, 1000],
    ["a header longer than any file", { w }, 0, `the header has ${2n ** 62n} bytes, the format permits 100000000`, 2 ** 62],
    ["text that is not JSON", '{"w": ', 0, "the header is not JSON: byte 6 is wrong"],
    ["no header at all", "", 0, "the header is not JSON: byte 0 is wrong"],
    ["text behind the JSON", "{} {}", 0, "the header is not JSON: byte 3 is wrong"],
    ["a byte order mark", "\ufeff{}", 0, "the header is not JSON: byte 0 is wrong"],
    ["a comma too many", '{"__metadata__":{},}', 0, "the header is not JSON: byte 19 is wrong"],
    ["a control character in a name", '{"a\nb":{}}', 0, "the header is not JSON: byte 3 is wrong"],
    ["an escape that there is not", '{"\\x41":{}}', 0, "the header is not JSON: byte 2 is wrong"],
    ["half an escape", '{"\\u12":{}}', 0, "the header is not JSON: byte 2 is wrong"],
    ["half a character", '{"\\ud800":{}}', 0, "the header has half a character (a lone surrogate) at byte 2"],
    ["the second half of a character", '{"a\\udc00":{}}', 0, "the header has half a character (a lone surrogate) at byte 3"],
    ["two first halves", '{"__metadata__":{"a":"\\ud800\\ud800\\udc00"}}', 0, "the header has half a character (a lone surrogate) at byte 22"],
    ["a number that JSON does not have", '{"w":{"x":01,"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4, "the header is not JSON: byte 11 is wrong"],
    ["a name twice", `{"w":${JSON.stringify(entry("F32", [2], 0, 8))},"\\u0077":${JSON.stringify(entry("F32", [2], 0, 8))}}`, 8, "the header has w twice"],
    ["notes twice", '{"__metadata__":null,"__metadata__":{}}', 0, "the header has __metadata__ twice"],
    ["a note twice", '{"__metadata__":{"a":"1","a":"1"}}', 0, "__metadata__ has a twice"],
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
    expect(messageFor(fileOf(header, dataBytes, length))).toBe(formatError(fact));
  });

  const text = JSON.stringify(w);
  test.each([
    ["dtype", `{"w":{"dtype":"F32",${text.slice(1)}}`],
    ["shape", `{"w":{"shape":[],${text.slice(1)}}`],
    ["data_offsets", `{"w":{"data_offsets":[0,8],${text.slice(1)}}`],
  ])("the field %s twice", (field, header) => {
    expect(messageFor(fileOf(header, 8))).toBe(formatError(`the entry of w has ${field} twice`));
  });

  test.each(["2e0", "2.0", "-0", '"2"', "null", "9007199254740992", "[2]", "true"])("%s for a size", (size) => {
    expect(messageFor(fileOf(text.replace("[2]", `[${size}]`).replace(/^/, '{"w":').concat("}"), 8))).toBe(formatError("the entry of w must have a dtype, a shape and two data_offsets"));
  });

  test("what a later format may say of a tensor is left aside", () => {
    const header = `{"w":{"constructor":[1,-2.5e-3,{"toString":[true,false,null,"\\ud83d\\ude00"]}],"x":1,"x":2,${text.slice(1)}}`;
    expect(loadSafetensors(fileOf(header, 8))["w"]?.toArray()).toEqual([0, 0]);
  });

  test("names of JavaScript's own objects are names like others", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "", " "];
    const path = fileOf(`{${names.map((name, i) => `${JSON.stringify(name)}:{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`).join()}}`, names.length);
    expect(Object.keys(loadSafetensors(path))).toEqual(names);
    expect(({} as { shape?: unknown }).shape).toBeUndefined();
  });

  test.skipIf(process.platform === "win32")("a named pipe, which nobody writes to, and a device", () => {
    const path = newPath();
    spawnSync("mkfifo", [path]);
    expect(messageFor(path)).toBe("loadSafetensors: FILE cannot be read: it is not a regular file\n  code: safetensors/read");
    expect(messageFor("/dev/zero")).toBe("loadSafetensors: FILE cannot be read: it is not a regular file\n  code: safetensors/read");
  });

  test("a header longer than the format permits, though the file is long enough", () => {
    const path = fileOf("{}", 0, 100_000_001);
    truncateSync(path, 2 ** 30);
    expect(messageFor(path)).toBe(formatError("the header has 100000001 bytes, the format permits 100000000"));
  });

  describe("more than it should take", () => {
    const limitError = (fact: string): string => `loadSafetensors: FILE: ${fact}\n  code: safetensors/limit`;

    test("tensors", () => {
      const header = `{${Array.from({ length: 32_769 }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`;
      expect(messageFor(fileOf(header, 0))).toBe(limitError("the header has more than 32768 members"));
    });

    test("notes", () => {
      const header = `{"__metadata__":{${Array.from({ length: 32_769 }, (_, i) => `"${i}":""`).join()}}}`;
      expect(messageFor(fileOf(header, 0))).toBe(limitError("__metadata__ has more than 32768 members"));
    });

    test("dimensions", () => {
      expect(messageFor(fileOf({ w: entry("F32", new Array<number>(65).fill(1), 0, 4) }, 4))).toBe(limitError("w has more than 64 dimensions"));
    });

    test("names and notes", () => {
      expect(messageFor(fileOf(`{"${"n".repeat(17_000_000)}":{}}`, 0))).toBe(limitError("its names or notes take more than 16777216 bytes"));
      const notes = fileOf({ __metadata__: { a: "n".repeat(17_000_000) } }, 0);
      expect(loadSafetensors(notes)).toEqual({});
      expect(thrownBy(() => loadSafetensorsMetadata(notes)).message.replace(notes, "FILE")).toBe("loadSafetensorsMetadata: FILE: its names or notes take more than 16777216 bytes\n  code: safetensors/limit");
    });

    test("nesting", () => {
      for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
        const header = `{"w":{"x":${open.repeat(200)}1${close.repeat(200)},${text.slice(1)}}`;
        expect(messageFor(fileOf(header, 8))).toBe(limitError("its header is nested more than 128 deep"));
      }
    });
  });

  // Each would take gigabytes as a tree of JSON.
  test.each([
    ["lists", `{"a":{"x":[${"[],".repeat(10e6)}[]]}}`],
    ["numbers", `{"a":{"x":[${"1,".repeat(15e6)}1]}}`],
    ["sizes", `{"a":{"shape":[${"1,".repeat(15e6)}1]}}`],
    ["entries", `{${Array.from({ length: 500_000 }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`],
    ["depth", `{"a":{"x":${"[".repeat(30e6)}`],
    ["a text", `{"__metadata__":{"a":"${"é重".repeat(6e6)}"}}`],
  ])("a header of 30 MB of %s takes no more memory than the file and 64 MiB", (_name, header) => {
    const path = fileOf(header, 0);
    const before = process.memoryUsage().rss;
    const code = ((): string => {
      try {
        loadSafetensors(path);
      } catch (error) {
        if (error instanceof SerializationError) return error.code;
        throw error;
      }
      return "loaded";
    })();
    expect(process.memoryUsage().rss - before).toBeLessThan(Buffer.byteLength(header) + (64 << 20));
    expect(["safetensors/limit", "safetensors/format", "loaded"]).toContain(code);
  }, 120_000);

  test("a name is shown escaped and short", () => {
    const name = "\u001b[31m\n  hint: run this\u202e";
    expect(messageFor(fileOf({ [name]: 1 }, 0))).toBe(formatError("the entry of \\x1b[31m\\n  hint: run this\\u{202e} must have a dtype, a shape and two data_offsets"));
    expect(messageFor(fileOf({ ["n".repeat(1_000_000)]: 1 }, 0)).length).toBeLessThan(400);
  });

  test.each([0, 1, 7])("a file of %d bytes", (size) => {
    const path = newPath();
    writeFileSync(path, Buffer.alloc(size));
    expect(messageFor(path)).toBe(formatError(`${size} bytes are too few for a header`));
  });

  test("a header that is not UTF-8", () => {
    expect(messageFor(fileOf(Buffer.from([0xc3, 0x28]), 0))).toBe(formatError("the header is not UTF-8"));
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

  test.each(["F4", "F6_E2M3", "F6_E3M2", "C64", "toString", "BF17"])("a tensor of dtype %s, which cannot be held; the others can", (dtype) => {
    const bytes = new Map([["C64", 16], ["F4", 1], ["F6_E2M3", 3], ["F6_E3M2", 3]]).get(dtype) ?? 5;
    const shape = dtype.startsWith("F6") ? [4] : [2];
    const path = fileOf({ a: entry("U8", [1], 0, 1), x: entry(dtype, shape, 1, 1 + bytes), b: entry("U8", [1], 1 + bytes, 2 + bytes) }, 2 + bytes);
    expect(messageFor(path)).toBe(
      `loadSafetensors: FILE: x has dtype ${dtype}, which is not supported; use one of F32, F64, F16, I64, I32, U8, BOOL, BF16, I8, I16, U16, U32, U64, F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ, F8_E8M0
  hint: pass { skipUnsupported: true } to load the other tensors
  code: safetensors/dtype`,
    );
    expect(Object.keys(loadSafetensors(path, { skipUnsupported: true }))).toEqual(["a", "b"]);
    expect(loadSafetensorsMetadata(path)).toEqual({});
  });

  test("a U64 beyond int64", () => {
    const path = fileOf({ n: entry("U64", [2], 0, 16), m: entry("U8", [1], 16, 17) }, Buffer.concat([Buffer.from(BigUint64Array.of(1n, 2n ** 63n).buffer), Buffer.of(9)]));
    expect(messageFor(path)).toBe(
      `loadSafetensors: FILE: n has the number 9223372036854775808, which int64 does not hold
  hint: pass { skipUnsupported: true } to load the other tensors
  code: safetensors/value`,
    );
    expect(loadSafetensors(path, { skipUnsupported: true })["m"]?.toArray()).toEqual([9]);
  });

  test("an option that there is not", () => {
    expect(thrownBy(() => loadSafetensors(newPath(), { skip: true } as object)).message).toBe("loadSafetensors: there is no option \"skip\"; there is skipUnsupported\n  code: safetensors/unknown-option");
    expect(thrownBy(() => loadSafetensors(newPath(), { skipUnsupported: 1 } as object)).message).toBe("loadSafetensors: skipUnsupported 1 must be true or false\n  code: safetensors/option");
  });

  test("no bit of a 64-bit integer", () => {
    const path = fileOf({ n: entry("I64", [2], 0, 16) }, 16);
    const bytes = readFileSync(path);
    bytes.writeBigInt64LE(-9_007_199_254_740_993n, bytes.length - 8);
    writeFileSync(path, bytes);
    expect(loadSafetensors(path)["n"]?.toTypedArray("int64")).toEqual(BigInt64Array.of(0n, -9_007_199_254_740_993n));
  });
});

describe("notes do not depend on tensors", () => {
  test.each<[string, string, number]>([
    ["null", `{"__metadata__":null,"w":${JSON.stringify(entry("F32", [2], 0, 8))}}`, 8],
    ["none", "{}", 0],
  ])("%s", (_name, header, dataBytes) => {
    const path = fileOf(header, dataBytes);
    expect(loadSafetensorsMetadata(path)).toEqual({});
    loadSafetensors(path);
  });

  test.each<[string, unknown]>([
    ["a dtype nobody knows", entry("X9", [2], 0, 8)],
    ["a shape that the bytes do not fill", entry("F32", [3], 0, 8)],
    ["an entry that is none", [1, 2]],
  ])("%s", (_name, w) => {
    expect(loadSafetensorsMetadata(fileOf({ __metadata__: { epoch: "3" }, w }, 8))).toEqual({ epoch: "3" });
  });

  test("the data is not read", () => {
    const path = fileOf({ __metadata__: { epoch: "3" }, w: entry("F32", [2 ** 40], 0, 2 ** 42) }, 0);
    truncateSync(path, 2 ** 40);
    expect(loadSafetensorsMetadata(path)).toEqual({ epoch: "3" });
  });

  test("a header that is not JSON has none", () => {
    const path = fileOf('{"__metadata__":{"a":"b"},"w":nul}', 0);
    expect(thrownBy(() => loadSafetensorsMetadata(path)).message.replace(path, "FILE")).toBe("loadSafetensorsMetadata: FILE: the header is not JSON: byte 30 is wrong\n  code: safetensors/format");
  });
});

describe("dtypes that no tensor has are loaded as the next that holds all their values", () => {
  const every = (bits: number): number[] => Array.from({ length: 2 ** bits }, (_, i) => i);
  const load = (dtype: string, bytes: Uint8Array, count: number): Tensor | undefined => loadSafetensors(fileOf({ x: entry(dtype, [count], 0, bytes.length) }, bytes))["x"];
  const bytesOf = (values: Uint8Array | Uint16Array | Uint32Array | BigUint64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

  test("I8, I16, U16 as int32: every value", () => {
    expect(load("I8", Uint8Array.from(every(8)), 256)).toMatchObject({ dtype: "int32" });
    expect(load("I8", Uint8Array.from(every(8)), 256)?.toTypedArray()).toEqual(Int32Array.from(every(8), (n) => (n << 24) >> 24));
    expect(load("I16", bytesOf(Uint16Array.from(every(16))), 65536)?.toTypedArray()).toEqual(Int32Array.from(every(16), (n) => (n << 16) >> 16));
    expect(load("U16", bytesOf(Uint16Array.from(every(16))), 65536)?.toTypedArray()).toEqual(Int32Array.from(every(16)));
  });

  test("U32 and U64 as int64", () => {
    expect(load("U32", bytesOf(Uint32Array.of(0, 1, 2 ** 31, 2 ** 32 - 1)), 4)?.toTypedArray("int64")).toEqual(BigInt64Array.of(0n, 1n, 2n ** 31n, 2n ** 32n - 1n));
    expect(load("U64", bytesOf(BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 63n - 1n)), 3)?.toTypedArray("int64")).toEqual(BigInt64Array.of(0n, 2n ** 53n + 1n, 2n ** 63n - 1n));
  });

  test("BF16 as bfloat16: every pattern", () => {
    const x = load("BF16", bytesOf(Uint16Array.from(every(16))), 65536);
    expect(x?.dtype).toBe("bfloat16");
    expect(x?.toTypedArray()).toEqual(new Float32Array(Uint32Array.from(every(16), (n) => n << 16).buffer));
  });

  // FNV-1a over the float32 patterns that PyTorch gives for all 256, NaN written as one of them.
  test.each([
    ["F8_E4M3", 3942764997, { 1: 0.001953125, 56: 1.0, 126: 448.0, 127: NaN, 128: -0.0, 255: NaN }],
    ["F8_E5M2", 1705103813, { 1: 1.52587890625e-05, 56: 0.5, 126: NaN, 127: NaN, 128: -0.0, 255: NaN }],
    ["F8_E4M3FNUZ", 2499924421, { 1: 0.0009765625, 56: 0.5, 126: 224.0, 127: 240.0, 128: NaN, 255: -240.0 }],
    ["F8_E5M2FNUZ", 2065813957, { 1: 7.62939453125e-06, 56: 0.25, 126: 49152.0, 127: 57344.0, 128: NaN, 255: -57344.0 }],
    ["F8_E8M0", 958517701, { 1: 1.1754943508222875e-38, 56: 4.235164736271502e-22, 126: 0.5, 127: 1.0, 128: 2.0, 255: NaN }],
  ])("%s as float32: every pattern is PyTorch's", (dtype, hash, values) => {
    const x = load(dtype, Uint8Array.from(every(8)), 256);
    const floats = x?.toTypedArray("float32") ?? new Float32Array();
    const patterns = new Uint32Array(Float32Array.from(floats, (value) => (Number.isNaN(value) ? NaN : value)).buffer);
    const found = patterns.reduce((sum, pattern) => Math.imul(sum ^ (Number.isNaN(new Float32Array(Uint32Array.of(pattern).buffer)[0]) ? 0x7fc00000 : pattern), 0x01000193) >>> 0, 0x811c9dc5);
    expect(Object.fromEntries(Object.keys(values).map((i) => [i, floats[Number(i)]]))).toEqual(values);
    expect(found).toBe(hash);
  });

  test("more than are decoded at once", () => {
    const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => i % 251);
    expect(load("I8", bytes, bytes.length)?.toTypedArray()).toEqual(Int32Array.from(bytes, (n) => (n << 24) >> 24));
    expect(load("U8", bytes, bytes.length)?.toTypedArray()).toEqual(bytes);
  });
});

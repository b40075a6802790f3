import fc from "fast-check";
import { DataError } from "@tapegrad/tensor";
import { describe, expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { assemble, python2Batch } from "../testing/pickle-writer.ts";
import { readPickle } from "./pickle.ts";

const read = (bytes: Uint8Array) => readPickle("Test.load", "batch", bytes);
const base64 = (text: string) => Buffer.from(text, "base64");

// Written by Python 3's pickle.dumps({b'labels': [6, 9], b'data': np.arange(6, dtype=np.uint8).reshape(2, 3)}, protocol).
const protocol2Python3 = base64(
  "gAJ9cQAoY19jb2RlY3MKZW5jb2RlCnEBWAYAAABsYWJlbHNxAlgGAAAAbGF0aW4xcQOGcQRScQVdcQYoSwZLCWVoAVgEAAAAZGF0YXEHaAOGcQhScQljbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQpjbnVtcHkKbmRhcnJheQpxC0sAhXEMaAFYAQAAAGJxDWgDhnEOUnEPh3EQUnERKEsBSwJLA4ZxEmNudW1weQpkdHlwZQpxE1gCAAAAdTFxFImIh3EVUnEWKEsDWAEAAAB8cRdOTk5K/////0r/////SwB0cRhiiWgBWAYAAAAAAQIDBAVxGWgDhnEaUnEbdHEcYnUu",
);
const protocol3Numpy1 = base64(
  "gAN9cQAoQwZsYWJlbHNxAV1xAihLBksJZUMEZGF0YXEDY251bXB5LmNvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQRjbnVtcHkKbmRhcnJheQpxBUsAhXEGQwFicQeHcQhScQkoSwFLAksDhnEKY251bXB5CmR0eXBlCnELWAIAAAB1MXEMiYiHcQ1ScQ4oSwNYAQAAAHxxD05OTkr/////Sv////9LAHRxEGKJQwYAAQIDBAVxEXRxEmJ1Lg==",
);
const protocol4Numpy2 = base64(
  "gASVrQAAAAAAAAB9lChDBmxhYmVsc5RdlChLBksJZUMEZGF0YZSMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsCSwOGlGgHjAVkdHlwZZSTlIwCdTGUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LAHSUYolDBgABAgMEBZR0lGJ1Lg==",
);
const protocol5 = base64(
  "gAWVmAAAAAAAAAB9lChDBmxhYmVsc5RdlChLBksJZUMEZGF0YZSME251bXB5Ll9jb3JlLm51bWVyaWOUjAtfZnJvbWJ1ZmZlcpSTlCiWBgAAAAAAAAAAAQIDBAWUjAVudW1weZSMBWR0eXBllJOUjAJ1MZSJiIeUUpQoSwOMAXyUTk5OSv////9K/////0sAdJRiSwJLA4aUjAFDlHSUUpR1Lg==",
);
// pickle.dumps({'labels': [6, 9, 300, 70000, -1], 'name': 'ä', 'data': ..., 'flags': [True, False, None]}, 4)
const variety = base64(
  "gASV1QAAAAAAAAB9lCiMBmxhYmVsc5RdlChLBksJTSwBSnARAQBK/////2WMBG5hbWWUjALDpJSMBGRhdGGUjBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwMX3JlY29uc3RydWN0lJOUjAVudW1weZSMB25kYXJyYXmUk5RLAIWUQwFilIeUUpQoSwFLAksDhpRoCYwFZHR5cGWUk5SMAnUxlImIh5RSlChLA4wBfJROTk5K/////0r/////SwB0lGKJQwYAAQIDBAWUdJRijAVmbGFnc5RdlCiIiU5ldS4=",
);
// {'data': an object whose __reduce__ says (os.system, ('echo pwned',))}, protocols 2 and 4
const hostile2 = base64("gAJ9cQBYBAAAAGRhdGFxAWNwb3NpeApzeXN0ZW0KcQJYCgAAAGVjaG8gcHduZWRxA4VxBFJxBXMu");
const hostile4 = base64("gASVLwAAAAAAAAB9lIwEZGF0YZSMBXBvc2l4lIwGc3lzdGVtlJOUjAplY2hvIHB3bmVklIWUUpRzLg==");
// {'data': a Fortran-ordered uint8 array} and {'data': a float64 array}, protocol 3
const fortran = base64(
  "gAN9cQBYBAAAAGRhdGFxAWNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAmNudW1weQpuZGFycmF5CnEDSwCFcQRDAWJxBYdxBlJxByhLAUsCSwOGcQhjbnVtcHkKZHR5cGUKcQlYAgAAAHUxcQqJiIdxC1JxDChLA1gBAAAAfHENTk5OSv////9K/////0sAdHEOYohDBgADAQQCBXEPdHEQYnMu",
);
const float64 = base64(
  "gAN9cQBYBAAAAGRhdGFxAWNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAmNudW1weQpuZGFycmF5CnEDSwCFcQRDAWJxBYdxBlJxByhLAUsChXEIY251bXB5CmR0eXBlCnEJWAIAAABmOHEKiYiHcQtScQwoSwNYAQAAADxxDU5OTkr/////Sv////9LAHRxDmKJQxAAAAAAAAAAAAAAAAAAAAAAcQ90cRBicy4=",
);

describe("what it reads", () => {
  test("a batch as Python 2 wrote it", () => {
    const batch = read(python2Batch([6, 9], Uint8Array.of(0, 1, 2, 3, 4, 255), 3));
    expect(batch).toBeInstanceOf(Map);
    if (!(batch instanceof Map)) return;
    expect([...batch.keys()]).toEqual(["batch_label", "labels", "data", "filenames"]);
    expect(batch.get("labels")).toEqual([6, 9]);
    expect(batch.get("data")).toMatchObject({ shape: [2, 3], bytes: Buffer.of(0, 1, 2, 3, 4, 255) });
    expect(batch.get("filenames")).toEqual(["image_0.png", "image_1.png"]);
  });

  test.each([
    ["protocol 3, NumPy 1", protocol3Numpy1],
    ["protocol 4, NumPy 2", protocol4Numpy2],
  ])("%s", (_name, bytes) => {
    const batch = read(bytes);
    if (!(batch instanceof Map)) throw new Error("no dictionary");
    expect(batch.get("labels")).toEqual([6, 9]);
    expect(batch.get("data")).toMatchObject({ shape: [2, 3], bytes: Buffer.of(0, 1, 2, 3, 4, 5) });
  });

  test("numbers of all sizes, text, truth values, none", () => {
    const batch = read(variety);
    if (!(batch instanceof Map)) throw new Error("no dictionary");
    expect(batch.get("labels")).toEqual([6, 9, 300, 70000, -1]);
    expect(batch.get("name")).toBe("ä");
    expect(batch.get("flags")).toEqual([true, false, null]);
  });

  test("single items and long memo entries", () => {
    expect(read(assemble("\x80\x02]K\x01aK\x02a."))).toEqual([1, 2]);
    expect(read(assemble("\x80\x02}U\x01aK\x01s."))).toEqual(new Map([["a", 1]]));
    expect(read(assemble("\x80\x02]r\x01\x00\x00\x00(K\x05ej\x01\x00\x00\x00."))).toEqual([5]);
    expect(read(assemble("\x80\x04]\x94(K\x05eh\x00."))).toEqual([5]);
  });

  test("a shared list is one list", () => {
    const value = read(assemble("\x80\x02](]q\x01h\x01e."));
    if (!Array.isArray(value)) throw new Error("no list");
    expect(value[0]).toBe(value[1]);
  });
});

describe("what it refuses", () => {
  test.each([
    ["protocol 2", hostile2],
    ["protocol 4", hostile4],
  ])("code, %s", async (_name, bytes) => {
    const error = await dataError(() => read(bytes));
    expect(error.message).toBe(
      'Test.load: batch asks for the Python global "posix.system", which this reader refuses\n' +
        "  allowed  numpy.core.multiarray._reconstruct\n" +
        "  allowed  numpy._core.multiarray._reconstruct\n" +
        "  allowed  numpy.ndarray\n" +
        "  allowed  numpy.dtype\n" +
        "  hint: write it with pickle protocol 3 or 4, or use the binary version\n" +
        "  code: pickle/global",
    );
  });

  test("bytes as Python 3 spells them in protocol 2: by a fourth global", async () => {
    const error = await dataError(() => read(protocol2Python3));
    expect(error.code).toBe("pickle/global");
    expect(error.data).toMatchObject({ global: "_codecs.encode" });
  });

  test("names that JavaScript objects have", async () => {
    const error = await dataError(() => read(assemble("\x80\x02cconstructor\nname\n.")));
    expect(error.data).toMatchObject({ global: "constructor.name" });
  });

  test.each([0, 1, 5])("protocol %i", async (protocol) => {
    const bytes = protocol === 5 ? protocol5 : assemble(0x80, protocol, "N.");
    const error = await dataError(() => read(bytes));
    expect(error.message).toBe(
      `Test.load: batch is a pickle of protocol ${protocol}; this reader knows 2, 3 and 4\n` +
        "  hint: write it with pickle protocol 3 or 4, or use the binary version\n  code: pickle/protocol",
    );
  });

  test("every opcode that it does not need", async () => {
    const known = "()." + "BCJKMNRTUX]abcehjqrstu}" + "\x80\x85\x86\x87\x88\x89\x8c\x93\x94\x95";
    let refused = 0;
    for (let opcode = 0; opcode < 256; opcode++) {
      if (known.includes(String.fromCharCode(opcode))) continue;
      const error = await dataError(() => read(assemble("\x80\x02", opcode, "........................")));
      expect(error.code).toBe("pickle/opcode");
      refused++;
    }
    expect(refused).toBe(256 - 36);
    const error = await dataError(() => read(assemble("\x80\x02", 0x81, ".")));
    expect(error.message).toBe(
      "Test.load: batch has the pickle opcode 0x81 at byte 2, which this reader refuses\n" +
        "  hint: write it with pickle protocol 3 or 4, or use the binary version\n  code: pickle/opcode",
    );
  });

  test("arrays of another kind", async () => {
    const inFortranOrder = await dataError(() => read(fortran));
    expect(inFortranOrder.message).toContain("an array is u1 in Fortran order, not u1 in C order");
    const ofFloats = await dataError(() => read(float64));
    expect(ofFloats.message).toContain("an array is f8, not u1 in C order");
  });

  const array = "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R";
  const u1 = "cnumpy\ndtype\nU\x02u1K\0K\x01\x87R";
  test.each([
    ["its stack runs empty", "."],
    ["its stack runs empty", "("],
    ["its stack has no mark", "]e"],
    ["it appends to what is no list", "}K\x01a"],
    ["it sets items of what is no dictionary", "]K\x01K\x01s"],
    ["a name is not a string", "}K\x01K\x01s"],
    ["it remembers the top of an empty stack", "q\x01"],
    ["it recalls entry 7, which was never stored", "h\x07"],
    ["it calls what is no global", "NNR"],
    ["it calls numpy.ndarray directly", "cnumpy\nndarray\n)R"],
    ["it reconstructs something other than a numpy.ndarray", "cnumpy.core.multiarray\n_reconstruct\n)R"],
    ["it sets the state of what has none", "]Nb"],
    ["an array's state is not a shape, a dtype and bytes", `${array}(NNNNNtb`],
    ["an array of shape [2] has 1 bytes", `${array}(K\x01K\x02\x85${u1}\x89U\x01xtb`],
    ["a dimension of an array is no number", `${array}(K\x01N\x85${u1}\x89U\x01xtb`],
    ["it holds values that are no data", "cnumpy\ndtype\n"],
    ["it holds values that are no data", array],
    ["it is nested more than 8 deep", "]]]]]]]]]]aaaaaaaaa"],
  ])("malformed: %s", async (reason, program) => {
    const error = await dataError(() => read(assemble("\x80\x02", program, ".")));
    expect(error.message).toBe(`Test.load: batch is not a pickle of plain data: ${reason}\n  code: pickle/malformed`);
  });

  test("a list that holds itself, and lists that would unfold to billions, do no harm", () => {
    expect(() => read(assemble("\x80\x02]q\x00h\x00a."))).not.toThrow();
    const doubling = Array.from({ length: 7 }, (_, level) => `](h${String.fromCharCode(level)}h${String.fromCharCode(level)}eq${String.fromCharCode(level + 1)}`);
    expect(() => read(assemble("\x80\x02]q\x00", ...doubling, "."))).not.toThrow();
  });

  const limitMessage = "Test.load: batch is a pickle of more than 262144 values\n  code: pickle/limit";

  test.each([
    ["lists", assemble("\x80\x02(", Buffer.alloc(400_000, "]"), "e.")],
    ["entries of the memo", assemble("\x80\x02]", Buffer.alloc(400_000, 0x94), ".")],
    ["marks", assemble("\x80\x02", Buffer.alloc(400_000, "("), ".")],
    ["references", assemble("\x80\x02]q\x00(", Buffer.alloc(600_000, "h\0"), "e.")],
  ])("more %s than any batch has", async (_name, bytes) => {
    expect((await dataError(() => read(bytes))).message).toBe(limitMessage);
  });

  test("a batch of CIFAR-10's size is far from the limit", () => {
    const labels = Array.from({ length: 10_000 }, (_, i) => i % 10);
    expect(read(python2Batch(labels, new Uint8Array(10_000), 1))).toBeInstanceOf(Map);
  });

  test("one long string that is referred to 20,000 times is one string", () => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(1_000_000);
    const long = assemble("T", length, Buffer.alloc(1_000_000, "x"));
    const before = process.memoryUsage();
    const list = read(assemble("\x80\x02](", long, "q\x00", Buffer.alloc(40_000, "h\0"), "e."));
    // As the key of as many dictionaries too.
    const keys = read(assemble("\x80\x02](", ...Array.from({ length: 20_000 }, (_, i) => assemble(i === 0 ? assemble("}", long, "q\x00") : "}h\0", "Ns")), "e."));
    const after = process.memoryUsage();
    if (!Array.isArray(list) || !Array.isArray(keys)) throw new Error("no lists");
    expect([list.length, keys.length, (list.at(-1) as string).length]).toEqual([20_001, 20_000, 1_000_000]);
    expect(after.rss - before.rss).toBeLessThan(64e6);
  });

  test("names and shapes from the file are shown escaped and short", async () => {
    const global = await dataError(() => read(assemble("\x80\x02cos\x1b[2J\nsystem", Buffer.alloc(1_000_000, "x"), "\n.")));
    expect(global.message.length).toBeLessThan(500);
    expect(global.message).toContain('the Python global "os\\u001b[2J.systemxxx');
    const dtype = `${array}(K\x01K\x01\x85cnumpy\ndtype\nU\x03\n\x1b\x9bK\0K\x01\x87R\x89U\x01xtb.`;
    expect((await dataError(() => read(assemble("\x80\x02", dtype)))).message).toContain("an array is \\n\\x1b\\x9b, not u1 in C order");
    const shape = `${array}(K\x01(${"K\x02".repeat(5000)}t${u1}\x89U\x01xtb.`;
    expect((await dataError(() => read(assemble("\x80\x02", shape)))).message).toContain("an array of shape [2, 2, 2, 2, 2, 2, 2, 2, and 4992 more] has 1 bytes");
  });

  test("a batch cut anywhere", async () => {
    const whole = python2Batch([6, 9], Uint8Array.of(0, 1, 2, 3, 4, 5), 3);
    for (let length = 0; length < whole.length; length++) {
      const error = await dataError(() => read(whole.subarray(0, length)));
      expect(error.code).toBe("pickle/truncated");
    }
    const error = await dataError(() => read(whole.subarray(0, 20)));
    expect(error.message).toMatch(/^Test\.load: batch ends in the middle: byte \d+ is needed, it has 20\n {2}code: pickle\/truncated$/);
  });

  test("a batch with any byte changed, and any bytes at all: a value or a DataError", () => {
    const attempt = (bytes: Uint8Array) => {
      try {
        read(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    };
    const whole = python2Batch([6, 9], Uint8Array.of(0, 1, 2, 3, 4, 5), 3);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(whole);
        changed[at] = byte;
        attempt(changed);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => attempt(assemble("\x80\x02", bytes))), { numRuns: 2000 });
  });
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError } from "@tapegrad/tensor";
import { fuzzFolder, type RandomBelow } from "@tapegrad/test-support";
import { pythonBatchRecords } from "../cifar10/python-batch.ts";
import { checkRecords, pixelBytes, recordBytes, recordsFrom } from "../cifar10/records.ts";
import { sheetLabels } from "../cifar10/sheet-batch.ts";
import { gunzip } from "../formats/gunzip.ts";
import { parseIdx } from "../formats/idx.ts";
import { readPickle } from "../formats/pickle.ts";
import { TarEntries, TarFault } from "../formats/tar-entries.ts";
import { readTarGz } from "../formats/tar-gz.ts";
import { assemble, python2Batch } from "./pickle-writer.ts";
import { tarEnd, tarEntry } from "./tar-writer.ts";

const op = "Fuzz.load";
const folder = fuzzFolder();

const someBytes = (random: RandomBelow, length: number): Uint8Array => Uint8Array.from({ length }, () => random(256));

function idxFile(random: RandomBelow): Uint8Array {
  const dims = Array.from({ length: 1 + random(3) }, () => random(5));
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.set([0, 0, 8, dims.length]);
  dims.forEach((dim, i) => header.writeUInt32BE(dim, 4 + 4 * i));
  return Buffer.concat([header, someBytes(random, dims.reduce((product, dim) => product * dim, 1))]);
}

function parseIdxFile(bytes: Uint8Array): void {
  const { dims, data } = parseIdx(op, "file", bytes);
  if (dims.reduce((product, dim) => product * dim, 1) !== data.length) throw new Error(`${dims.join()} has ${data.length} bytes`);
}

/** Any value of a pickle, as deep as `depth`. */
function pickled(random: RandomBelow, depth: number): Uint8Array {
  const items = (): Uint8Array[] => Array.from({ length: random(4) }, () => pickled(random, depth - 1));
  const text = (): Uint8Array => assemble("U", 3, `k${random(10)}x`);
  switch (random(depth > 0 ? 12 : 8)) {
    case 0: return assemble("K", random(256));
    case 1: return assemble("M", random(256), random(256));
    case 2: return assemble("J", someBytes(random, 4));
    case 3: return assemble(["N", "\x88", "\x89"][random(3)] ?? "N");
    case 4: return text();
    case 5: return assemble("X", 2, 0, 0, 0, "ab");
    case 6: return assemble("\x8c", 2, "\xc3\xa4");
    case 7: return assemble(text(), "q", random(4));
    case 8: return assemble("](", ...items(), "e");
    case 9: return assemble("]q", random(4), "(", ...items(), "e");
    case 10: return assemble("}(", ...items().flatMap((item) => [text(), item]), "u");
    default: return assemble("](", ...items(), "h", 9, "e");
  }
}

const pickleFile = (random: RandomBelow): Uint8Array =>
  random(3) === 0
    ? python2Batch(Array.from({ length: 4 }, () => random(10)), someBytes(random, 12), 3).slice()
    : assemble("\x80", 2 + random(3), "]q\x09", pickled(random, 4), ".");

/** Everything in a value is data, and there is no end to what refers to one another: as a tree it could be without bounds. */
function checkValue(value: unknown, seen = new Set<unknown>()): void {
  if (value === null || ["string", "number", "boolean"].includes(typeof value) || seen.has(value)) return;
  seen.add(value);
  if (Array.isArray(value)) for (const item of value) checkValue(item, seen);
  else if (value instanceof Map) for (const [key, item] of value) checkValue(typeof key === "string" ? item : key, seen);
  else if (typeof value !== "object" || !("bytes" in value) || !(value.bytes instanceof Uint8Array)) throw new Error(`no data: ${typeof value}`);
}

/** Feeds an archive in pieces whose size depends on it. */
function parseTar(bytes: Uint8Array): void {
  const found: { readonly size: number; filled: number }[] = [];
  const entries = new TarEntries(({ size }) => {
    const file = { size, filled: 0 };
    found.push(file);
    return (part) => void (file.filled += part.length);
  });
  const step = 1 + ((bytes[0] ?? 0) * 7) % 900;
  try {
    for (let at = 0; at < bytes.length; at += step) entries.take(bytes.subarray(at, at + step));
    entries.end();
  } catch (error) {
    if (error instanceof TarFault) throw new DataError({ op, fact: error.message, code: "archive/damaged" });
    throw error;
  }
  for (const { size, filled } of found) if (size !== filled) throw new Error(`a file of ${size} bytes gave ${filled}`);
}

function tarFile(random: RandomBelow): Uint8Array {
  const names = ["a.bin", "top/b.bin", "c", "top/", "\u001b[2J"];
  const entries = Array.from({ length: random(4) }, () => {
    const name = names[random(names.length)] ?? "";
    const before = [undefined, tarEntry({ name: "././@LongLink", type: "L", content: Buffer.from(`${"long/".repeat(30)}${name}\0`) }), tarEntry({ name: "pax", type: "x", content: Buffer.from("12 path=a/b\n") })][random(6)];
    const type = "0057"[random(4)] ?? "0";
    return Buffer.concat([before ?? new Uint8Array(), tarEntry({ name, type, content: someBytes(random, type === "5" ? 0 : random(600)) })]);
  });
  return Buffer.concat([...entries, tarEnd]);
}

const archive = join(folder, "archive.tar.gz");

async function parseTarGz(bytes: Uint8Array): Promise<void> {
  writeFileSync(archive, bytes);
  const found = await readTarGz({ op, file: archive, wanted: ["a.bin", "b.bin"], entryLimitBytes: 2000 });
  if (found.size !== 2) throw new Error(`${found.size} files`);
  for (const content of found.values()) if (content.length > 2000) throw new Error(`a file of ${content.length} bytes`);
}

/** The archive itself is changed, or what is packed in it, by what the first byte says. */
const tarGzFile = (random: RandomBelow): Uint8Array => {
  const entry = (name: string): Uint8Array => tarEntry({ name: `top/${name}`, content: someBytes(random, random(700)) });
  return gzipSync(Buffer.concat([entry("a.bin"), entry("b.bin"), tarEnd]), { level: random(2) });
};

const cifarFile = (random: RandomBelow): Uint8Array => {
  const pixels = new Uint8Array(pixelBytes).fill(random(256));
  return random(2) === 0 ? recordsFrom(op, "file", [random(10)], pixels) : python2Batch([random(10)], pixels, pixelBytes).slice();
};

function parseCifar(bytes: Uint8Array): void {
  if (bytes[0] !== 0x80) return checkRecords(op, "file", bytes, 1);
  const records = pythonBatchRecords(op, "file", bytes, 1);
  if (records.length !== recordBytes || (records[0] ?? 10) > 9) throw new Error(`records of ${records.length} bytes`);
}

function parseLabels(bytes: Uint8Array): void {
  const labels = sheetLabels(op, "labels.json", bytes, 3);
  const records = recordsFrom(op, "sheet.png", labels, new Uint8Array(3 * pixelBytes));
  if (records.length !== 3 * recordBytes) throw new Error(`records of ${records.length} bytes`);
}

async function parseGz(bytes: Uint8Array): Promise<void> {
  const unpacked = await gunzip(op, "file.gz", bytes, 2000);
  if (unpacked.length > 2000) throw new Error(`${unpacked.length} bytes`);
}

export const fuzzTargets = [
  { name: "idx", tokens: [Uint8Array.of(0, 0, 8, 3), Uint8Array.of(0xff, 0xff, 0xff, 0xff), Uint8Array.of(0, 0, 0, 0)], valid: idxFile, parse: parseIdxFile },
  {
    name: "pickle",
    tokens: ["cos\nsystem\n", "cnumpy\nndarray\n", "cnumpy\ndtype\n", "cnumpy.core.multiarray\n_reconstruct\n", "(", "t", "e", "u", "R", "b", "]", "}", "h\x00", "q\x00", "\x85", "\x86", "\x87", "\x93", "\x94", "\x95", "T\xff\xff\xff\x7f", "X\xff\xff\xff\xff", "j\xff\xff\xff\xff", "]".repeat(300), "](h\x00h\x00eq\x00"].map((token) => Buffer.from(token, "latin1")),
    valid: pickleFile,
    parse: (bytes: Uint8Array) => checkValue(readPickle(op, "file", bytes)),
  },
  { name: "cifar", tokens: [Uint8Array.of(10), Uint8Array.of(0x80, 2), Buffer.from("]]]]aaa"), Buffer.from("K\x0b")], valid: cifarFile, parse: parseCifar },
  { name: "labels", tokens: ["[[[[[[[", "[[],[],[],[],[],[]]", "-1", "10", "1e0", '"3"', "null", "{}", "\u001b[31m"], valid: (random: RandomBelow) => Buffer.from(JSON.stringify([random(10), random(10), random(10)])), parse: parseLabels },
  { name: "tar", tokens: ["ustar\x0000", "L", "x", "g", "5", "77777777777\0", "0000000000\0", Uint8Array.of(0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), new Uint8Array(512), "12 path=a\n", "99999 size=1\n"], valid: tarFile, parse: parseTar },
  { name: "tar.gz", tokens: [Uint8Array.of(0x1f, 0x8b, 8), gzipSync(new Uint8Array(100_000)), Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)], valid: tarGzFile, parse: parseTarGz },
  { name: "gz", tokens: [Uint8Array.of(0x1f, 0x8b, 8), gzipSync(new Uint8Array(100_000))], valid: (random: RandomBelow) => gzipSync(someBytes(random, random(300))), parse: parseGz },
];

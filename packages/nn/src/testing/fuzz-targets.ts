import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scope, zeros } from "@tapegrad/tensor";
import { fuzzFolder, type RandomBelow } from "@tapegrad/test-support";
import { Linear } from "../linear.ts";
import { fileDTypes, otherDTypeBits } from "../safetensors/file-dtypes.ts";
import { loadSafetensors, loadSafetensorsMetadata } from "../safetensors/load-safetensors.ts";

const folder = fuzzFolder();
const path = join(folder, "w.safetensors");

const names = ["w", "layers.0.weight", "naïve.重み", 'a"b\\c', "", "__proto__", "0", "\u{1f600}", "a\nb"];
const dtypeNames = [...fileDTypes.keys(), ...otherDTypeBits.keys()];
const bitsOf = (dtype: string): number => otherDTypeBits.get(dtype) ?? 8 * (fileDTypes.get(dtype)?.bytes ?? 0);

function validFile(random: RandomBelow): Uint8Array {
  const entries: [string, unknown][] = [];
  let end = 0;
  for (const name of names) {
    if (random(3) !== 0) continue;
    const dtype = dtypeNames[random(dtypeNames.length)] ?? "F32";
    // A multiple of 8, so that elements of 4 and 6 bits fill bytes; one in four is empty.
    const shape = [[], [8], [2, 4], [0], [0, 3], [1, 8, 1], [16]][bitsOf(dtype) < 8 ? 1 + random(6) : random(7)] ?? [];
    const begin = end;
    end += (shape.reduce((product, n) => product * n, 1) * bitsOf(dtype)) / 8;
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  if (random(3) === 0) entries.splice(random(entries.length + 1), 0, ["__metadata__", [null, {}, { epoch: "3" }, { "n\u0000": "\u{1f600}\u001b", b: "" }][random(4)]]);
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries), null, random(4) === 0 ? 1 : 0));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  // Below 0x80, so that no U64 is beyond int64.
  return Buffer.concat([length, json, Buffer.from(Array.from({ length: end }, () => random(128)))]);
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function expectEqual(found: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
}

/** Loads a file; what loads is compared with what JSON.parse makes of the header, which takes more but nothing else. */
function parse(bytes: Uint8Array): void {
  writeFileSync(path, bytes);
  scope(() => {
    const state = loadSafetensors(path, { skipUnsupported: true });
    const end = 8 + Number(Buffer.from(bytes).readBigUInt64LE());
    const { __metadata__: notes, ...entries } = JSON.parse(Buffer.from(bytes.subarray(8, end)).toString()) as Record<string, HeaderEntry> & { __metadata__?: Record<string, string> | null };
    expectEqual(loadSafetensorsMetadata(path), notes ?? {}, "notes");
    for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(entries)) {
      const x = Object.hasOwn(state, name) ? state[name] : undefined;
      const info = fileDTypes.get(dtype);
      if (info === undefined || x === undefined) {
        if (x !== undefined || (info !== undefined && dtype !== "U64")) throw new Error(`${name} of ${dtype} is ${x === undefined ? "missing" : "there"}`);
        continue;
      }
      expectEqual([x.shape, x.dtype], [shape, info.dtype], name);
      const { elements } = x.storage;
      if (info.decode === null) expectEqual([...new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)], [...bytes.subarray(end + offsets[0], end + offsets[1])], name);
    }
    expectEqual(Object.keys(state).every((name) => Object.hasOwn(entries, name)), true, "names");
  });
}

const layer = new Linear(2, 2);

/** JSON in which "tensor" and "bias" stand for one: a state that another program, or an attacker, has put together. */
function stateFrom(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString();
  try {
    return JSON.parse(text, (_key, value: unknown) => (value === "tensor" ? zeros([2, 2]) : value === "bias" ? zeros([2]) : value)) as unknown;
  } catch {
    return text;
  }
}

function parseState(bytes: Uint8Array): void {
  scope(() => layer.loadStateDict(stateFrom(bytes) as Parameters<typeof layer.loadStateDict>[0]));
  const found = [...layer.weight.toTypedArray(), ...(layer.bias?.toTypedArray() ?? [])];
  if (found.some((value) => value !== 0)) throw new Error(`the weights are ${found.join()}`);
}

export const fuzzTargets = [
  {
    name: "safetensors",
    tokens: ['"dtype":"F32"', '"shape":[1]', '"data_offsets":[0,4]', '"__metadata__":{"a":"b"}', '"__metadata__":null', ...dtypeNames, "[", "]", "{", "}", ",", ":", "1.0", "2e0", "-0", '"w":', "\\u00e4", "\\ud83d\\ude00", Uint8Array.of(0xc3, 0x28), " ".repeat(40), "[".repeat(130), "18446744073709551615"],
    valid: validFile,
    parse,
  },
  {
    name: "state",
    tokens: ['"weight"', '"bias"', '"tensor"', '{"shape":[2,2],"dtype":"float32","storage":{"pointer":8,"elements":[1,1,1,1]},"offset":0,"strides":[2,1]}', "[".repeat(60), "[[[[],[],[],[],[],[],[]]]]", '"x":'],
    valid: (random: RandomBelow) => Buffer.from(JSON.stringify(random(2) === 0 ? { weight: "tensor", bias: "bias" } : { bias: "bias", weight: "tensor" })),
    parse: parseState,
  },
];

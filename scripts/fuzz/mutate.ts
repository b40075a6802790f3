import type { FuzzTarget, Random } from "./target.ts";

/** Random numbers that depend on a seed and the number of an input alone, so that any input can be made again. */
function randomFrom(seed: number, index: number): Random {
  // Mulberry32 (Tommy Ettinger).
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Mutation = (bytes: Uint8Array, random: Random, target: FuzzTarget) => Uint8Array;

const notable = [0, 1, 0x0a, 0x1b, 0x20, 0x22, 0x2c, 0x30, 0x39, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0x9b, 0xc3, 0xe2, 0xfe, 0xff];
/** Texts that a terminal must not see, and numbers at borders. */
const words = ["\u001b[2J", "\n  hint: forged", "\u202e", "\u2028", "\\ud800", "\ufeff", "\0", "-1", "1e0", "0", "255", "4294967295", "9007199254740993", "1e999", "null", "{}", "[]", '"', "__proto__", "constructor"];

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length - removed + added.length);
  out.set(bytes.subarray(0, at));
  out.set(added, at);
  out.set(bytes.subarray(at + removed), at + added.length);
  return out;
}

function piece(bytes: Uint8Array, random: Random): readonly [begin: number, length: number] {
  const begin = random(bytes.length + 1);
  return [begin, random(Math.min(64, bytes.length - begin) + 1)];
}

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random(bytes.length);
    return bytes.map((byte, i) => (i === at ? byte ^ (1 << random(8)) : byte));
  },
  function setByte(bytes, random) {
    return spliced(bytes, random(bytes.length), Math.min(1, bytes.length), Uint8Array.of(random(3) === 0 ? random(256) : (notable[random(notable.length)] ?? 0)));
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random(bytes.length + 1));
  },
  function remove(bytes, random) {
    return spliced(bytes, ...piece(bytes, random), new Uint8Array());
  },
  function repeat(bytes, random) {
    const [begin, length] = piece(bytes, random);
    const times = random(20) === 0 ? 200 : 1 + random(3);
    return spliced(bytes, begin, 0, Buffer.concat(Array.from({ length: times }, () => bytes.subarray(begin, begin + length))));
  },
  function move(bytes, random) {
    const [begin, length] = piece(bytes, random);
    return spliced(bytes, random(bytes.length + 1), 0, bytes.slice(begin, begin + length));
  },
  function putToken(bytes, random, target) {
    const list = random(2) === 0 && target.tokens.length > 0 ? target.tokens : words;
    const token = list[random(list.length)] ?? "";
    const at = random(bytes.length + 1);
    return spliced(bytes, at, random(2) === 0 ? 0 : Math.min(token.length, bytes.length - at), typeof token === "string" ? Buffer.from(token) : token);
  },
  function changeNumber(bytes, random) {
    // A run of digits becomes another number, as offsets and sizes in text.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const numbers = [...text.matchAll(/\d+/g)];
    const chosen = numbers[random(numbers.length)];
    if (chosen === undefined) return bytes;
    const value = [Number(chosen[0]) + 1, Number(chosen[0]) - 1, random(10), 2 ** random(63), 10 ** random(20)][random(5)] ?? 0;
    return spliced(bytes, chosen.index, chosen[0].length, Buffer.from(String(value)));
  },
  function changeWord(bytes, random) {
    // Four bytes become a length at some border, in either order.
    if (bytes.length < 4) return bytes;
    const word = Buffer.alloc(4);
    const value = [0, 1, bytes.length, 0x7fffffff, 0x80000000, 0xffffffff, random(65536)][random(7)] ?? 0;
    if (random(2) === 0) word.writeUInt32LE(value);
    else word.writeUInt32BE(value);
    return spliced(bytes, random(bytes.length - 3), 4, word);
  },
];

/** Input `index` of a run: a valid file, in one of sixteen as it is, else changed in one to six places. */
export function inputOf(target: FuzzTarget, seed: number, index: number): { readonly bytes: Uint8Array; readonly isValid: boolean } {
  const random = randomFrom(seed, index);
  let bytes = target.valid(random);
  if (index % 16 === 0) return { bytes, isValid: true };
  if (random(50) === 0) bytes = spliced(bytes, random(bytes.length + 1), 0, target.valid(random));
  // Mostly one: what is changed in many places is refused for the first.
  for (let count = random(3) === 0 ? 2 + random(5) : 1; count > 0; count--) bytes = mutations[random(mutations.length)]?.(bytes, random, target) ?? bytes;
  return { bytes, isValid: false };
}

import type { Tensor } from "../../tensor.ts";
import type { StreamPlace } from "../backend.ts";
import { numbersOf } from "./elements.ts";
import { highWord, wordsAt } from "./philox.ts";

/** 53 random bits from the i-th pair of words, as an integer. */
function bits53(words: Uint32Array, i: number): number {
  return (words[2 * i + 1] as number) * 2 ** 21 + ((words[2 * i] as number) >>> 11);
}

/** The float next to `x` in the direction of -Infinity, by the bits: those of an integer of as many bits, with a sign. */
function nextBelow(x: number, isSingle: boolean): number {
  const view = new DataView(new ArrayBuffer(8));
  if (isSingle) {
    view.setFloat32(0, x);
    view.setInt32(0, x === 0 ? -0x7fffffff : view.getInt32(0) + (x > 0 ? -1 : 1));
    return view.getFloat32(0);
  }
  view.setFloat64(0, x);
  view.setBigInt64(0, x === 0 ? -0x7fffffffffffffffn : view.getBigInt64(0) + (x > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

/** In [low, high), from 24 bits (float32, rounded as the kernels do) or 53; rounding must not reach the upper end. */
export function randomUniform(out: Tensor, at: StreamPlace, low: number, high: number): void {
  const to = numbersOf(out);
  if (out.dtype === "float32") {
    const words = wordsAt(at, to.length), { fround } = Math;
    const base = fround(low), range = fround(fround(high) - base), below = nextBelow(fround(high), true);
    for (let i = 0; i < to.length; i++) to[i] = Math.min(fround(fround(((words[i] as number) >>> 8) * 2 ** -24 * range) + base), below);
  } else {
    const words = wordsAt(at, 2 * to.length), scale = 2 ** -53 * (high - low), below = nextBelow(high, false);
    for (let i = 0; i < to.length; i++) to[i] = Math.min(bits53(words, i) * scale + low, below);
  }
}

/** By Box and Muller, 1958: two uniform numbers, the first in (0, 1], so that its logarithm is finite, make two normal ones. */
export function randomNormal(out: Tensor, at: StreamPlace, mean: number, std: number): void {
  const to = numbersOf(out), isSingle = out.dtype === "float32", pairs = Math.ceil(to.length / 2), words = wordsAt(at, (isSingle ? 2 : 4) * pairs);
  for (let pair = 0; pair < pairs; pair++) {
    // In float32 the first one is rounded as the kernels do: beside 1, that moves its logarithm.
    const uniform = isSingle ? Math.fround(Math.fround(words[2 * pair] as number) + 1) * 2 ** -32 : (bits53(words, 2 * pair) + 1) * 2 ** -53;
    const turn = isSingle ? (words[2 * pair + 1] as number) * 2 ** -32 : bits53(words, 2 * pair + 1) * 2 ** -53;
    const radius = Math.sqrt(-2 * Math.log(uniform)), angle = turn * 2 * Math.PI;
    to[2 * pair] = mean + std * (radius * Math.cos(angle));
    if (2 * pair + 1 < to.length) to[2 * pair + 1] = mean + std * (radius * Math.sin(angle));
  }
}

/** floor(word (high - low) / 2^32) + low */
export function randomInt(out: Tensor, at: StreamPlace, low: number, high: number): void {
  const to = numbersOf(out), words = wordsAt(at, to.length), range = high - low;
  for (let i = 0; i < to.length; i++) to[i] = highWord(words[i] as number, range) + low;
}

/** What is dropped has no influence, be it infinite or NaN. */
function applyMask(x: Tensor, mask: Tensor, out: Tensor, p: number): void {
  const from = numbersOf(x), isKept = numbersOf(mask), to = numbersOf(out);
  const exact = p < 1 ? 1 / (1 - p) : 0, scale = x.dtype === "float32" ? Math.fround(exact) : exact;
  for (let i = 0; i < to.length; i++) to[i] = isKept[i] === 0 ? 0 : (from[i] as number) * scale;
}

/** Dropped is what has the upper 24 bits of its word below p 2^24. */
export function dropout(x: Tensor, out: Tensor, mask: Tensor, p: number, at: StreamPlace): void {
  const to = numbersOf(mask), words = wordsAt(at, to.length), limit = Math.ceil(p * 2 ** 24);
  for (let i = 0; i < to.length; i++) to[i] = (words[i] as number) >>> 8 >= limit ? 1 : 0;
  applyMask(x, mask, out, p);
}

export function dropoutBackward(dOut: Tensor, mask: Tensor, dX: Tensor, p: number): void {
  applyMask(dOut, mask, dX, p);
}

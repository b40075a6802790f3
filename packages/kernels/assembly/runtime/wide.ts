/**
 * The loops for vectors of 256 bits (wide/): functions of another module on the same memory. They may be called only where the host
 * says that the engine has made such vectors of them; elsewhere they would be slower than what is here.
 */
import { FUSED } from "../math/multiply-add";

/** 1 or 0. */
// @ts-ignore: decorator
@external("env", "hasWide")
declare const hasWide: i32;

// @ts-ignore: decorator
@external("wide", "tile4")
declare function tile4(k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, add: bool, bias: usize, cut: bool): void;
// @ts-ignore: decorator
@external("wide", "tile5")
declare function tile5(k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, rows: i32, add: bool, bias: usize, cut: bool): void;
// @ts-ignore: decorator
@external("wide", "tile6")
declare function tile6(k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, rows: i32, add: bool, bias: usize, cut: bool): void;

// @ts-ignore: decorator
@inline export function wideTile(
  height: i32, k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, rows: i32, add: bool, bias: usize, cut: bool,
): void {
  if (height == 6) tile6(k, a, b, second, c, cStep, rows, add, bias, cut);
  else if (height == 5) tile5(k, a, b, second, c, cStep, rows, add, bias, cut);
  else tile4(k, a, b, second, c, cStep, add, bias, cut);
}

// @ts-ignore: decorator
@external("wide", "dots")
export declare function wideDots(bytes: usize, packed: usize, b: usize, b1: usize, b2: usize, sums: usize): void;

/** The 8 accumulators of a leaf's turns (reduce/tree.ts), to `sums`. */
// @ts-ignore: decorator
@external("wide", "sums")
export declare function wideSums(x: usize, bytes: usize, sums: usize): void;

/** The 4 accumulators each of two leaves' turns (reduce/streams.ts), to `sums`. */
// @ts-ignore: decorator
@external("wide", "streams")
export declare function wideStreams(x: usize, y: usize, bytes: usize, sums: usize): void;

/** exp(x - shift) where |x - shift| <= 87; `bytes` is a multiple of 128. */
// @ts-ignore: decorator
@external("wide", "exp")
export declare function wideExp(x: usize, out: usize, bytes: usize, shift: f32): void;

// Of the codes of light operations alone, on whole turns (pointwise/light.ts).
// @ts-ignore: decorator
@external("wide", "binary")
export declare function wideBinary(
  kind: i32, a: usize, b: usize, out: usize, end: usize, nextA: usize, nextB: usize, nextOut: usize, step: usize,
): void;
// @ts-ignore: decorator
@external("wide", "binaryWith")
export declare function wideBinaryWith(
  kind: i32, a: usize, right: f32, nextRight: f32, out: usize, end: usize, nextA: usize, nextOut: usize, step: usize,
): void;
// @ts-ignore: decorator
@external("wide", "unary")
export declare function wideUnary(kind: i32, x: usize, out: usize, bytes: usize, p: f32, q: f32): void;
// @ts-ignore: decorator
@external("wide", "copy")
export declare function wideCopy(x: usize, out: usize, bytes: usize): void;

/** Whether these loops are for `T` on this machine. */
// @ts-ignore: decorator
@inline export function isWide<T>(): bool {
  return FUSED && isFloat<T>() && sizeof<T>() == 4 && hasWide != 0;
}

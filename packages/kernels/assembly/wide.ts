/**
 * The loops for vectors of 256 bits (wide/): functions of another module on the same memory. They may be called only where the host
 * says that the engine has made such vectors of them; elsewhere they would be slower than what is here.
 */
import { FUSED } from "./multiply-add";

/** 1 or 0. */
// @ts-ignore: decorator
@external("env", "hasWide")
declare const hasWide: i32;

// @ts-ignore: decorator
@external("wide", "tile")
export declare function wideTile(
  height: i32, k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, rows: i32, add: bool, bias: usize, cut: bool,
): void;

// @ts-ignore: decorator
@external("wide", "dots")
export declare function wideDots(bytes: usize, packed: usize, b: usize, b1: usize, b2: usize, sums: usize): void;

/** Whether these loops are for `T` on this machine. */
// @ts-ignore: decorator
@inline export function isWide<T>(): bool {
  return FUSED && isFloat<T>() && sizeof<T>() == 4 && hasWide != 0;
}

/**
 * Loops for vectors of 256 bits, a module of its own: compiled under a flag of V8's that joins two neighbouring vectors of 128 bits
 * into one where it finds them (src/kernel-module.ts). Everything here comes in such pairs, which are stored side by side, and is
 * float32. No function calls another: V8 14.6, which would inline it, then misses counts of
 * calls that it has not made.
 *
 * The other module imports these functions (runtime/wide.ts) and asks `isWide` before it calls one.
 */
export { tile4, tile5, tile6 } from "./tile";
export { dots } from "./dots";
export { binary, binaryWith, unary } from "./light.generated";
export { copy } from "./copy";
export { streams } from "./streams";
export { sums } from "./sums";
export { exp } from "./exp";

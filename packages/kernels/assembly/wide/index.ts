/**
 * Loops for vectors of 256 bits, a module of its own: compiled under a flag of V8's that joins two neighbouring vectors of 128 bits
 * into one where it finds them (src/kernel-module.ts). Everything here comes in such pairs, which are stored side by side, and is
 * float32. No function calls another or has data of its own.
 *
 * The other module imports these functions (../wide.ts) and asks `isWide` before it calls one.
 */
export { tile } from "./tile";
export { dots } from "./dots";

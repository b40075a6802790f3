import type { binaryOps, reduceOps, unaryOps } from "@tapegrad/kernels";

export { binaryOps, unaryOps } from "@tapegrad/kernels";

export type UnaryName = keyof typeof unaryOps;
export type BinaryName = keyof typeof binaryOps;
export type ReduceName = keyof typeof reduceOps;

/** Operations are asked for by code: looking a name up costs a small op more than its arithmetic. */
export type UnaryCode = (typeof unaryOps)[UnaryName];
export type BinaryCode = (typeof binaryOps)[BinaryName];

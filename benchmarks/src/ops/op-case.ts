/**
 * What the ops suite measures, as data: a worker builds the op from its spec, ours (workers/our-ops.ts) as well as
 * PyTorch's (peers/torch_ops.py).
 */

export const groups = ["gemm", "convolution", "pooling", "normalisation", "loss", "elementwise", "broadcast", "reduction", "copy", "optimizer"] as const;
export type OpGroup = (typeof groups)[number];

/** Which layout of the operands, in PyTorch's terms: plain, or the transposed view of a contiguous tensor. */
export type MatmulSpec = {
  readonly op: "matmul";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposed: "none" | "a" | "b";
};

export type ConvSpec = {
  readonly op: "conv2d";
  /** What is computed: the output, or the gradient of the input, or of the weight, from a given gradient of the output. */
  readonly direction: "forward" | "input" | "weight";
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Height and width of the input. */
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
};

export type PoolSpec = {
  readonly op: "maxPool2d" | "avgPool2d";
  readonly direction: "forward" | "backward";
  readonly shape: readonly [number, number, number, number];
  /** Size and stride of the window. */
  readonly kernel: number;
};

/** Ops of one tensor, and what belongs to them: batch norm in training, dropout of a half, cross-entropy over the last dimension. */
export type LayerSpec = {
  readonly op: "batchNorm" | "softmax" | "crossEntropy" | "dropout" | "relu";
  readonly direction: "forward" | "backward";
  readonly shape: readonly number[];
};

type ElementwiseSpec = { readonly op: "add" | "mul" | "exp" | "chain" | "chainInPlace"; readonly size: number };

/** A matrix and: a row that is repeated; a column that is; the transpose of another. */
type StridedAddSpec = { readonly op: "addRow" | "addColumn" | "addTransposed"; readonly shape: readonly [number, number] };

type SumSpec = { readonly op: "sum"; readonly dim: 0 | 1 | null; readonly shape: readonly [number, number] };

/** A copy: as it lies, of a transposed matrix, of images whose channels move last. */
type CopySpec = { readonly op: "clone" | "transpose" | "channelsLast"; readonly shape: readonly number[] };

/** A step of an optimizer over one parameter. */
export type OptimizerSpec = { readonly op: "sgd" | "adam"; readonly size: number };

export type OpSpec =
  | MatmulSpec | ConvSpec | PoolSpec | LayerSpec | ElementwiseSpec | StridedAddSpec | SumSpec | CopySpec | OptimizerSpec;

/** One measured call. */
export interface OpCase {
  readonly name: string;
  readonly group: OpGroup;
  readonly spec: OpSpec;
}

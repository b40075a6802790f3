import { dtypeInfo, isHalf, type DType } from "@tapegrad/kernels";
import { binaryOps } from "../compute/codes.ts";
import type { BinaryName } from "../compute/codes.ts";
import { binaryKernel } from "../compute/pointwise.ts";
import { encode, fitsInteger } from "../encode.ts";
import { defineOp } from "../op.ts";
import { to } from "./cast.ts";
import { everyDType } from "./every-dtype.ts";
import type { BackwardContext, ErrorSample, Sample, SampleInput } from "../op-spec.ts";
import { floatType, resultType } from "../promote.ts";
import { broadcastShapes } from "../shape.ts";
import { requireOperand, tensorFromHost, type Tensor } from "../tensor.ts";

/** A tensor, or a plain number that stands for a 0-d one. */
export type Operand = Tensor | number;

/** A pointwise op of two operands; numbers stand for 0-d tensors. */
export type BinaryOp = (a: Operand, b: Operand) => Tensor;

type Names = readonly ["a", "b"];
type Gradient<S extends readonly string[]> = (dOut: Tensor, saved: BackwardContext<Names, null, S>) => Tensor;

interface BinaryOptions<S extends readonly ("a" | "b" | "out")[]> {
  readonly saves: S;
  /** Null where the op is constant in that operand. */
  readonly gradient: { readonly a: Gradient<S> | null; readonly b: Gradient<S> | null };
  /** The gradients read `dOut` once each. */
  readonly gradientInPlace?: boolean;
  /** Result dtype: the promoted one, that one made floating, or bool. */
  readonly result: "promoted" | "float" | "bool";
  readonly composite?: (a: Tensor, b: Tensor) => Tensor;
  /** Operand ranges in the samples. */
  readonly a?: Omit<SampleInput, "shape">;
  readonly b?: Omit<SampleInput, "shape">;
  readonly dtypes?: readonly DType[];
  /** The kernel for two bools, where it is not the op's namesake. */
  readonly boolKernel?: BinaryName;
  /** Beside a number, a bool counts as 0 or 1 on the left too; of two bools the op makes nothing (as PyTorch). */
  readonly countsBools?: boolean;
  /** Further checks of the operands. */
  readonly check?: (a: Tensor, b: Tensor) => void;
  readonly errors?: () => readonly ErrorSample[];
}


/** Pairs of shapes that exercise broadcasting, SIMD tails and empty tensors. */
const shapePairs: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[1], [1]],
  [[5], [5]],
  [[17], [17]],
  [[2, 3], [2, 3]],
  [[2, 3], [3]],
  [[2, 1, 4], [3, 1]],
  [[3], []],
  [[0, 3], [1, 3]],
  [[1], [0]],
];

/** Declares a pointwise op of two operands. The kernel is the op's namesake. */
export function defineBinary<const S extends readonly ("a" | "b" | "out")[]>(
  name: BinaryName,
  options: BinaryOptions<S>,
): BinaryOp {
  const { result, composite, check } = options;
  const kernel = binaryOps[name];
  const boolKernel = binaryOps[options.boolKernel ?? name];
  const { run } = defineOp<Names, null, S>({
    name,
    inputs: ["a", "b"],
    saves: options.saves,
    takesNumbers: true,
    dtypes: options.dtypes ?? everyDType,
    infer: ([a, b]) => {
      const shape = broadcastShapes(name, a.shape, b.shape);
      if (result === "bool") return { shape, dtype: "bool" };
      const dtype = resultType(a, b);
      check?.(a, b);
      return { shape, dtype: result === "float" ? floatType(dtype) : dtype };
    },
    forward: ([a, b], _, out) => {
      const dtype = result === "bool" ? comparedType(a, b) : out.dtype;
      return binaryKernel(dtype === "bool" ? boolKernel : kernel, a, b, out, dtype);
    },
    ...(result === "bool" ? {} : { backward: options.gradient, gradientInPlace: options.gradientInPlace ?? false }),
    ...(composite === undefined ? {} : { composite: ([a, b]: readonly [Tensor, Tensor]) => composite(a, b) }),
    samples: () => shapePairs.map(([a, b]): Sample<null> => ({ inputs: [{ shape: a, ...options.a }, { shape: b, ...options.b }], attrs: null })),
    ...(options.errors === undefined ? {} : { errors: options.errors }),
  });
  if (options.countsBools !== true) return (a, b) => run([operand(a, b), operand(b, a)], null);
  return (a, b) => {
    requireOperand(name, "a", a);
    requireOperand(name, "b", b);
    const right = operand(b, a);
    return run([counted(operand(a, b), right), right], null);
  };
}

function counted(a: Tensor, b: Tensor): Tensor {
  return a.dtype === "bool" ? to(a, resultType(a, b)) : a;
}

/** In which dtype two operands are compared: the promoted one, unless a number does not fit into it. */
function comparedType(a: Tensor, b: Tensor): DType {
  const dtype = resultType(a, b);
  if (a.wrappedNumber === b.wrappedNumber || dtypeInfo[dtype].isFloating || dtype === "int64") return dtype;
  return fitsExactly((a.wrappedNumber ? a : b).item(), dtype) ? dtype : "int64";
}

function fitsExactly(value: number, dtype: DType): boolean {
  if (dtype === "uint8") return value >= 0 && value <= 255;
  return dtype === "int32" ? fitsInteger(value, "int32") : value === 0 || value === 1;
}

/** A number takes the dtype in which it meets the other operand, so that it never widens it within a category. */
export function operand(value: Operand, other: Operand): Tensor {
  if (typeof value !== "number") return value;
  // What is no tensor is refused by `dispatch`.
  const otherDType = typeof other === "number" ? "float32" : (other as Tensor | null | undefined)?.dtype;
  return scalarTensor(value, scalarDType(value, otherDType));
}

type ScalarDType = "float32" | "float64" | "int32" | "int64";

function scalarDType(value: number, other: DType | undefined): ScalarDType {
  if (other === "float64" || other === "float32") return other;
  if ((other !== undefined && isHalf(other)) || !Number.isInteger(value)) return "float32";
  // Against a bool it decides the dtype: PyTorch's integers are int64.
  return other !== "int64" && other !== "bool" && fitsInteger(value, "int32") ? "int32" : wideInteger(value);
}

/** An integer beyond 64 bits is a float, whatever it meets. */
function wideInteger(value: number): ScalarDType {
  return fitsInteger(value, "int64") ? "int64" : "float32";
}

const recent: Readonly<Record<ScalarDType, Map<number | "-0", Tensor>>> = { float32: new Map(), float64: new Map(), int32: new Map(), int64: new Map() };

/** A 0-d tensor of a plain number. Constants recur in training loops, so the last few are kept. */
function scalarTensor(value: number, dtype: ScalarDType): Tensor {
  const scalars = recent[dtype];
  // A map takes -0 for 0.
  const key = Object.is(value, -0) ? "-0" : value;
  const known = scalars.get(key);
  if (known !== undefined && !known.storage.freed) return known;
  if (scalars.size >= 64) scalars.clear();
  const made = tensorFromHost(encode("tensor", [value], dtype), [], dtype, true);
  made.storage.kept = true;
  scalars.set(key, made);
  return made;
}

import { dtypeInfo, type DType } from "@tapegrad/kernels";
import { unaryOps } from "../compute/codes.ts";
import { cloneKernel } from "../compute/copy.ts";
import type { UnaryName } from "../compute/codes.ts";
import { unaryKernel } from "../compute/pointwise.ts";
import { defineOp } from "../op.ts";
import { everyDType, numericDTypes } from "./every-dtype.ts";
import type { BackwardContext, Sample, SampleInput } from "../op-spec.ts";
import { floatType } from "../promote.ts";
import type { Tensor } from "../tensor.ts";

/** A pointwise op of one operand. */
export type UnaryOp = (x: Tensor) => Tensor;

type Names = readonly ["x"];

interface UnaryOptions<S extends readonly ("x" | "out")[], A> {
  readonly saves: S;
  /** Null for ops that are constant between their jumps. */
  readonly gradient: ((dOut: Tensor, saved: BackwardContext<Names, A, S>) => Tensor) | null;
  /** The gradient reads `dOut` once. */
  readonly gradientInPlace?: boolean;
  /** Result dtype: the input's, that one made floating (unless told), or bool. */
  readonly result?: "same" | "float" | "bool";
  readonly dtypes?: readonly DType[];
  /** Integers come out as they are: the kernel is for floats. */
  readonly keepsIntegers?: boolean;
  /** Values in the samples. */
  readonly sample?: Omit<SampleInput, "shape">;
  readonly composite?: (x: Tensor, attrs: A) => Tensor;
}

interface ParameterOptions<S extends readonly ("x" | "out")[], A> extends UnaryOptions<S, A> {
  /** The kernel's two parameters. */
  readonly parameters: (attrs: A) => readonly [number, number];
  /** Attributes to test with. */
  readonly sampleAttrs: readonly A[];
}

const shapes: readonly (readonly number[])[] = [[], [1], [5], [17], [2, 3], [3, 1, 4], [0, 2]];


const noParameters: readonly [number, number] = [0, 0];

/** Declares a pointwise op of one operand. The kernel is the op's namesake. */
export function defineUnary<const S extends readonly ("x" | "out")[] = readonly []>(
  name: UnaryName,
  options: UnaryOptions<S, null>,
): UnaryOp {
  const run = defineParameterised(name, { ...options, parameters: () => noParameters, sampleAttrs: [null] });
  return (x) => run(x, null);
}

/** Declares a pointwise op of one operand with up to two numbers. */
export function defineParameterised<A, const S extends readonly ("x" | "out")[] = readonly []>(
  name: UnaryName,
  options: ParameterOptions<S, A>,
): (x: Tensor, attrs: A) => Tensor {
  const result = options.result ?? "float";
  const { gradient, composite, parameters, keepsIntegers = false } = options;
  const kernel = unaryOps[name];
  const { run } = defineOp<Names, A, S>({
    name,
    inputs: ["x"],
    saves: options.saves,
    dtypes: options.dtypes ?? (result === "same" ? numericDTypes : everyDType),
    infer: ([x]) => ({ shape: x.shape, dtype: result === "bool" ? "bool" : result === "same" ? x.dtype : floatType(x.dtype) }),
    forward: ([x], attrs, out) => {
      if (keepsIntegers && !dtypeInfo[x.dtype].isFloating) return cloneKernel(x);
      // Where a bool may stay one, it is its own result.
      if (result === "same" && x.dtype === "bool") return cloneKernel(x);
      const [p0, p1] = parameters(attrs);
      return unaryKernel(kernel, x, out, p0, p1, result === "bool" ? kernelType(x.dtype) : out.dtype);
    },
    ...(gradient === null ? {} : { backward: { x: gradient }, gradientInPlace: options.gradientInPlace ?? false }),
    ...(composite === undefined ? {} : { composite: ([x]: readonly [Tensor], attrs: A) => composite(x, attrs) }),
    samples: () =>
      options.sampleAttrs.flatMap((attrs) => shapes.map((shape): Sample<A> => ({ inputs: [{ shape, ...options.sample }], attrs }))),
  });
  return (x, attrs) => run([x], attrs);
}

/** Predicates take bool as the bytes it is stored in. */
function kernelType(dtype: DType): DType {
  return dtype === "bool" ? "uint8" : dtype;
}

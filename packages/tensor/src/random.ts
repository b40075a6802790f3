import { computedDType, dtypeInfo, float16View, type DType } from "@tapegrad/kernels";
import { unaryOps } from "./compute/codes.ts";
import type { StreamPlace } from "./compute/backend.ts";
import { castKernel } from "./compute/cast.ts";
import { backend } from "./compute/chosen-backend.ts";
import { full, optionsOf, tensor, withOptions, type TensorOptions } from "./creation.ts";
import { DTypeError, IndexError } from "./errors.ts";
import { defaultGenerator, type Generator } from "./generator.ts";
import { anyDType, boolean, generator } from "./option-rules.ts";
import { checkOptions, type OptionRules } from "./options.ts";
import { checkShape, type Shape } from "./shape.ts";
import { emptyTensor, requireTensor, type Tensor } from "./tensor.ts";

/** Options of the random creation functions. */
export interface RandomOptions extends TensorOptions {
  /** The default generator unless told. */
  readonly generator?: Generator;
}

const randomRules: OptionRules<RandomOptions> = { dtype: anyDType, requiresGrad: boolean, generator };

type Fill = (out: Tensor, at: StreamPlace) => void;

function draw(op: string, shape: Shape, optionsOrDType: RandomOptions | DType, fillFor: (dtype: DType) => Fill, ownDType: DType = "float32"): Tensor {
  const options: RandomOptions = optionsOf(op, optionsOrDType);
  checkOptions(op, options, randomRules);
  checkShape(op, shape);
  const dtype = options.dtype ?? ownDType;
  if (!dtypeInfo[dtype].isFloating) {
    throw new DTypeError({ op, fact: `dtype ${dtype} must be floating`, hint: "use randint for integers", code: `${op}/dtype`, data: { dtype } });
  }
  const computed = computedDType(dtype);
  const out = emptyTensor([...shape], computed, op);
  const size = out.numel();
  if (size > 0) fillFor(dtype)(out, (options.generator ?? defaultGenerator).take(size));
  return withOptions(dtype === computed ? out : castKernel(out, dtype), options);
}

/**
 * Uniform numbers in [0, 1).
 *
 * Throws    DTypeError `rand/dtype`, ShapeError `rand/shape`
 * @example
 * rand([2, 3]).shape; // [2, 3]
 */
export function rand(shape: Shape, options: RandomOptions | DType = {}): Tensor {
  return drawUniform("rand", shape, options);
}

function drawUniform(op: string, shape: Shape, options: RandomOptions | DType, dtype?: DType): Tensor {
  return draw(op, shape, options, (dtype) => uniformFill(0, 1, dtype), dtype);
}

function uniformFill(low: number, high: number, dtype: DType): Fill {
  const fill: Fill = (out, at) => backend.randomUniform(out, at, low, high);
  if (dtype !== "float16") return fill;
  // Rounded to float16 afterwards, what is nearest to the upper end would become it.
  return (out, at) => {
    fill(out, at);
    backend.unary(unaryOps.clamp, out, out, -Infinity, highestHalfBelow(high));
  };
}

/** The largest float16 below a number. */
function highestHalfBelow(value: number): number {
  const bits = Uint16Array.of(0), half = float16View(bits);
  half[0] = value;
  if (half[0] >= value) bits[0] = half[0] === 0 ? 0x8001 : (bits[0] as number) + (value > 0 ? -1 : 1);
  return half[0];
}

/** Uniform numbers in [low, high). Throws DTypeError `uniform/dtype`. @internal */
export function uniform(shape: Shape, low: number, high: number, options: RandomOptions = {}): Tensor {
  if (low === high) return full(shape, low, { dtype: options.dtype ?? "float32", requiresGrad: options.requiresGrad === true });
  return draw("uniform", shape, options, (dtype) => uniformFill(low, high, dtype));
}

/**
 * Normally distributed numbers with mean 0 and deviation 1 (Box-Muller).
 *
 * Throws    DTypeError `randn/dtype`, ShapeError `randn/shape`
 * @example
 * randn([2, 3]).dtype; // "float32"
 */
export function randn(shape: Shape, options: RandomOptions | DType = {}): Tensor {
  return drawNormal("randn", shape, options);
}

function drawNormal(op: string, shape: Shape, options: RandomOptions | DType, dtype?: DType): Tensor {
  return draw(op, shape, options, () => (out, at) => backend.randomNormal(out, at, 0, 1), dtype);
}

/**
 * Integers from `low` (included) to `high` (excluded), int32 unless told.
 *
 * Throws    IndexError `randint/range`, ShapeError `randint/shape`
 * @example
 * randint(0, 10, [4]).dtype; // "int32"
 * randint(0, 10, [4], "int64").dtype; // "int64"
 */
export function randint(low: number, high: number, shape: Shape, optionsOrDType: RandomOptions | DType = {}): Tensor {
  const options: RandomOptions = optionsOf("randint", optionsOrDType);
  checkOptions("randint", options, randomRules);
  checkShape("randint", shape);
  if (!Number.isInteger(low) || !Number.isInteger(high) || low >= high || low < -(2 ** 31) || high > 2 ** 31 - 1) {
    throw new IndexError({
      op: "randint",
      fact: `low ${low} and high ${high} must be 32-bit integers, low below high`,
      code: "randint/range",
      data: { low, high },
    });
  }
  const out = emptyTensor([...shape], "int32", "randint");
  const size = out.numel();
  if (size > 0) backend.randomInt(out, (options.generator ?? defaultGenerator).take(size), low, high);
  const dtype = options.dtype ?? "int32";
  return withOptions(dtype === "int32" ? out : castKernel(out, dtype), options);
}

/**
 * The integers from 0 to n - 1 in random order (Fisher-Yates).
 *
 * Throws    IndexError `randperm/n`
 * @example
 * randperm(5).shape; // [5]
 */
export function randperm(n: number, options: { readonly generator?: Generator } = {}): Tensor {
  checkOptions("randperm", options, { generator });
  return tensor(permutation(n, options.generator ?? defaultGenerator));
}

/** The same on the host, for samplers. */
export function permutation(n: number, generator: Generator): Int32Array {
  if (!Number.isInteger(n) || n < 0) throw new IndexError({ op: "randperm", fact: `n ${n} must be an integer, 0 or more`, code: "randperm/n", data: { n } });
  const draws = drawUniform("randperm", [n], { dtype: "float64", generator });
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const uniforms = draws.toTypedArray();
  draws.storage.free();
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((uniforms[i] as number) * (i + 1));
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
}

/**
 * Uniform numbers in [0, 1) with the shape and dtype of another tensor.
 *
 * @example
 * randLike(zeros([2, 2])).shape; // [2, 2]
 */
export function randLike(x: Tensor, options: RandomOptions | DType = {}): Tensor {
  requireTensor("randLike", "x", x);
  return drawUniform("randLike", x.shape, options, x.dtype);
}

/**
 * Normally distributed numbers with the shape and dtype of another tensor.
 *
 * @example
 * randnLike(zeros([2, 2])).shape; // [2, 2]
 */
export function randnLike(x: Tensor, options: RandomOptions | DType = {}): Tensor {
  requireTensor("randnLike", "x", x);
  return drawNormal("randnLike", x.shape, options, x.dtype);
}

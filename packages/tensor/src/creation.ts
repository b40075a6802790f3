import { dtypeInfo, type DType } from "@tapegrad/kernels";
import { isFloat16Array } from "@petamoriken/float16";
import { backend } from "./compute/chosen-backend.ts";
import { elementDType, encode, requireRepresentable } from "./encode.ts";
import { IndexError, ShapeError } from "./errors.ts";
import { anyDType, boolean, nonNegativeInteger } from "./option-rules.ts";
import { checkArgument, checkOptions, type OptionRules } from "./options.ts";
import { checkShape, formatShape, sizeOf, type Shape } from "./shape.ts";
import { emptyTensor, requireGradDType, requireTensor, tensorFromHost, type ElementArray, type NestedArray, type Tensor } from "./tensor.ts";

/** Options that all creation functions take. In the place of options that name a dtype alone, there may be the dtype: `zeros([2], "int32")`. */
export interface TensorOptions {
  /** float32 unless told. */
  readonly dtype?: DType;
  /** Makes the tensor a leaf whose gradient is wanted. Floating dtypes only. */
  readonly requiresGrad?: boolean;
}

/** Options of `tensor`. */
export interface FromDataOptions extends TensorOptions {
  /** The shape of flat data; nested arrays have their own. */
  readonly shape?: Shape;
}

const tensorRules: OptionRules<TensorOptions> = { dtype: anyDType, requiresGrad: boolean };
const fromDataRules: OptionRules<FromDataOptions> = { ...tensorRules, shape: { must: "a list of sizes", accepts: Array.isArray } };

/** For calls without options, which need no look at them. */
const noOptions: FromDataOptions = Object.freeze({});

const dtypes: ReadonlySet<unknown> = new Set(Object.keys(dtypeInfo));

/** A dtype, written in the place of options that would name it alone. */
const dtypeOptions = Object.fromEntries(Object.keys(dtypeInfo).map((dtype) => [dtype, Object.freeze({ dtype })])) as Readonly<Record<DType, { readonly dtype: DType }>>;

/** The options, also where a dtype stands in their place. Throws IndexError `OP/option`. */
export function optionsOf<O extends TensorOptions>(op: string, options: O | DType): O | { readonly dtype: DType } {
  if (typeof options !== "string") return options;
  checkArgument(op, "dtype", options, anyDType);
  return dtypeOptions[options];
}

/** Whether there is nothing but a dtype that exists, as in most calls: found out sooner than by going through the rules. */
function isPlain(options: TensorOptions): boolean {
  if (options === noOptions) return true;
  if (typeof options !== "object") return false;
  for (const name in options) if (name !== "dtype") return false;
  return dtypes.has(options?.dtype);
}

/**
 * A tensor with a copy of nested arrays, a number, or a typed array.
 *
 * Numbers give float32, booleans bool, typed arrays their own dtype (a Uint8Array uint8, a BigInt64Array int64), unless `dtype` says
 * otherwise. Integers are what numbers are without their fraction; a number that an integer dtype does not hold is an error.
 *
 * Throws    ShapeError `tensor/ragged`, `tensor/size`; DTypeError `tensor/array-type`, `requiresGrad/floating`; IndexError `tensor/value`
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor(new Float64Array(6), { shape: [2, 3] }).dtype; // "float64"
 * tensor([0, 1, 2], "int32").dtype; // "int32"
 */
export function tensor(data: NestedArray | ElementArray | BigInt64Array, optionsOrDType: FromDataOptions | DType = noOptions): Tensor {
  const options: FromDataOptions = optionsOf("tensor", optionsOrDType);
  if (!isPlain(options)) checkOptions("tensor", options, fromDataRules);
  if (isElementArray(data)) return fromElements(data, options);
  const shape = nestedShape(data);
  const flat: number[] = [];
  const hasBooleans = flatten(data, shape, 0, flat);
  const dtype = options.dtype ?? (hasBooleans ? "bool" : "float32");
  return withOptions(tensorFromHost(encode("tensor", flat, dtype), checkedShape(options.shape ?? shape, flat.length), dtype), options);
}

function fromElements(data: ElementArray | BigInt64Array, options: FromDataOptions): Tensor {
  const own = elementDType(data);
  const dtype = options.dtype ?? own;
  const shape = checkedShape(options.shape ?? [data.length], data.length);
  return withOptions(tensorFromHost(encode("tensor", data, dtype), shape, dtype), options);
}

/** Whether something is a typed array; there are some that no dtype corresponds to. */
export function isElementArray(data: unknown): data is ElementArray | BigInt64Array {
  // Where the engine has no Float16Array, its stand-in is a proxy, which is no view.
  return ArrayBuffer.isView(data) || isFloat16Array(data);
}

function checkedShape(shape: Shape, length: number): Shape {
  checkShape("tensor", shape);
  if (sizeOf(shape) === length) return [...shape];
  throw new ShapeError({
    op: "tensor",
    fact: `shape ${formatShape(shape)} has ${sizeOf(shape)} elements, the data has ${length}`,
    code: "tensor/size",
    data: { shape, length },
  });
}

/** The shape that nested arrays have if they are regular: the lengths of the first ones. */
export function nestedShape(data: NestedArray): number[] {
  const shape: number[] = [];
  let level: NestedArray | undefined = data;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = (level as readonly NestedArray[])[0];
  }
  return shape;
}

/** Appends the values to `flat`; true if they are booleans. */
function flatten(data: NestedArray, shape: Shape, depth: number, flat: number[]): boolean {
  if (depth < shape.length) {
    const size = shape[depth] as number;
    if (!Array.isArray(data) || data.length !== size) {
      const found = Array.isArray(data) ? `an array of ${data.length}` : `the value ${String(data)}`;
      throw new ShapeError({
        op: "tensor",
        fact: `nested arrays must all have the same length: dimension ${depth} has ${size} entries, but there is ${found}`,
        code: "tensor/ragged",
        data: { dim: depth, size },
      });
    }
    let hasBooleans = false;
    for (const entry of data as readonly NestedArray[]) hasBooleans = flatten(entry, shape, depth + 1, flat) || hasBooleans;
    return hasBooleans;
  }
  if (typeof data === "number" || typeof data === "boolean") {
    flat.push(Number(data));
    return typeof data === "boolean";
  }
  const found = Array.isArray(data) ? `an array of ${data.length}` : typeof data;
  throw new ShapeError({ op: "tensor", fact: `data: expected a number at depth ${depth}, found ${found}`, code: "tensor/ragged", data: { dim: depth } });
}

/** Makes a fresh tensor a leaf with a gradient, where the options ask for it. */
export function withOptions(out: Tensor, options: TensorOptions): Tensor {
  if (options.requiresGrad === true) {
    requireGradDType(out.dtype);
    out.leafRequiresGrad = true;
  }
  return out;
}

/**
 * A tensor full of one value. An integer dtype takes the integer part; every value but 0 is true.
 *
 * Throws    ShapeError `full/shape`; IndexError `full/value` for a value that the dtype does not hold
 * @example
 * full([2, 2], 7).toArray(); // [[7, 7], [7, 7]]
 */
export function full(shape: Shape, value: number, options: TensorOptions | DType = noOptions): Tensor {
  return filled("full", shape, value, options);
}

/** `full`, in the name of the function that was called. */
function filled(op: string, shape: Shape, value: number, optionsOrDType: TensorOptions | DType, ownDType: DType = "float32"): Tensor {
  const options: TensorOptions = optionsOf(op, optionsOrDType);
  if (!isPlain(options)) checkOptions(op, options, tensorRules);
  const { dtype = ownDType } = options;
  checkShape(op, shape);
  requireRepresentable(op, value, dtype);
  const out = emptyTensor([...shape], dtype, op);
  if (out.numel() > 0) backend.fill(out, value);
  return withOptions(out, options);
}

/**
 * Zeros.
 *
 * Throws    ShapeError `zeros/shape`
 * @example
 * zeros([2]).toArray(); // [0, 0]
 * zeros([2], "int32").dtype; // "int32"
 */
export function zeros(shape: Shape, options: TensorOptions | DType = noOptions): Tensor {
  return filled("zeros", shape, 0, options);
}

/**
 * Ones.
 *
 * @example
 * ones([2]).toArray(); // [1, 1]
 */
export function ones(shape: Shape, options: TensorOptions | DType = noOptions): Tensor {
  return filled("ones", shape, 1, options);
}

/**
 * A tensor full of one value, with the shape and dtype of another.
 *
 * @example
 * fullLike(tensor([1, 2]), 3).toArray(); // [3, 3]
 */
export function fullLike(x: Tensor, value: number, options: TensorOptions | DType = noOptions): Tensor {
  requireTensor("fullLike", "x", x);
  return filled("fullLike", x.shape, value, options, x.dtype);
}

/**
 * Zeros with the shape and dtype of another tensor.
 *
 * @example
 * zerosLike(tensor([1, 2])).toArray(); // [0, 0]
 */
export function zerosLike(x: Tensor, options: TensorOptions | DType = noOptions): Tensor {
  requireTensor("zerosLike", "x", x);
  return filled("zerosLike", x.shape, 0, options, x.dtype);
}

/**
 * Ones with the shape and dtype of another tensor.
 *
 * @example
 * onesLike(tensor([5, 6])).toArray(); // [1, 1]
 */
export function onesLike(x: Tensor, options: TensorOptions | DType = noOptions): Tensor {
  requireTensor("onesLike", "x", x);
  return filled("onesLike", x.shape, 1, options, x.dtype);
}

/**
 * A tensor whose elements are whatever the memory held.
 *
 * @example
 * empty([3, 4]).shape; // [3, 4]
 */
export function empty(shape: Shape, optionsOrDType: TensorOptions | DType = noOptions): Tensor {
  const options: TensorOptions = optionsOf("empty", optionsOrDType);
  if (!isPlain(options)) checkOptions("empty", options, tensorRules);
  checkShape("empty", shape);
  return withOptions(emptyTensor([...shape], options.dtype ?? "float32"), options);
}

/**
 * The numbers from `start` (included) to `end` (excluded) in steps; `arange(n)` counts from 0. Integers give int32, or int64 where that
 * is too small, fractions float32. The options may come right after the numbers.
 *
 * Throws    IndexError `arange/step`, `arange/finite`, `arange/value`
 * @example
 * arange(4).toArray(); // [0, 1, 2, 3]
 * arange(1, 2, 0.25).toArray(); // [1, 1.25, 1.5, 1.75]
 * arange(3, { dtype: "float64" }).dtype; // "float64"
 * arange(0, 1, 0.5, "float64").dtype; // "float64"
 */
export function arange(end: number, options?: TensorOptions | DType): Tensor;
export function arange(start: number, end: number, options?: TensorOptions | DType): Tensor;
export function arange(start: number, end: number | undefined, step?: number, options?: TensorOptions | DType): Tensor;
export function arange(start: number, ...rest: readonly (number | TensorOptions | DType | undefined)[]): Tensor {
  const last = rest.at(-1);
  const options: TensorOptions = typeof last === "object" || typeof last === "string" ? optionsOf("arange", last) : noOptions;
  if (!isPlain(options)) checkOptions("arange", options, tensorRules);
  const [end, step = 1] = (options === noOptions ? rest : rest.slice(0, -1)) as (number | undefined)[];
  const [from, to] = end === undefined ? [0, start] : [start, end];
  requireFinite("arange", { start: from, end: to, step });
  if (step === 0 || (to - from) / step < 0) {
    throw new IndexError({
      op: "arange",
      fact: `step ${step} does not lead from ${from} to ${to}`,
      code: "arange/step",
      data: { start: from, end: to, step },
    });
  }
  const length = Math.ceil((to - from) / step);
  const dtype = options.dtype ?? rangeDType(from, to, step);
  return sequence("arange", length, (i) => from + i * step, dtype, options);
}

function rangeDType(from: number, to: number, step: number): DType {
  if (![from, to, step].every(Number.isInteger)) return "float32";
  return Math.max(Math.abs(from), Math.abs(to)) < 2 ** 31 ? "int32" : "int64";
}

/** Throws IndexError `OP/finite`. */
function requireFinite(op: string, numbers: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(numbers).find(([, value]) => !Number.isFinite(value));
  if (wrong === undefined) return;
  const [name, value] = wrong;
  throw new IndexError({ op, fact: `${name} = ${String(value)} must be a finite number`, code: `${op}/finite`, data: { name, value } });
}

/** A tensor of `length` elements by their positions. */
function sequence(op: string, length: number, value: (i: number) => number, dtype: DType, options: TensorOptions): Tensor {
  // The memory first: a length beyond it is our error, not the engine's.
  const out = emptyTensor([length], dtype, op);
  out.storage.set(encode(op, Float64Array.from({ length }, (_, i) => value(i)), dtype));
  return withOptions(out, options);
}

/**
 * `count` numbers evenly spaced from `start` to `end`, both included.
 *
 * Throws    IndexError `linspace/count`, `linspace/finite`, `linspace/value`
 * @example
 * linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, end: number, count: number, optionsOrDType: TensorOptions | DType = noOptions): Tensor {
  const options: TensorOptions = optionsOf("linspace", optionsOrDType);
  if (!isPlain(options)) checkOptions("linspace", options, tensorRules);
  requireFinite("linspace", { start, end });
  if (!Number.isInteger(count) || count < 0) {
    throw new IndexError({ op: "linspace", fact: `count ${count} must be an integer, 0 or more`, code: "linspace/count", data: { count } });
  }
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  // Counted from both ends, so that the last value is `end` exactly.
  const value = (i: number): number => (i < count / 2 ? start + i * step : end - (count - 1 - i) * step);
  return sequence("linspace", count, value, options.dtype ?? "float32", options);
}

/**
 * Ones on the diagonal, zeros elsewhere; `rows` by `columns`, square unless told.
 *
 * Throws    IndexError `eye/option`
 * @example
 * eye(2).toArray(); // [[1, 0], [0, 1]]
 */
export function eye(rows: number, columns = rows, optionsOrDType: TensorOptions | DType = noOptions): Tensor {
  const options: TensorOptions = optionsOf("eye", optionsOrDType);
  if (!isPlain(options)) checkOptions("eye", options, tensorRules);
  checkArgument("eye", "rows", rows, nonNegativeInteger);
  checkArgument("eye", "columns", columns, nonNegativeInteger);
  const shape = [rows, columns];
  const dtype = options.dtype ?? "float32";
  // The memory first: a size beyond it is our error, not the engine's.
  const out = emptyTensor(shape, dtype, "eye");
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  out.storage.set(encode("eye", values, dtype));
  return withOptions(out, options);
}

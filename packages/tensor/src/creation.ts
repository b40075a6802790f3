import { beginCall, dtypeInfo, wasm, type DType, type HostArray } from "@tapegrad/kernels";
import { Float16Array, isFloat16Array } from "@petamoriken/float16";
import { DTypeError, IndexError, ShapeError } from "./errors.ts";
import { checkShape, formatShape, sizeOf, type Shape } from "./shape.ts";
import { emptyTensor, requireGradDType, tensorFromHost, type ElementArray, type NestedArray, type Tensor } from "./tensor.ts";

/** Options that all creation functions take. */
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

/**
 * A tensor with a copy of nested arrays, a number, or a typed array.
 *
 * Numbers give float32, booleans bool, typed arrays their own dtype (a Uint8Array uint8), unless `dtype` says otherwise.
 *
 * Throws    ShapeError `tensor/ragged`, `tensor/size`; DTypeError `requiresGrad/floating`
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor(new Float64Array(6), { shape: [2, 3] }).dtype; // "float64"
 */
export function tensor(data: NestedArray | ElementArray, options: FromDataOptions = {}): Tensor {
  if (isElementArray(data)) return fromElements(data, options);
  const shape = nestedShape(data);
  const flat: number[] = [];
  const hasBooleans = flatten(data, shape, 0, flat);
  const dtype = options.dtype ?? (hasBooleans ? "bool" : "float32");
  return withOptions(tensorFromHost(encode(flat, dtype), checkedShape(options.shape ?? shape, flat.length), dtype), options);
}

function fromElements(data: ElementArray, options: FromDataOptions): Tensor {
  const own = elementDType(data);
  const dtype = options.dtype ?? own;
  const shape = checkedShape(options.shape ?? [data.length], data.length);
  const isStored = dtype === own && !(data instanceof Float16Array);
  return withOptions(tensorFromHost(isStored ? (data) : encode(data, dtype), shape, dtype), options);
}

function isElementArray(data: NestedArray | ElementArray): data is ElementArray {
  // Where the engine has no Float16Array, its stand-in is a proxy, which is no view.
  return ArrayBuffer.isView(data) || isFloat16Array(data);
}

function elementDType(data: ElementArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint8Array) return "uint8";
  if (data instanceof Float16Array) return "float16";
  throw new DTypeError({
    op: "tensor",
    fact: `a ${Object.prototype.toString.call(data).slice(8, -1)} has no dtype`,
    hint: "use a Float32Array, Float64Array, Float16Array, Int32Array or Uint8Array",
    code: "tensor/array-type",
  });
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

function nestedShape(data: NestedArray): number[] {
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
  throw new ShapeError({ op: "tensor", fact: `expected a number at depth ${depth}, found ${found}`, code: "tensor/ragged", data: { dim: depth } });
}

/** Host elements of numbers in a dtype: bool as 0 and 1, float16 as bit patterns, integers wrapped. */
function encode(values: ArrayLike<number>, dtype: DType): HostArray {
  switch (dtype) {
    case "float32": return Float32Array.from(values);
    case "float64": return Float64Array.from(values);
    case "int32": return Int32Array.from(values);
    case "uint8": return Uint8Array.from(values);
    case "bool": return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
    case "float16": return new Uint16Array(Float16Array.from(values).buffer);
  }
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
 * A tensor full of one value.
 *
 * Throws    ShapeError `full/shape`
 * @example
 * full([2, 2], 7).toArray(); // [[7, 7], [7, 7]]
 */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  checkShape("full", shape);
  beginCall();
  const dtype = options.dtype ?? "float32";
  const out = emptyTensor([...shape], dtype);
  if (out.numel() > 0) wasm.fill(dtypeInfo[dtype].code, out.pointer, out.numel(), value);
  return withOptions(out, options);
}

/**
 * Zeros.
 *
 * @example
 * zeros([2]).toArray(); // [0, 0]
 */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 0, options);
}

/**
 * Ones.
 *
 * @example
 * ones([2]).toArray(); // [1, 1]
 */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/**
 * A tensor full of one value, with the shape and dtype of another.
 *
 * @example
 * fullLike(tensor([1, 2]), 3).toArray(); // [3, 3]
 */
export function fullLike(x: Tensor, value: number, options: TensorOptions = {}): Tensor {
  return full(x.shape, value, { dtype: x.dtype, ...options });
}

/**
 * Zeros with the shape and dtype of another tensor.
 *
 * @example
 * zerosLike(tensor([1, 2])).toArray(); // [0, 0]
 */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return fullLike(x, 0, options);
}

/**
 * Ones with the shape and dtype of another tensor.
 *
 * @example
 * onesLike(tensor([5, 6])).toArray(); // [1, 1]
 */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return fullLike(x, 1, options);
}

/**
 * A tensor whose elements are whatever the memory held.
 *
 * @example
 * empty([3, 4]).shape; // [3, 4]
 */
export function empty(shape: Shape, options: TensorOptions = {}): Tensor {
  checkShape("empty", shape);
  beginCall();
  return withOptions(emptyTensor([...shape], options.dtype ?? "float32"), options);
}

/**
 * The numbers from `start` (included) to `end` (excluded) in steps; `arange(n)` counts from 0. Integers give int32,
 * fractions float32.
 *
 * Throws    IndexError `arange/step`
 * @example
 * arange(4).toArray(); // [0, 1, 2, 3]
 * arange(1, 2, 0.25).toArray(); // [1, 1.25, 1.5, 1.75]
 */
export function arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (!Number.isFinite(step) || step === 0 || !((to - from) / step >= 0 && Number.isFinite(to - from))) {
    throw new IndexError({
      op: "arange",
      fact: `step ${step} does not lead from ${from} to ${to}`,
      code: "arange/step",
      data: { start: from, end: to, step },
    });
  }
  const isInteger = [from, to, step].every(Number.isInteger);
  const length = Math.ceil((to - from) / step);
  const values = Float64Array.from({ length }, (_, i) => from + i * step);
  const dtype = options.dtype ?? (isInteger ? "int32" : "float32");
  return withOptions(tensorFromHost(encode(values, dtype), [length], dtype), options);
}

/**
 * `count` numbers evenly spaced from `start` to `end`, both included.
 *
 * Throws    IndexError `linspace/count`
 * @example
 * linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, end: number, count: number, options: TensorOptions = {}): Tensor {
  if (!Number.isInteger(count) || count < 0) {
    throw new IndexError({ op: "linspace", fact: `count ${count} must be an integer, 0 or more`, code: "linspace/count", data: { count } });
  }
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  // Counted from both ends, so that the last value is `end` exactly.
  const values = Float64Array.from({ length: count }, (_, i) => (i < count / 2 ? start + i * step : end - (count - 1 - i) * step));
  const dtype = options.dtype ?? "float32";
  return withOptions(tensorFromHost(encode(values, dtype), [count], dtype), options);
}

/**
 * Ones on the diagonal, zeros elsewhere; `rows` by `columns`, square unless told.
 *
 * @example
 * eye(2).toArray(); // [[1, 0], [0, 1]]
 */
export function eye(rows: number, columns = rows, options: TensorOptions = {}): Tensor {
  const shape = [rows, columns];
  checkShape("eye", shape);
  const dtype = options.dtype ?? "float32";
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return withOptions(tensorFromHost(encode(values, dtype), shape, dtype), options);
}

import { bfloat16Values, dtypeInfo, float16View, type DType, type HostArray } from "@tapegrad/kernels";
import { mostBlockBytes, newStorage, type Storage } from "./compute/memory.ts";
import { type Float16Array } from "@petamoriken/float16";
import { markCopy, notATensor } from "./copies.ts";
import { DTypeError, GradError, IndexError, MemoryError, ShapeError } from "./errors.ts";
import { bringViewUpToDate } from "./stale-views.ts";
import type { NestedArray, NumbersOfRank, Sizes } from "./rank-types.ts";
import { showValue } from "./show-value.ts";
import { contiguousStrides, formatShape, normalizeDim, sameShape, sizeOf, type Shape } from "./shape.ts";

export type { NestedArray };

/** The typed array that copies of each dtype's elements come in: bool as bytes 0 and 1, int64 as bigints, bfloat16, which JavaScript has no array of, as float32. */
export interface ElementArrays {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Float16Array;
  readonly bfloat16: Float32Array;
  readonly int64: BigInt64Array;
  readonly int32: Int32Array;
  readonly uint8: Uint8Array;
  readonly bool: Uint8Array;
}

/** Copies of a tensor's elements that are numbers. */
export type ElementArray = ElementArrays[Exclude<DType, "int64">];

/**
 * What the tape attaches to a tensor. The tensor package carries it without knowing what is inside.
 * @internal
 */
export interface GradNode {
  /** The op that made the tensor, for printing and errors. */
  readonly name: string;
}

/**
 * A strided view of a storage.
 *
 * Element `[i, j, ...]` is at `offset + i * strides[0] + j * strides[1] + ...`. Views (`transpose`, `narrow`, ...) share
 * the storage. Values are read through copies: `toArray`, `toTypedArray`, `item`.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * x.transpose(0, 1).toArray(); // [[1, 3], [2, 4]]
 */
export class Tensor {
  /** @internal */
  readonly storage: Storage;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** Position of the first element in the storage. */
  readonly offset: number;
  /** What the elements are. */
  readonly dtype: DType;
  /** Made from a plain JS number: it does not raise the other operand's dtype within a category. @internal */
  readonly wrappedNumber: boolean;
  /** Nobody reads this tensor again but the next op: it may compute in its memory, or, if that is a ReLU, have nothing to do. @internal */
  donated: "no" | "yes" | "rectified" = "no";
  /** The recorded op that made this tensor; null for leaves. @internal */
  node: GradNode | null = null;
  /** Leaf flag behind `requiresGrad`. @internal */
  leafRequiresGrad = false;
  /**
   * `storage.recordedVersion` when this tensor was made: once the tape has recorded a change of the storage in place, the
   * other tensors that share it are stale. @internal
   */
  viewVersion: number;
  /**
   * The tensor that this one is a view of, at however many removes, where a recorded change of the one is one of the other: what an op
   * of a view gave while the tape recorded. @internal
   */
  base: Tensor | null = null;
  /** A view that was taken inside noGrad, which has no base; `tracked` if it shows a tensor that requires grad. @internal */
  unrecordedView: "no" | "constant" | "tracked" = "no";
  readonly #size: number;
  #strides: readonly number[] | null;
  #grad: Tensor | null = null;
  /** Nobody but the tape and the optimizer has seen the gradient, so that it can be freed when it is dropped. */
  #gradIsOwned = false;

  /** `strides` null means row-major. @internal */
  constructor(storage: Storage, shape: Shape, strides: readonly number[] | null = null, offset = 0, wrappedNumber = false) {
    this.storage = storage;
    this.shape = shape;
    this.offset = offset;
    this.dtype = storage.dtype;
    this.wrappedNumber = wrappedNumber;
    this.viewVersion = storage.recordedVersion;
    this.#size = sizeOf(shape);
    this.#strides = strides !== null && isRowMajor(shape, strides) ? null : strides;
  }

  /** Steps between neighbours along each dimension, in elements. */
  get strides(): readonly number[] {
    return this.#strides ?? contiguousStrides(this.shape);
  }

  /** Whether the elements lie in row-major order without gaps. */
  isContiguous(): boolean {
    return this.#strides === null;
  }

  /**
   * As `isContiguous`, by a private field: for what is no tensor, or one of another copy of the library, this throws a
   * TypeError, which `dispatch` explains. So every op checks its inputs and pays nothing for it. @internal
   */
  static isRowMajor(x: Tensor): boolean {
    return x.#strides === null;
  }

  /** Whether a value is a tensor of this copy of the library, by a private field: what only says so of itself is none. @internal */
  static isTensor(value: unknown): value is Tensor {
    return typeof value === "object" && value !== null && #size in value;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Number of dimensions. */
  dim(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  numel(): number {
    return this.#size;
  }

  /** The shape. */
  size(): Shape;
  /** The size of one dimension. Throws IndexError `size/dim`. */
  size(dim: number): number;
  size(dim?: number): Shape | number {
    if (dim === undefined) return this.shape;
    if (this.shape.length === 0) throw new IndexError({ op: "size", fact: `dim ${dim} of a 0-d tensor: it has no dimensions`, code: "size/dim", data: { dim } });
    return this.shape[normalizeDim("size", dim, this.shape.length)] as number;
  }

  /**
   * The sizes of as many dimensions, as numbers of their own: a tensor with another number of them is an error.
   *
   * Throws    ShapeError `dims/rank`, IndexError `dims/option`
   * @example
   * const [batch, channels] = zeros([8, 3]).dims(2);
   * batch * channels; // 24
   * zeros([8, 3]).dims(3); // throws dims/rank
   */
  dims<const Rank extends number>(rank: Rank): Sizes<Rank> {
    this.#checkRank("dims", rank);
    return this.shape as Sizes<Rank>;
  }

  #checkRank(op: string, rank: number): void {
    if (rank === this.shape.length) return;
    if (!Number.isInteger(rank) || rank < 0) {
      throw new IndexError({ op, fact: `rank ${showValue(rank)} must be an integer, 0 or more`, code: `${op}/option`, data: { rank } });
    }
    const count = this.shape.length;
    throw new ShapeError({
      op,
      fact: `the tensor has ${count} dimension${count === 1 ? "" : "s"}, not ${rank}`,
      details: [describe("x", this)],
      code: `${op}/rank`,
      data: { shape: this.shape, rank },
    });
  }

  /** The sum of gradients that `backward` brought here; only for leaves and where `retainGrad` was asked for. */
  get grad(): Tensor | null {
    this.#gradIsOwned = false;
    return this.#grad;
  }

  /** Throws ArgumentError `tapegrad/not-a-tensor`, ShapeError `grad/shape`, DTypeError `grad/dtype`. */
  set grad(gradient: Tensor | null) {
    if (gradient !== null) checkGradient("grad", "grad", gradient, this);
    this.#grad = gradient;
    this.#gradIsOwned = false;
  }

  /** The gradient, for a look that keeps nothing. @internal */
  peekGrad(): Tensor | null {
    return this.#grad;
  }

  /** Sets a gradient whose memory nobody else knows. @internal */
  ownGrad(gradient: Tensor): void {
    this.#grad = gradient;
    this.#gradIsOwned = true;
  }

  /** Forgets the gradient, and frees it at once if no user has ever seen it. @internal */
  dropGrad(): void {
    if (this.#gradIsOwned) this.#grad?.storage.free();
    this.#grad = null;
    this.#gradIsOwned = false;
  }

  /**
   * Takes over the elements, dtype and layout of a tensor of the same shape: whoever holds this one holds those. A backward pass
   * that saved the old elements finds out by the version. @internal
   */
  adopt(other: Tensor): void {
    const { storage, dtype, offset } = other;
    storage.version += this.storage.version + 1;
    storage.saves += this.storage.saves;
    storage.kept ||= this.storage.kept;
    this.viewVersion = storage.recordedVersion;
    this.#strides = other.#strides;
    // Nowhere else do these change.
    Object.assign(this, { storage, dtype, offset });
  }

  /** Whether the op that takes this tensor is recorded: it is a leaf with the flag set, or the result of a recorded op. */
  get requiresGrad(): boolean {
    return this.leafRequiresGrad || this.currentNode() !== null;
  }

  /** `node`, which for a view follows what has been recorded of its base. @internal */
  currentNode(): GradNode | null {
    if (this.viewVersion < this.storage.recordedVersion) bringViewUpToDate(this);
    return this.node;
  }

  /** Throws DTypeError `requiresGrad/floating`, GradError `requiresGrad/non-leaf`. */
  set requiresGrad(wanted: boolean) {
    if (this.currentNode() !== null) {
      if (wanted) return;
      throw new GradError({
        op: "requiresGrad",
        fact: "only leaves can be taken off the tape; this tensor was made by a recorded op",
        hint: "use x.detach()",
        code: "requiresGrad/non-leaf",
      });
    }
    if (wanted) requireGradDType(this.dtype);
    this.leafRequiresGrad = wanted;
  }

  /** Sets `requiresGrad` and returns the tensor. */
  requiresGrad_(wanted = true): this {
    this.requiresGrad = wanted;
    return this;
  }

  /** The same elements in the same storage, off the tape. */
  detach(): Tensor {
    const out = new Tensor(this.storage, this.shape, this.#strides, this.offset);
    out.viewVersion = Infinity;
    return out;
  }

  /** True for tensors that no recorded op made. */
  get isLeaf(): boolean {
    return this.currentNode() === null;
  }

  /**
   * The only element as a number (true and false as 1 and 0). Throws ShapeError `item/one-element`; DTypeError `item/precision` for an
   * int64 beyond 2^53, which no number holds.
   */
  item(): number {
    if (this.#size !== 1) {
      throw new ShapeError({
        op: "item",
        fact: `the tensor has ${this.#size} elements; only one element can become a number`,
        details: [describe("x", this)],
        code: "item/one-element",
        data: { shape: this.shape },
      });
    }
    return readElement(this.storage.elements, this.dtype, this.offset);
  }

  /**
   * All elements in row-major order, copied; float16 as a `Float16Array` of `@petamoriken/float16`, bfloat16
   * as a Float32Array, bool as bytes. int64 comes as a BigInt64Array, whose type only `toTypedArray("int64")` tells.
   *
   * @example
   * tensor([1, 2]).toTypedArray(); // Float32Array [1, 2]
   */
  toTypedArray(): ElementArray;
  /**
   * All elements in row-major order, copied. Naming the dtype that the tensor has makes the array's type known.
   *
   * Throws    DTypeError `toTypedArray/dtype`
   *
   * @example
   * tensor([1, 2]).toTypedArray("float32").map((value) => 2 * value); // Float32Array [2, 4]
   */
  toTypedArray<D extends DType>(dtype: D): ElementArrays[D];
  toTypedArray(dtype: DType = this.dtype): ElementArray | BigInt64Array {
    if (dtype !== this.dtype) {
      throw new DTypeError({
        op: "toTypedArray",
        fact: `the elements are ${this.dtype}, not ${dtype}`,
        details: [describe("x", this)],
        hint: `convert them first: x.to("${dtype}").toTypedArray("${dtype}")`,
        code: "toTypedArray/dtype",
        data: { dtype: this.dtype, wanted: dtype },
      });
    }
    const elements = this.storage.elements;
    const copy = this.isContiguous() ? elements.slice(this.offset, this.offset + this.#size) : this.#gather(elements);
    return copy instanceof Uint16Array ? halfValues(copy, this.dtype) : copy;
  }

  /**
   * Nested arrays of the elements; a plain value for a 0-d tensor; booleans for bool. Throws DTypeError `toArray/precision` for an int64
   * beyond 2^53, which no number holds.
   */
  toArray(): NestedArray;
  /**
   * Nested arrays of the elements, typed by the number of dimensions: `toArray(2)` is a `number[][]`. Numbers for every dtype: true and
   * false are 1 and 0, as in `item`.
   *
   * Throws    ShapeError `toArray/rank`, IndexError `toArray/option`, DTypeError `toArray/precision`
   * @example
   * tensor([[1, 2], [3, 4]]).toArray(2).map(([first]) => first); // [1, 3]
   * tensor([true, false]).toArray(1); // [1, 0]
   */
  toArray<const Rank extends number>(rank: Rank): NumbersOfRank<Rank>;
  toArray(rank?: number): NestedArray {
    if (rank !== undefined) this.#checkRank("toArray", rank);
    const flat = this.dtype === "int64" ? Float64Array.from(this.toTypedArray("int64"), (value) => exactNumber("toArray", value)) : this.toTypedArray();
    const isBool = this.dtype === "bool" && rank === undefined;
    let next = 0;
    const build = (dim: number): NestedArray => {
      if (dim === this.shape.length) {
        const value = flat[next++] as number;
        return isBool ? value !== 0 : value;
      }
      return Array.from({ length: this.shape[dim] as number }, () => build(dim + 1));
    };
    return build(0);
  }

  /** What `JSON.stringify` writes: the values, as `toArray` gives them; JSON has null for NaN and infinity. Throws as `toArray`. */
  toJSON(): NestedArray {
    return this.toArray();
  }

  #gather(elements: HostArray): HostArray {
    const { bytes, create } = dtypeInfo[this.dtype];
    const out = create(new ArrayBuffer(bytes * this.#size), 0, this.#size);
    const index = new Array<number>(this.shape.length).fill(0);
    const strides = this.strides;
    let position = this.offset;
    for (let i = 0; i < this.#size; i++) {
      out[i] = elements[position] as never;
      for (let dim = this.shape.length - 1; dim >= 0; dim--) {
        const stride = strides[dim] as number;
        position += stride;
        index[dim] = (index[dim] as number) + 1;
        if (index[dim] !== this.shape[dim]) break;
        position -= stride * (index[dim] as number);
        index[dim] = 0;
      }
    }
    return out;
  }
}

markCopy(Tensor, import.meta.url);

/** The tensor whose history a recorded change of this one belongs to: its base, unless that has since got other elements (`adopt`). */
export function baseOf(x: Tensor): Tensor {
  return x.base !== null && x.base.storage === x.storage ? x.base : x;
}

/** Throws ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies` unless the value is a tensor of this copy of the library. */
export function requireTensor(op: string, name: string, value: unknown): asserts value is Tensor {
  if (!Tensor.isTensor(value)) throw notATensor(op, name, value);
}

/** Throws as `requireTensor` for what is neither a tensor nor a number. */
export function requireOperand(op: string, name: string, value: unknown): asserts value is Tensor | number {
  if (typeof value !== "number" && !(value instanceof Tensor)) throw notATensor(op, name, value, undefined, "a tensor or a number");
}

/** Throws ArgumentError `tapegrad/not-a-tensor`, ShapeError `OP/shape`, DTypeError `OP/dtype` for what cannot be the gradient of `of`. */
export function checkGradient(op: string, name: string, gradient: unknown, of: { readonly shape: Shape; readonly dtype: DType }): asserts gradient is Tensor {
  requireTensor(op, name, gradient);
  const parts = { op, details: [describe("x", of), describe(name, gradient)] };
  if (!sameShape(gradient.shape, of.shape)) {
    throw new ShapeError({ ...parts, fact: `${name} must have the shape of the tensor`, code: `${op}/shape`, data: { shape: of.shape, gradient: gradient.shape } });
  }
  if (gradient.dtype === of.dtype) return;
  throw new DTypeError({
    ...parts,
    fact: `${name} must have the dtype of the tensor`,
    hint: `convert it first: ${name}.to("${of.dtype}")`,
    code: `${op}/dtype`,
    data: { dtype: of.dtype, gradient: gradient.dtype },
  });
}

/** Throws DTypeError `requiresGrad/floating` for dtypes that have no gradient. */
export function requireGradDType(dtype: DType): void {
  if (dtypeInfo[dtype].isFloating) return;
  throw new DTypeError({
    op: "requiresGrad",
    fact: `dtype ${dtype} has no gradient; only floating dtypes have`,
    hint: 'convert it first: x.to("float32")',
    code: "requiresGrad/floating",
    data: { dtype },
  });
}

function isRowMajor(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] as number;
    if (size === 0) return true;
    if (size !== 1 && strides[i] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** The numbers behind 16-bit patterns. */
function halfValues(bits: Uint16Array, dtype: DType): Float16Array | Float32Array {
  return dtype === "bfloat16" ? bfloat16Values(bits) : float16View(bits);
}

function readElement(elements: HostArray, dtype: DType, index: number): number {
  if (elements instanceof Uint16Array) return halfValues(elements.subarray(index, index + 1), dtype)[0] as number;
  const value = elements[index];
  if (value === undefined) {
    throw new IndexError({ op: "item", fact: `position ${index} is outside the storage of ${elements.length}`, code: "item/position" });
  }
  return typeof value === "bigint" ? exactNumber("item", value) : value;
}

function exactNumber(op: string, value: bigint): number {
  const number = Number(value);
  if (BigInt(number) === value && Math.abs(number) <= 2 ** 53) return number;
  throw new DTypeError({
    op,
    fact: `the int64 ${value} is beyond 2^53: no JavaScript number holds it exactly`,
    hint: 'use x.toTypedArray("int64"), which gives bigints',
    code: `${op}/precision`,
    data: { value },
  });
}

/** Another tensor with the same elements in the same storage, off the tape. */
export function sameElements(x: Tensor): Tensor {
  return new Tensor(x.storage, x.shape, x.isContiguous() ? null : x.strides, x.offset);
}

/** A new uninitialised row-major tensor for the running kernel call. `op` is who asks; what an op asks for is told by `dispatch`. */
export function emptyTensor(shape: Shape, dtype: DType, op = "empty"): Tensor {
  const size = sizeOf(shape);
  if (size > mostElements || size * dtypeInfo[dtype].bytes > mostBlockBytes) throw tooLarge(op, shape, dtype, size);
  return new Tensor(newStorage(dtype, size), shape);
}

/** Kernels count elements with 31 bits, up to the end of the last task. */
const mostElements = 2 ** 31 - 2 ** 20;

function tooLarge(op: string, shape: Shape, dtype: DType, size: number): MemoryError {
  const most = Math.min(mostElements, Math.floor(mostBlockBytes / dtypeInfo[dtype].bytes));
  return new MemoryError({
    op,
    fact: `shape ${formatShape(shape)} ${dtype} has ${size} elements; a tensor of this dtype may have ${most} at most`,
    code: `${op}/too-large`,
    data: { shape, dtype, most },
  });
}

/** A tensor over a fresh copy of host elements. */
export function tensorFromHost(values: HostArray, shape: Shape, dtype: DType, wrappedNumber = false): Tensor {
  const out = new Tensor(newStorage(dtype, values.length), shape, null, 0, wrappedNumber);
  out.storage.set(values);
  return out;
}

/** `name  [2, 3]  float32`, a line of an error message. */
export function describe(name: string, x: { readonly shape: Shape; readonly dtype: DType }): string {
  return `${name}  ${formatShape(x.shape)}  ${x.dtype}`;
}

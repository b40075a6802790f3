import { beginCall, binaryOps, dtypeInfo, isHalf, unaryOps, wasm, type DType } from "@tapegrad/kernels";
import type { OutputSpec } from "../op-spec.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import { castKernel, toDType } from "./cast.ts";
import { cloneKernel, copyInto } from "./copy.ts";
import { broadcastStrides, writeLayout } from "./layout.ts";
import { disturbs } from "./overlap.ts";

export type UnaryName = keyof typeof unaryOps;
export type BinaryName = keyof typeof binaryOps;

/** Kernels are asked for by code: looking a name up costs a small op more than its arithmetic. */
export type UnaryCode = (typeof unaryOps)[UnaryName];
export type BinaryCode = (typeof binaryOps)[BinaryName];

/** The operation on every element; computed in `dtype` (the input's unless told), stored as the output's. */
export function unaryKernel(code: UnaryCode, x: Tensor, out: OutputSpec, p0 = 0, p1 = 0, dtype: DType = x.dtype): Tensor {
  const source = toDType(x, dtype);
  beginCall();
  const inPlace = code === unaryOps.relu && source === x && isDonated(x);
  const result = inPlace ? takeOver(x) : emptyTensor(out.shape, out.dtype);
  if (inPlace && x.donated === "rectified") return result;
  const size = result.numel();
  if (size === 0) return result;
  const type = dtypeInfo[dtype].code;
  if (source.isContiguous()) wasm.unary(code, type, source.pointer, result.pointer, size, p0, p1);
  else wasm.unaryStrided(code, type, source.pointer, result.pointer, writeLayout(out.shape, [source.strides]), p0, p1);
  if (source !== x) source.storage.free();
  return result;
}

/**
 * What `layer` gives, for a ReLU that follows and is the only one to see it: that works in place, or has nothing left to do where
 * the layer's kernel cut off at zero what it wrote.
 */
export function donateToRelu(layer: () => Tensor): Tensor {
  wasm.askRectify();
  try {
    const out = layer();
    out.donated = wasm.tookRectify() === 0 ? "yes" : "rectified";
    return out;
  } finally {
    // Nor does a layer that throws leave the question open.
    wasm.tookRectify();
  }
}

/** Whether the tensor's memory may be written anew; kernels that go over an element twice must not. */
function isDonated(x: Tensor): boolean {
  return x.donated !== "no" && x.isContiguous() && x.storage.length === x.numel();
}

/** A tensor in the memory of a donated one. Should anything have saved the old elements after all, it will be noticed. */
function takeOver(x: Tensor): Tensor {
  x.storage.version++;
  return new Tensor(x.storage, x.shape);
}

/** The operation on broadcast pairs of elements, both brought to `dtype`; stored as the output's. */
export function binaryKernel(code: BinaryCode, a: Tensor, b: Tensor, out: OutputSpec, dtype: DType): Tensor {
  const left = toDType(a, dtype);
  const right = toDType(b, dtype);
  beginCall();
  const inPlace = left === a && isDonated(a) && a.dtype === out.dtype && sameShape(a.shape, out.shape) && (right.storage !== a.storage || right === a);
  const result = inPlace ? takeOver(a) : emptyTensor(out.shape, out.dtype);
  if (result.numel() > 0) runBinary(code, left, right, result, dtype);
  if (left !== a) left.storage.free();
  if (right !== b) right.storage.free();
  return result;
}

function runBinary(code: BinaryCode, a: Tensor, b: Tensor, out: Tensor, dtype: DType): void {
  const type = dtypeInfo[dtype].code;
  if (a.isContiguous() && b.isContiguous() && sameShape(a.shape, b.shape)) {
    wasm.binary(code, type, a.pointer, b.pointer, out.pointer, out.numel());
    return;
  }
  const strides = [broadcastStrides(a.shape, a.strides, out.shape), broadcastStrides(b.shape, b.strides, out.shape)];
  wasm.binaryStrided(code, type, a.pointer, b.pointer, out.pointer, writeLayout(out.shape, strides));
}

/** `a += b` in place, both row-major, of one shape and dtype. */
export function addInto(a: Tensor, b: Tensor): void {
  // 16-bit dtypes are computed in float32 and rounded once.
  if (isHalf(a.dtype)) {
    const wide = binaryKernel(binaryOps.add, a, b, { shape: a.shape, dtype: "float32" }, "float32");
    const narrow = castKernel(wide, a.dtype);
    copyInto(narrow, a);
    wide.storage.free();
    narrow.storage.free();
    return;
  }
  const other = a.storage === b.storage && disturbs(a, b) ? cloneKernel(b) : b;
  beginCall();
  const size = sizeOf(a.shape);
  if (size > 0) wasm.binary(binaryOps.add, dtypeInfo[a.dtype].code, a.pointer, other.pointer, a.pointer, size);
  if (other !== b) other.storage.free();
}

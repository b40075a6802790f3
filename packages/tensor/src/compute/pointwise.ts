import { binaryOps, isHalf, unaryOps, type DType } from "@tapegrad/kernels";
import type { OutputSpec } from "../op-spec.ts";
import { sameShape } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import type { Epilogue } from "./backend.ts";
import { castKernel, toDType } from "./cast.ts";
import { backend } from "./chosen-backend.ts";
import type { BinaryCode, UnaryCode } from "./codes.ts";
import { cloneKernel, copyInto } from "./copy.ts";
import { disturbs } from "./overlap.ts";

/** The operation on every element; computed in `dtype` (the input's unless told), stored as the output's. */
export function unaryKernel(code: UnaryCode, x: Tensor, out: OutputSpec, p0 = 0, p1 = 0, dtype: DType = x.dtype): Tensor {
  const source = toDType(x, dtype);
  const inPlace = code === unaryOps.relu && source === x && isDonated(x);
  const result = inPlace ? takeOver(x) : emptyTensor(out.shape, out.dtype);
  if (inPlace && x.donated === "rectified") return result;
  if (result.numel() === 0) return result;
  backend.unary(code, source, result, p0, p1);
  if (source !== x) source.storage.free();
  return result;
}

/** Notes that the only one to see the result is a ReLU, whose work was done with it. */
export function rectified(out: Tensor, epilogue: Epilogue): Tensor {
  if (epilogue === "relu") out.donated = "rectified";
  return out;
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
  const inPlace = left === a && isDonated(a) && a.dtype === out.dtype && sameShape(a.shape, out.shape) && (right.storage !== a.storage || right === a);
  const result = inPlace ? takeOver(a) : emptyTensor(out.shape, out.dtype);
  if (result.numel() > 0) backend.binary(code, left, right, result);
  if (left !== a) left.storage.free();
  if (right !== b) right.storage.free();
  return result;
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
  if (a.numel() > 0) backend.binary(binaryOps.add, a, other, a);
  if (other !== b) other.storage.free();
}

import { dtypeInfo, unaryOps } from "@tapegrad/kernels";
import { DTypeError } from "../errors.ts";
import { describe, type Tensor } from "../tensor.ts";
import { castKernel } from "./cast.ts";
import { contiguousKernel } from "./copy.ts";
import { unaryKernel } from "./pointwise.ts";

const lowest = -(2 ** 31);
const highest = 2 ** 31 - 1;

/**
 * Positions or class labels as the kernels take them: row-major int32. An int64 beyond that saturates, and so stays out of range. The
 * result is the tensor itself where that fits; whoever asked frees it otherwise (`freeInt32`).
 */
export function int32Kernel(x: Tensor): Tensor {
  if (x.dtype === "int32") return contiguousKernel(x);
  if (x.dtype !== "int64") return castKernel(x, "int32");
  const bounded = unaryKernel(unaryOps.clamp, x, { shape: x.shape, dtype: "int64" }, lowest, highest, "int64");
  const out = castKernel(bounded, "int32");
  bounded.storage.free();
  return out;
}

/** Gives up what `int32Kernel` made of `x`. */
export function freeInt32(x: Tensor, made: Tensor): void {
  if (made !== x) made.storage.free();
}

/** Throws DTypeError `OP/CODE` unless the tensor holds integers. */
export function requireIntegers(op: string, name: string, x: Tensor, code: string): void {
  if (!dtypeInfo[x.dtype].isFloating && x.dtype !== "bool") return;
  throw new DTypeError({
    op,
    fact: `${name}.dtype = ${x.dtype} must be an integer dtype: int32, int64 or uint8`,
    details: [describe(name, x)],
    hint: `convert them: ${name}.to("int32")`,
    code: `${op}/${code}`,
    data: { dtype: x.dtype },
  });
}

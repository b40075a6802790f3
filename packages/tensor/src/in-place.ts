import { beginCall, dtypeInfo, wasm } from "@tapegrad/kernels";
import { toDType } from "./compute/cast.ts";
import { copyInto } from "./compute/copy.ts";
import { refuseCoinciding } from "./compute/overlap.ts";
import { requireRepresentable } from "./encode.ts";
import { DTypeError, GradError, ShapeError } from "./errors.ts";
import { gradHooks } from "./grad-hooks.ts";
import { add, div, mul, sub } from "./ops/arithmetic.ts";
import { clone } from "./ops/clone.ts";
import type { Operand } from "./ops/define-binary.ts";
import { expandOrSame } from "./ops/expand.ts";
import { relu } from "./ops/activation.ts";
import { clamp } from "./ops/extremum.ts";
import { to } from "./ops/cast.ts";
import { alias } from "./ops/reshape.ts";
import { fullLike } from "./creation.ts";
import { formatShape, sameShape, tryBroadcast } from "./shape.ts";
import { describe, requireTensor, type Tensor } from "./tensor.ts";

/**
 * Replaces a tensor's elements by the result of `compute`, which gets the old ones and, if it takes one, `other`.
 *
 * While the tape records, the op runs on a recorded copy, so that whatever saved the old elements is found out by its
 * version, and the tensor takes the place of the result on the tape. Otherwise the op may compute in the tensor's memory.
 */
function inPlace(op: string, target: Tensor, compute: (old: Tensor) => Tensor, other: Operand | null = null): Tensor {
  requireTensor(op, "x", target);
  const hooks = gradHooks();
  const recording = hooks.isRecording();
  if (recording) refuseLeaf(op, target);
  // One value for all is the same in any order (as PyTorch has it).
  if (op !== "fill_") refuseCoinciding(op, "x", target);
  const needsOld = recording && (target.requiresGrad || (typeof other === "object" && other?.requiresGrad === true));
  // Also where the target itself is off the tape: for the other operand's gradient, the op may save its old elements.
  const result = needsOld ? compute(clone(target)) : computeDonated(target, compute);
  if (!sameShape(result.shape, target.shape)) {
    throw new ShapeError({
      op,
      fact: `the result ${formatShape(result.shape)} must keep the shape of the tensor ${formatShape(target.shape)}`,
      details: [describe("x", target)],
      code: "inPlace/shape",
      data: { result: result.shape, target: target.shape },
    });
  }
  const recorded = recording && (result.requiresGrad || target.requiresGrad);
  if (recorded && isPartial(target)) {
    throw new GradError({
      op,
      fact: "a part of a tensor cannot be changed in place while the tape records: the whole would lose its gradient",
      details: [describe("x", target)],
      hint: "build the whole with cat, stack or where; or change it inside noGrad()",
      code: "inPlace/view",
    });
  }
  if ((isFloat(result.dtype) && !isFloat(target.dtype)) || (target.dtype === "bool" && result.dtype !== "bool")) {
    throw new DTypeError({
      op,
      fact: `the result is ${result.dtype}, which does not fit into ${target.dtype}`,
      details: [describe("x", target)],
      code: "inPlace/dtype",
      data: { result: result.dtype, target: target.dtype },
    });
  }
  const isDone = result.storage === target.storage && !isPartial(result) && !isPartial(target);
  if (!isDone) {
    copyInto(toDType(result, target.dtype), target);
    target.storage.version++;
  }
  if (recorded) {
    const tracked = result.dtype === target.dtype ? result : to(result, target.dtype);
    target.node = tracked.node;
    target.viewVersion = ++target.storage.recordedVersion;
  }
  return target;
}

function computeDonated(target: Tensor, compute: (old: Tensor) => Tensor): Tensor {
  target.donated = "yes";
  try {
    return compute(target);
  } finally {
    target.donated = "no";
  }
}

const isFloat = (dtype: Tensor["dtype"]): boolean => dtypeInfo[dtype].isFloating;

function isPartial(x: Tensor): boolean {
  return x.storage.length !== x.numel() || !x.isContiguous();
}

function refuseLeaf(op: string, target: Tensor): void {
  if (!target.leafRequiresGrad) return;
  throw new GradError({
    op,
    fact: "a leaf that requires grad cannot be changed in place while the tape records",
    details: [describe("x", target)],
    hint: "wrap the change in noGrad(() => ...)",
    code: "inPlace/leaf",
  });
}

/** x += other, in place. Throws GradError `inPlace/leaf`, `inPlace/view`; ShapeError `inPlace/shape`, `inPlace/coinciding`; DTypeError `inPlace/dtype`. */
export function add_(x: Tensor, other: Operand): Tensor {
  return inPlace("add_", x, (old) => add(old, other), other);
}

/** x -= other, in place. Throws as `add_`. */
export function sub_(x: Tensor, other: Operand): Tensor {
  return inPlace("sub_", x, (old) => sub(old, other), other);
}

/** x *= other, in place. Throws as `add_`. */
export function mul_(x: Tensor, other: Operand): Tensor {
  return inPlace("mul_", x, (old) => mul(old, other), other);
}

/** x /= other, in place. Throws as `add_`. */
export function div_(x: Tensor, other: Operand): Tensor {
  return inPlace("div_", x, (old) => div(old, other), other);
}

/** x = max(x, 0), in place. Throws as `add_`. */
export function relu_(x: Tensor): Tensor {
  return inPlace("relu_", x, relu);
}

/** Limits x to [min, max], in place. Throws as `add_`. */
export function clamp_(x: Tensor, bounds: { min?: number; max?: number }): Tensor {
  return inPlace("clamp_", x, (old) => clamp(old, bounds));
}

/**
 * Copies another tensor's elements into x, broadcasting and casting them. Where the two overlap, as if the source had been copied first.
 *
 * Throws    as `add_`, and ShapeError `copy_/shape`
 */
export function copy_(x: Tensor, source: Tensor): Tensor {
  const broadcast = tryBroadcast(source.shape, x.shape);
  if (broadcast === null || !sameShape(broadcast, x.shape)) {
    throw new ShapeError({
      op: "copy_",
      fact: `source ${formatShape(source.shape)} must broadcast to ${formatShape(x.shape)}`,
      details: [describe("x", x), describe("source", source)],
      code: "copy_/shape",
      data: { x: x.shape, source: source.shape },
    });
  }
  // The old elements play no part: unlike the other ops, this one cuts the tensor off from its past.
  return inPlace("copy_", x, () => alias(expandOrSame(to(source, x.dtype), x.shape)));
}

/**
 * Sets every element to `value`, in place. Throws as `add_`, but for `inPlace/coinciding`; and IndexError `fill_/value` for a value that the
 * dtype does not hold.
 */
export function fill_(x: Tensor, value: number): Tensor {
  requireTensor("fill_", "x", x);
  requireRepresentable("fill_", value, x.dtype);
  if (gradHooks().isRecording() && x.requiresGrad) return inPlace("fill_", x, () => fullLike(x, value));
  if (isPartial(x)) return inPlace("fill_", x, () => fullLike(x, value));
  beginCall();
  if (x.numel() > 0) wasm.fill(dtypeInfo[x.dtype].code, x.pointer, x.numel(), value);
  x.storage.version++;
  return x;
}

/** Sets every element to 0, in place. Throws as `fill_`. */
export function zero_(x: Tensor): Tensor {
  return fill_(x, 0);
}

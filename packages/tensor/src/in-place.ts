import { dtypeInfo } from "@tapegrad/kernels";
import { refuseCoinciding } from "./compute/overlap.ts";
import { requireRepresentable } from "./encode.ts";
import { DTypeError, GradError, ShapeError, TapegradError } from "./errors.ts";
import { runningForwards } from "./execute.ts";
import { gradHooks } from "./grad-hooks.ts";
import { add, div, mul, scaledOperand, sub, type AlphaOptions } from "./ops/arithmetic.ts";
import { copyInto, fillWith } from "./ops/changes.ts";
import { clone } from "./ops/clone.ts";
import type { Operand } from "./ops/define-binary.ts";
import { expandOrSame } from "./ops/expand.ts";
import { relu } from "./ops/activation.ts";
import { clamp, type ClampBounds } from "./ops/extremum.ts";
import { to } from "./ops/cast.ts";
import { placeIn, replacedPart } from "./ops/part.ts";
import { alias } from "./ops/reshape.ts";
import { fullLike } from "./creation.ts";
import { formatShape, sameShape, tryBroadcast } from "./shape.ts";
import { baseOf, describe, requireOperand, requireTensor, type Tensor } from "./tensor.ts";

/**
 * Replaces a tensor's elements by the result of `compute`, which gets the old ones and, if it takes one, `other`.
 *
 * While the tape records, the op runs on a recorded copy, so that whatever saved the old elements is found out by its
 * version, and the tensor takes the place of the result on the tape. Otherwise the op may compute in the tensor's memory.
 */
function inPlace(op: string, target: Tensor, compute: (old: Tensor) => Tensor, other: Operand | null = null, readsOld = true): Tensor {
  requireTensor(op, "x", target);
  // Inside an op's forward it is the op that the tape knows of.
  const recording = runningForwards === 0 && gradHooks().isRecording();
  const needsGrad = recording && (target.requiresGrad || (typeof other === "object" && other?.requiresGrad === true));
  if (recording) refuseWhileRecording(op, target, needsGrad && isFloat(target.dtype));
  // One value for all is the same in any order (as PyTorch has it).
  if (op !== "fill_") refuseCoinciding(op, "x", target);
  // A copy also where the target itself is off the tape: for the other operand's gradient, the op may save its old elements.
  const result = computeAs(op, target, compute, needsGrad && readsOld);
  checkResult(op, target, result);
  const record = recording && (result.requiresGrad || target.requiresGrad) ? recordChange(target, result) : null;
  const isDone = result.storage === target.storage && !isPartial(result) && !isPartial(target);
  if (!isDone) {
    copyInto(target, result);
  }
  record?.();
  return target;
}

/** Throws ShapeError `inPlace/shape`, DTypeError `inPlace/dtype`. */
function checkResult(op: string, target: Tensor, result: Tensor): void {
  if (!sameShape(result.shape, target.shape)) {
    throw new ShapeError({
      op,
      fact: `the result ${formatShape(result.shape)} must keep the shape of the tensor ${formatShape(target.shape)}`,
      details: [describe("x", target)],
      code: "inPlace/shape",
      data: { result: result.shape, target: target.shape },
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
}

/**
 * Records that `result` takes a tensor's place. What it returns is done once the elements are written: it moves the tensor on the tape. Of
 * a view, its base is what moves, and the view behind it: other views are given their place there when they are used next.
 */
function recordChange(target: Tensor, result: Tensor): () => void {
  const base = baseOf(target);
  const source = to(result, target.dtype);
  const changed = base === target ? source : replacedPart(base, source, placeIn(base, target));
  return () => {
    base.storage.recordedVersion++;
    const hooks = gradHooks();
    hooks.moveTo(base, changed.node);
    if (base !== target) hooks.bringUpToDate(target);
  };
}

/** The result, or an error in the name of the op that was called. */
function computeAs(op: string, target: Tensor, compute: (old: Tensor) => Tensor, ofCopy: boolean): Tensor {
  try {
    return ofCopy ? compute(clone(target)) : computeDonated(target, compute);
  } catch (error) {
    if (error instanceof TapegradError) error.rename(op);
    throw error;
  }
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

/**
 * Refuses what the tape cannot follow, as PyTorch does: a change of a leaf that requires grad or of a view of one, and of a view that the
 * tape does not know of. `needsGrad`: the change will be recorded.
 *
 * Throws    GradError `inPlace/leaf`, `inPlace/leaf-view`, `inPlace/unrecorded-view`, `tape/stale-view`; ShapeError `inPlace/coinciding`
 */
function refuseWhileRecording(op: string, target: Tensor, needsGrad: boolean): void {
  if (target.leafRequiresGrad) throw leafError(op, target, "a leaf", "inPlace/leaf");
  const base = baseOf(target);
  if (base !== target && base.node === null && (base.leafRequiresGrad || target.requiresGrad)) throw leafError(op, target, "a view of a leaf", "inPlace/leaf-view");
  if (target.unrecordedView === "tracked" || (target.unrecordedView === "constant" && needsGrad)) {
    throw new GradError({
      op,
      fact: "a view that was taken inside noGrad cannot be changed in place while the tape records: what it shows would lose its gradient",
      details: [describe("x", target)],
      hint: "take the view outside noGrad, or change it inside",
      code: "inPlace/unrecorded-view",
    });
  }
  if (!needsGrad) gradHooks().refuseStale(op, target);
  else if (base !== target) refuseCoinciding(op, "the base of x", base);
}

function leafError(op: string, target: Tensor, what: string, code: string): GradError {
  return new GradError({
    op,
    fact: `${what} that requires grad cannot be changed in place while the tape records`,
    details: [describe("x", target)],
    hint: "wrap the change in noGrad(() => ...)",
    code,
  });
}

/**
 * x += alpha other, in place. What is done to a view is done to what it is a view of, for gradients too.
 *
 * Throws    GradError `inPlace/leaf`, `inPlace/leaf-view`, `inPlace/unrecorded-view`, `tape/stale-view`; ShapeError `inPlace/shape`,
 *           `inPlace/coinciding`; DTypeError `inPlace/dtype`, `add_/alpha`; IndexError `add_/option`
 * @example
 * tensor([1, 2]).add_(tensor([3, 4]), { alpha: 10 }).toArray(); // [31, 42]
 * const x = tensor([1, 2, 3], { requiresGrad: true });
 * const y = mul(x, 1);
 * y.narrow(0, 0, 2).add_(1).mul_(10);
 * y.toArray(); // [20, 30, 3]
 * sum(y).backward();
 * x.grad?.toArray(); // [10, 10, 1]
 */
export function add_(x: Tensor, other: Operand, options?: AlphaOptions): Tensor {
  requireOperand("add_", "other", other);
  const term = options === undefined ? other : termOf("add_", x, other, options);
  return inPlace("add_", x, (old) => add(old, term), term);
}

/** What is added with `alpha`. Computed before: what changes x may compute in its memory, where `other` may lie too. */
function termOf(op: string, x: Tensor, other: Operand, options: AlphaOptions): Operand {
  requireTensor(op, "x", x);
  return scaledOperand(op, x, other, options);
}

/**
 * x -= alpha other, in place. Throws as `add_`.
 *
 * @example
 * tensor([5, 7]).sub_(tensor([1, 2]), { alpha: 2 }).toArray(); // [3, 3]
 */
export function sub_(x: Tensor, other: Operand, options?: AlphaOptions): Tensor {
  requireOperand("sub_", "other", other);
  const term = options === undefined ? other : termOf("sub_", x, other, options);
  return inPlace("sub_", x, (old) => sub(old, term), term);
}

/** x *= other, in place. Throws as `add_`. */
export function mul_(x: Tensor, other: Operand): Tensor {
  requireOperand("mul_", "other", other);
  return inPlace("mul_", x, (old) => mul(old, other), other);
}

/** x /= other, in place. Throws as `add_`. */
export function div_(x: Tensor, other: Operand): Tensor {
  requireOperand("div_", "other", other);
  return inPlace("div_", x, (old) => div(old, other), other);
}

/** x = max(x, 0), in place. Throws as `add_`. */
export function relu_(x: Tensor): Tensor {
  return inPlace("relu_", x, relu);
}

/**
 * Limits x to [min, max], in place. Throws as `add_`.
 *
 * @example
 * tensor([-2, 0.5, 2]).clamp_(-1, 1).toArray(); // [-1, 0.5, 1]
 */
export function clamp_(x: Tensor, min: number | undefined, max?: number): Tensor;
export function clamp_(x: Tensor, bounds: ClampBounds): Tensor;
export function clamp_(x: Tensor, first: number | ClampBounds | undefined, max?: number): Tensor {
  return inPlace("clamp_", x, (old) => clamp(old, first as number | undefined, max));
}

/**
 * Copies another tensor's elements into x, broadcasting and casting them. Where the two overlap, as if the source had been copied first.
 *
 * Throws    as `add_`, and ShapeError `copy_/shape`
 */
export function copy_(x: Tensor, source: Tensor): Tensor {
  requireTensor("copy_", "x", x);
  requireTensor("copy_", "source", source);
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
  return inPlace("copy_", x, () => alias(expandOrSame(to(source, x.dtype), x.shape)), source, false);
}

/**
 * Sets every element to `value`, in place. Throws as `add_`, but for `inPlace/coinciding`; and IndexError `fill_/value` for a value that the
 * dtype does not hold.
 */
export function fill_(x: Tensor, value: number): Tensor {
  requireTensor("fill_", "x", x);
  requireRepresentable("fill_", value, x.dtype);
  // Inside an op's forward it is the op that the tape knows of.
  const recording = runningForwards === 0 && gradHooks().isRecording();
  if (isPartial(x) || (recording && x.requiresGrad)) return inPlace("fill_", x, () => fullLike(x, value), null, false);
  if (recording) refuseWhileRecording("fill_", x, false);
  fillWith(x, value);
  return x;
}

/** Sets every element to 0, in place. Throws as `fill_`. */
export function zero_(x: Tensor): Tensor {
  return fill_(x, 0);
}

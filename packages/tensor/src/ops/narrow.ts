import { copyInto } from "../compute/copy.ts";
import { zeros } from "../creation.ts";
import { IndexError } from "../errors.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import { refusedOption } from "../options.ts";
import { normalizeDim, type Shape } from "../shape.ts";
import { describe, requireTensor, Tensor } from "../tensor.ts";
import { everyDType } from "./every-dtype.ts";
import { squeeze } from "./squeeze.ts";

interface Range {
  readonly dim: number;
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

interface EmbedRange extends Range {
  readonly shape: Shape;
}

function strided(x: Tensor, { dim, start, length, step }: Range): Tensor {
  const strides = x.strides;
  const stride = strides[dim] as number;
  return new Tensor(x.storage, x.shape.with(dim, length), strides.with(dim, stride * step), x.offset + start * stride);
}

const sliceOp: DefinedOp<readonly ["x"], Range> = defineOp({
  name: "slice",
  inputs: ["x"],
  saves: [],
  view: true,
  dtypes: everyDType,
  infer: ([x], { dim, length }) => ({ shape: x.shape.with(dim, length), dtype: x.dtype }),
  forward: ([x], range) => strided(x, range),
  backward: { x: (dOut, { shapes: [shape = []], attrs }) => embedOp.run([dOut], { ...attrs, shape }) },
  samples: () => [
    { inputs: [{ shape: [5] }], attrs: { dim: 0, start: 1, length: 3, step: 1 } },
    { inputs: [{ shape: [4, 7] }], attrs: { dim: 1, start: 1, length: 3, step: 2 } },
    { inputs: [{ shape: [3, 2] }], attrs: { dim: 0, start: 3, length: 0, step: 1 } },
  ],
});

/** The opposite of a slice: zeros of a shape with the elements put into a range of it. */
const embedOp: DefinedOp<readonly ["x"], EmbedRange> = defineOp<readonly ["x"], EmbedRange>({
  name: "sliceBackward",
  inputs: ["x"],
  saves: [],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  forward: ([x], attrs) => {
    const out = zeros(attrs.shape, { dtype: x.dtype });
    copyInto(x, strided(out, attrs));
    return out;
  },
  backward: { x: (dOut, { attrs: { dim, start, length, step } }) => sliceOp.run([dOut], { dim, start, length, step }) },
  samples: () => [
    { inputs: [{ shape: [3] }], attrs: { dim: 0, start: 1, length: 3, step: 1, shape: [5] } },
    { inputs: [{ shape: [4, 3] }], attrs: { dim: 1, start: 1, length: 3, step: 2, shape: [4, 7] } },
  ],
});

/** Throws IndexError `OP/0-d`. */
function refuseScalar(op: string, x: Tensor): void {
  if (x.ndim > 0) return;
  throw new IndexError({ op, fact: "a 0-d tensor has no dimension to take entries of", details: [describe("x", x)], hint: "give it one: x.reshape([1])", code: `${op}/0-d` });
}

/**
 * `length` entries of a dimension from `start` on, sharing storage.
 *
 * Gradient  dx = dOut in its place, 0 around it
 * Throws    IndexError `narrow/dim`, `narrow/range`, `narrow/0-d`
 * @example
 * arange(5).narrow(0, 1, 3).toArray(); // [1, 2, 3]
 */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  requireTensor("narrow", "x", x);
  refuseScalar("narrow", x);
  const d = normalizeDim("narrow", dim, x.ndim);
  const size = x.shape[d] as number;
  const from = start < 0 ? start + size : start;
  if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > size) {
    throw new IndexError({
      op: "narrow",
      fact: `start ${start} and length ${length} leave the ${size} entries of dimension ${d}`,
      details: [describe("x", x)],
      code: "narrow/range",
      data: { dim: d, start, length, size },
    });
  }
  return sliceOp.run([x], { dim: d, start: from, length, step: 1 });
}

/**
 * Entries `start` to `end` (excluded) of a dimension in steps, sharing storage. As in Python, bounds beyond the ends are cut
 * and negative ones count from the end.
 *
 * Gradient  dx = dOut in its place, 0 elsewhere
 * Throws    IndexError `slice/dim`, `slice/step`, `slice/0-d`, `slice/option`
 * @example
 * arange(6).slice(0, 1, 5, 2).toArray(); // [1, 3]
 */
export function slice(x: Tensor, dim: number, start = 0, end = Infinity, step = 1): Tensor {
  requireTensor("slice", "x", x);
  refuseScalar("slice", x);
  const d = normalizeDim("slice", dim, x.ndim);
  if (!Number.isInteger(step) || step < 1) {
    throw new IndexError({ op: "slice", fact: `step ${step} must be an integer, 1 or more`, code: "slice/step", data: { step } });
  }
  requireBound("start", start);
  requireBound("end", end);
  const size = x.shape[d] as number;
  const inside = (bound: number): number => Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size);
  const from = inside(start);
  const length = Math.max(0, Math.ceil((inside(end) - from) / step));
  return sliceOp.run([x], { dim: d, start: from, length, step });
}

function requireBound(name: string, value: number): void {
  if (!Number.isInteger(value) && value !== Infinity && value !== -Infinity) throw refusedOption("slice", name, value, "an integer");
}

/**
 * One entry of a dimension, without that dimension, sharing storage.
 *
 * Gradient  dx = dOut in its place, 0 elsewhere
 * Throws    IndexError `select/dim`, `select/index`, `select/0-d`
 * @example
 * tensor([[1, 2], [3, 4]]).select(0, -1).toArray(); // [3, 4]
 */
export function select(x: Tensor, dim: number, index: number): Tensor {
  requireTensor("select", "x", x);
  refuseScalar("select", x);
  const d = normalizeDim("select", dim, x.ndim);
  const size = x.shape[d] as number;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new IndexError({
      op: "select",
      fact: `index ${index} is outside [${-size}, ${size - 1}], the entries of dimension ${d}`,
      details: [describe("x", x)],
      code: "select/index",
      data: { dim: d, index, size },
    });
  }
  return squeeze(sliceOp.run([x], { dim: d, start: index < 0 ? index + size : index, length: 1, step: 1 }), d);
}

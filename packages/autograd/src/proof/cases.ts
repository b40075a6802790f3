import { opTable, type DType, type Op, type Sample, type Shape } from "@tapegrad/tensor";
import { pointwiseOracles } from "./oracles-pointwise.ts";
import { outputOf, type ProvenOp } from "./run-op.ts";

/** Names, with commas between them, of the only ops to be tested. The runs with a BLAS leave out what multiplies no matrices (vitest.config.ts). */
const wanted = process.env["TAPEGRAD_PROOF_OPS"]?.split(",");
const unknown = wanted?.find((name) => !opTable.has(name));
if (unknown !== undefined) throw new Error(`TAPEGRAD_PROOF_OPS names ${unknown}, which is no op`);

/** Every op, by name, and those with several outputs once for each of them. Importing the tensor package has entered them all. */
export const everyOp: readonly ProvenOp[] = [...opTable.values()]
  // Steps of optimizers have no result of their own: packages/optim proves what they change.
  .filter((op) => !op.changes.includes(op.inputs[0] ?? ""))
  .sort((a, b) => (a.name < b.name ? -1 : 1))
  .flatMap((op) => (op.isMany ? op.outputs.map((_, i) => outputOf(op, i)) : [op as ProvenOp]));

/** Those that are tested. */
export const ops: readonly ProvenOp[] = everyOp.filter(({ name, whole }) => wanted === undefined || wanted.includes(whole?.name ?? name));

const everyDType: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool"];

/** The dtypes that an op is tested in: where the first input has a dtype of its own, those of the others. */
export function dtypesOf(op: Op): readonly DType[] {
  const fixed = op.samples().some((sample) => sample.inputs[0]?.dtype !== undefined);
  return fixed ? everyDType : op.dtypes;
}

/** Lengths that exercise the tails of 128-bit loops, their unrolled forms, and a cut into several jobs. */
const lengths: readonly number[] = [...Array.from({ length: 17 }, (_, i) => i + 1), 31, 63, 64, 65, 127, 129, 1000];
/** Long enough to be cut for several threads, and not a multiple of anything. */
const long = 70_001;

function resize(op: Op, shapes: readonly (readonly Shape[])[], attrs?: (shape: Shape, own: unknown) => unknown): Sample<unknown>[] {
  const [first] = op.samples();
  if (first === undefined) return [];
  return shapes.map((shape) => ({
    inputs: first.inputs.map((input, i) => (input === null ? null : { ...(input), shape: shape[i] ?? shape[0] ?? [] })),
    attrs: attrs === undefined ? first.attrs : attrs(shape[0] ?? [], first.attrs),
  }));
}

/** Products and convolutions of more than one tile. */
const larger: Readonly<Record<string, readonly Sample<unknown>[]>> = {
  matmul: [
    { inputs: [{ shape: [33, 70] }, { shape: [70, 29] }], attrs: null },
    { inputs: [{ shape: [3, 1, 65, 19] }, { shape: [2, 19, 66] }], attrs: null },
    { inputs: [{ shape: [1, 300] }, { shape: [300, 1] }], attrs: null },
  ],
  linear: [{ inputs: [{ shape: [65, 130] }, { shape: [67, 130] }, { shape: [67] }], attrs: {} }],
  conv2d: [
    { inputs: [{ shape: [2, 8, 13, 11] }, { shape: [17, 8, 3, 3] }, { shape: [17] }], attrs: { stride: [1, 1], before: [1, 1], dilation: [1, 1], groups: 1, outSize: [13, 11] } },
    { inputs: [{ shape: [3, 6, 16, 15] }, { shape: [10, 6, 5, 5] }, null], attrs: { stride: [1, 1], before: [0, 0], dilation: [1, 1], groups: 1, outSize: [12, 11] } },
  ],
};

/** Ops on every element of one operand, or on pairs of elements. */
function isPointwise(op: Op, operandCount: 1 | 2): boolean {
  return op.name in pointwiseOracles && op.inputs.length === operandCount;
}

/** Longer operands for the ops whose attributes do not depend on the shape. */
export function resized(op: Op): readonly Sample<unknown>[] {
  if (isPointwise(op, 1)) {
    return [...resize(op, lengths.map((n) => [[n]])), ...resize(op, [[[long]]])];
  }
  if (isPointwise(op, 2)) {
    const pairs = lengths.flatMap((n): Shape[][] => [[[n], [n]], [[n], []], [[3, n], [n]], [[n, 3], [n, 1]]]);
    const equal = op.name.endsWith("Grad") ? lengths.map((n): Shape[] => [[n], [n]]) : pairs;
    return [...resize(op, equal), ...resize(op, [[[long], [long]]])];
  }
  if (isReduction(op)) {
    const one = (dim: number) => (_: Shape, own: unknown) => ({ ...(own as object), dims: [dim] });
    return [
      ...resize(op, lengths.map((n) => [[n]]).filter(([shape]) => !needsTwo(op) || shape?.[0] !== 1), one(0)),
      ...resize(op, lengths.map((n) => [[3, n]]).filter(([shape]) => !needsTwo(op) || shape?.[1] !== 1), one(1)),
      ...resize(op, lengths.map((n) => [[3, n]]), one(0)),
      ...resize(op, [[[2, 33, 5]]], one(1)),
      ...resize(op, op.name === "prod" ? [] : [[[long]]], one(0)),
    ];
  }
  if (op.name.includes("oftmax")) {
    return lengths.slice(0, -1).flatMap((n) => [
      ...resize(op, [[[2, n]]], () => ({ dim: 1 })),
      ...resize(op, [[[n, 3]]], () => ({ dim: 0 })),
      ...resize(op, [[[3, n]]], () => ({ dim: 0 })),
    ]);
  }
  return larger[op.name] ?? [];
}

/** A variance of one element divides by zero. */
const needsTwo = (op: Op): boolean => op.name === "var" || op.name === "std";

/** Reductions carry the dimensions they run over. */
function isReduction(op: Op): boolean {
  return op.samples().some(({ attrs }) => typeof attrs === "object" && attrs !== null && "dims" in attrs && "keepdim" in attrs);
}

/** `[2, 3], [3] {"dim":1}`, for the name of a case. */
export function describeSample(sample: Sample<unknown>): string {
  const shapes = sample.inputs.map((input) => (input === null ? "none" : `[${input.shape.join(", ")}]`)).join(", ");
  const attrs = JSON.stringify(sample.attrs, (_, value: unknown) => (value === Infinity ? "inf" : value === -Infinity ? "-inf" : value)) ?? "";
  return attrs === "null" ? shapes : `${shapes} ${attrs.slice(0, 120)}`;
}

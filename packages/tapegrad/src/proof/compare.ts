import { TapegradError, type Shape, type Tensor } from "@tapegrad/tensor";
import type { Case, OpCases, Tolerance } from "./case-list.ts";
import type { Elements, Expected } from "./fixture.ts";
import { leavesOf, type Found } from "./run-case.ts";

/** What may differ in a case. Where one side raises, nothing else is compared; where dtypes differ, values still are. */
export type Part = "raises" | "shape" | "dtype" | "value" | "requiresGrad" | "gradient" | "second";

export interface Difference {
  readonly part: Part;
  readonly text: string;
}

const epsilons: Readonly<Record<string, number>> = { float16: 2 ** -10, float32: 2 ** -23, float64: 2 ** -52 };
/** Half a step between subnormal numbers; below, rounding has no relative precision. */
const least: Readonly<Record<string, number>> = { float16: 2 ** -24, float32: 2 ** -149, float64: 2 ** -1074 };

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/** Null where `found` is as near to `expected` as it must be, else what is off. */
function offBy(found: Tensor | null, expected: Elements | null, dtype: string, shape: Shape, { ulps, spread, absolute, signedZeros }: Tolerance): string | null {
  // No dependence and a gradient of zeros are the same to whoever adds it up.
  const size = shape.reduce((product, n) => product * n, 1);
  const ours: Elements = found === null ? new Float64Array(size) : elementsOf(found);
  const theirs: Elements = expected ?? new Float64Array(size);
  if (ours.length !== theirs.length) return `${ours.length} elements, expected ${theirs.length}`;
  const epsilon = epsilons[dtype];
  const isMissing = found === null || expected === null;
  let largest = 0;
  for (let i = 0; i < theirs.length; i++) if (Number.isFinite(Number(theirs[i]))) largest = Math.max(largest, Math.abs(Number(theirs[i])));
  for (let i = 0; i < theirs.length; i++) {
    const [a, b] = [ours[i], theirs[i]];
    if (typeof a === "bigint" && typeof b === "bigint" ? a === b : Object.is(Number(a), Number(b))) continue;
    const [x, y] = [Number(a), Number(b)];
    const isNear = x === y ? isMissing || !signedZeros : epsilon !== undefined && Number.isFinite(y) && Math.abs(x - y) <= epsilon * (ulps * Math.abs(y) + spread * largest + absolute) + Math.min(ulps, 1) * (least[dtype] ?? 0);
    if (!isNear) return `element ${i} is ${show(a)}, expected ${show(b)}${epsilon === undefined ? "" : ` (${(Math.abs(x - y) / Math.abs(y) / epsilon).toPrecision(3)} ulps)`}`;
  }
  return null;
}

const show = (value: number | bigint | undefined): string => (Object.is(value, -0) ? "-0" : String(value));

function elementsOf(x: Tensor): Elements {
  return x.toTypedArray();
}

/** The floating dtype of the fewest digits: in it a gradient may have been computed on its way. */
function coarsest(dtypes: readonly string[]): string {
  return ["float16", "float32", "float64"].find((dtype) => dtypes.includes(dtype)) ?? "float64";
}

/** All that is not as in PyTorch. */
export function differences(op: OpCases, entry: Case, found: Found, expected: Expected): readonly Difference[] {
  if (found.raises !== undefined && !(found.raises instanceof TapegradError)) return [{ part: "raises", text: `raises ${found.raises.name}, no error of ours: ${firstLine(found.raises)}` }];
  if (found.raises !== undefined || expected.raises !== undefined) {
    if (found.raises !== undefined && expected.raises !== undefined) return [];
    return [{ part: "raises", text: found.raises === undefined ? `raises nothing, PyTorch ${expected.raises}` : `raises ${firstLine(found.raises)}` }];
  }
  const all: Difference[] = [];
  if (found.outputs.length !== expected.outputs.length) return [{ part: "value", text: `${found.outputs.length} results, expected ${expected.outputs.length}` }];
  expected.outputs.forEach(({ dtype, shape, elements, requiresGrad }, k) => {
    const ours = found.outputs[k] as Tensor;
    const which = expected.outputs.length > 1 ? `result ${k}: ` : "";
    if (!sameShape(ours.shape, shape)) all.push({ part: "shape", text: `${which}[${ours.shape.join(", ")}], expected [${shape.join(", ")}]` });
    if (ours.dtype !== dtype) all.push({ part: "dtype", text: `${which}${ours.dtype}, expected ${dtype}` });
    const off = offBy(ours, elements, dtype, shape, op.tolerances.value);
    if (off !== null) all.push({ part: "value", text: `${which}${off}` });
    if (ours.requiresGrad !== requiresGrad) all.push({ part: "requiresGrad", text: `${which}${String(ours.requiresGrad)}, expected ${String(requiresGrad)}` });
  });
  const way = expected.outputs.map(({ dtype }) => dtype);
  const isGradientThere = compareGradients("gradient", found.first, expected.first, op.tolerances.gradient, entry, way, all);
  if (!isGradientThere) return all;
  if (!all.some(({ part }) => part === "gradient")) compareGradients("gradient", found.recorded, expected.first, op.tolerances.gradient, entry, way, all);
  compareGradients("second", found.second, expected.second, op.tolerances.second, entry, way, all);
  return all;
}

function compareGradients(part: "gradient" | "second", found: Found["first"], expected: Expected["first"], tolerance: Tolerance, entry: Case, way: readonly string[], all: Difference[]): boolean {
  if (found instanceof Error || typeof expected === "string") {
    if (!(found instanceof Error)) all.push({ part, text: `raises nothing, PyTorch ${String(expected)}` });
    else if (typeof expected !== "string") all.push({ part, text: `raises ${firstLine(found)}` });
    return false;
  }
  leavesOf(entry).forEach((leaf, i) => {
    const ours = found[i] ?? null;
    if (ours !== null && !sameShape(ours.shape, leaf.shape)) all.push({ part, text: `of leaf ${i}: [${ours.shape.join(", ")}]` });
    else if (ours !== null && ours.dtype !== leaf.dtype) all.push({ part, text: `of leaf ${i}: ${ours.dtype}, expected ${leaf.dtype}` });
    else {
      // A second derivative comes by way of the other leaves, too.
      const dtypes = [leaf.dtype, ...way, ...(part === "second" ? leavesOf(entry).map(({ dtype }) => dtype) : [])];
      const off = offBy(ours, expected[i] ?? null, coarsest(dtypes), leaf.shape, tolerance);
      if (off !== null) all.push({ part, text: `of leaf ${i}: ${off}` });
    }
  });
  return true;
}

const firstLine = (error: Error): string => error.message.split("\n", 1)[0] as string;

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { mul, opTable, sum, to, type DType, type Op, type Sample, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { gradcheck } from "../gradcheck.ts";
import { describeSample, dtypesOf, ops } from "./cases.ts";
import { expectValues, numbersOf, type Bound } from "./expect-values.ts";
import { upstream } from "./layouts.ts";
import { fromValues } from "./operands.ts";
import { direction, randomFrom } from "./random.ts";
import { call, gradients, isFloating, isRecorded, leaves, operands, type OpInputs, type ProvenOp } from "./run-op.ts";
import { derivative, probes } from "./stencil.ts";
import { count, exempt, table, uncovered, type Kind } from "./tally.ts";

const kinds: readonly Kind[] = ["gradient", "second", "halfGradient", "composite"];

/** Inputs that an op takes as constants although they are floating; each with the reason. */
const constants: Readonly<Record<string, string>> = {
  "batchNormEval/3": "running statistics are none of the batch's",
  "batchNormEval/4": "running statistics are none of the batch's",
  "crossEntropy/2": "class weights are settings, not parameters",
};

const first: Bound = { rtol: 1e-7, atol: 1e-9 };
const second: Bound = { rtol: 1e-5, atol: 1e-8 };

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((total, value, i) => total + value * (b[i] as number), 0);

/** Kind 3: the tape's gradient along a random upstream one equals the numeric derivative, element by element. */
function checkGradient(op: Op, sample: Sample<unknown>, seed: number): void {
  const random = randomFrom(seed);
  const inputs = operands(sample, "float64", random);
  const out = call(op, inputs, sample.attrs);
  // A cast to another dtype rounds: no numeric derivative sees through that.
  if (out.dtype !== "float64") return;
  const dOut = upstream(out.shape, out.dtype, random);
  const c = numbersOf(dOut);
  const found = isRecorded(op, inputs, out) ? gradients(op, inputs, sample.attrs, dOut) : [];
  let k = 0;
  inputs.forEach((x, i) => {
    if (!isFloating(x)) return;
    const gradient = found[k++] ?? null;
    if (`${op.name}/${i}` in constants) return;
    const values = numbersOf(x);
    const at = probes(values.length, 60);
    const numeric = at.map((index) => derivative((moved) => dot(numbersOf(call(op, inputs.with(i, fromValues(moved, x.shape, "float64")), sample.attrs)), c), values, index));
    const tape = gradient === null ? at.map(() => 0) : at.map((index) => numbersOf(gradient)[index] as number);
    if (gradient !== null) expect([gradient.dtype, ...gradient.shape]).toEqual([x.dtype, ...x.shape]);
    count(op.name, "gradient", expectValues(tape, numeric, first, `${op.name} ${describeSample(sample)} seed ${seed}: gradient of ${op.inputs[i]}`));
  });
}

/** How far sums of another order may differ: a layer may compute several gradients in one pass, or one alone. */
const reordered: Bound = { rtol: 1e-6, atol: 1e-6 };

/**
 * The gradient is the same, bit for bit, where the upstream one belongs to the pass, so that its memory may be used again; and
 * the same but for rounding where one input alone requires grad.
 */
function checkInsideGraph(op: Op, sample: Sample<unknown>, dtype: DType): void {
  const random = randomFrom(5);
  const inputs = operands(sample, dtype, random);
  const out = call(op, inputs, sample.attrs);
  if (!isRecorded(op, inputs, out)) return;
  const dOut = upstream(out.shape, out.dtype, random);
  const expected = gradients(op, inputs, sample.attrs, dOut).map((gradient) => gradient?.toTypedArray() ?? null);
  const floating = inputs.flatMap((x, i) => (isFloating(x) ? [i] : []));
  for (const wanted of [floating, ...floating.map((i) => [i])]) {
    const given = inputs.map((x, i) => (x !== null && wanted.includes(i) ? x.detach().requiresGrad_() : x));
    const total = sum(mul(call(op, given, sample.attrs), dOut));
    const found = total.requiresGrad ? grad([total], wanted.map((i) => given[i] as Tensor), { allowUnused: true }) : wanted.map(() => null);
    wanted.forEach((i, k) => {
      const what = `${op.name} ${describeSample(sample)}: gradient of input ${i}, of ${wanted.length} wanted`;
      const target = expected[floating.indexOf(i)] ?? null;
      const gradient = found[k] ?? null;
      if (wanted === floating || target === null || gradient === null) expect(gradient?.toTypedArray() ?? null, what).toEqual(target);
      else expectValues(numbersOf(gradient), Float64Array.from(target), reordered, what);
      count(op.name, "gradient", target?.length ?? 0);
    });
  }
}

/** The full Jacobian, where it is small. */
function checkJacobian(op: Op, sample: Sample<unknown>): void {
  const inputs = operands(sample, "float64", randomFrom(3));
  const out = call(op, inputs, sample.attrs);
  const size = inputs.reduce((total, x) => total + (x === null ? 0 : x.numel()), 0);
  if (!isRecorded(op, inputs, out) || out.dtype !== "float64" || out.numel() * size > 50) return;
  const given = leaves(inputs).map((x, i) => (`${op.name}/${i}` in constants && x !== null ? x.detach() : x));
  const varied = given.filter((x) => x !== null && x.requiresGrad) as Tensor[];
  const run = (...moved: Tensor[]): Tensor => call(op, given.map((x) => (x !== null && varied.includes(x) ? (moved[varied.indexOf(x)] as Tensor) : x)), sample.attrs);
  expect(gradcheck(run, varied)).toBe(true);
  count(op.name, "gradient", Math.max(1, out.numel() * size));
}

/** A scalar made of all first derivatives: sum of v_k . d(dOut . out) / dx_k. */
function firstDerivatives(op: Op, inputs: OpInputs, attrs: unknown, dOut: Tensor, v: readonly Float64Array[], createGraph: boolean): { value: Tensor | null; given: OpInputs; c: Tensor } {
  const given = leaves(inputs);
  const c = dOut.detach().requiresGrad_();
  const out = call(op, given, attrs);
  const found = grad([out], given.filter(isFloating), { gradOutputs: [c], allowUnused: true, createGraph });
  let total: Tensor | null = null;
  found.forEach((gradient, k) => {
    if (gradient === null) return;
    const part = sum(mul(gradient, fromValues(v[k] as Float64Array, gradient.shape, "float64")));
    total = total === null ? part : (total).add(part);
  });
  return { value: total, given, c };
}

/** Kind 3: the gradient of the gradient, with respect to every input and to the upstream gradient. */
function checkSecond(op: Op, sample: Sample<unknown>, seed: number): void {
  const random = randomFrom(seed);
  const inputs = operands(sample, "float64", random);
  const out = call(op, inputs, sample.attrs);
  if (!isRecorded(op, inputs, out) || out.dtype !== "float64") return;
  const dOut = upstream(out.shape, out.dtype, random);
  const floating = inputs.filter(isFloating);
  const v = floating.map((x) => direction(x.numel(), random));
  const { value, given, c } = firstDerivatives(op, inputs, sample.attrs, dOut, v, true);
  const variables = [...given.filter(isFloating), c];
  const isConnected = value !== null && (value).requiresGrad;
  const tape = isConnected ? grad([value], variables, { allowUnused: true }) : variables.map(() => null);
  const scalarAt = (k: number, moved: Float64Array): number => {
    let seen = 0;
    const at = inputs.map((x) => (isFloating(x) && seen++ === k ? fromValues(moved, x.shape, "float64") : x));
    const upstreamAt = k === floating.length ? fromValues(moved, dOut.shape, "float64") : dOut;
    return firstDerivatives(op, at, sample.attrs, upstreamAt, v, false).value?.item() ?? 0;
  };
  variables.forEach((x, k) => {
    const values = numbersOf(x);
    const at = probes(values.length, 12);
    const numeric = at.map((index) => derivative((moved) => scalarAt(k, moved), values, index));
    const row = tape[k] ?? null;
    const found = at.map((index) => (row === null ? 0 : (numbersOf(row)[index] as number)));
    const name = k === floating.length ? "dOut" : `floating input ${k}`;
    count(op.name, "second", expectValues(found, numeric, second, `${op.name} ${describeSample(sample)} seed ${seed}: second derivative by ${name}`));
  });
}

/**
 * Gradients of 16-bit operands are those of float32 within a bound: formulas of several ops round to 11 bits, or 8, in between,
 * where each may lose half a unit of the largest number involved.
 */
function checkHalf(op: Op, sample: Sample<unknown>, dtype: "float16" | "bfloat16", seed: number): void {
  const unit = dtype === "float16" ? 2 ** -10 : 2 ** -7;
  const random = randomFrom(seed);
  const half = operands(sample, dtype, random);
  const wide = half.map((x) => (x?.dtype === dtype ? to(x, "float32") : x));
  const out = call(op, half, sample.attrs);
  if (!isRecorded(op, half, out) || out.dtype !== dtype) return;
  const dOut = upstream(out.shape, dtype, random);
  const found = gradients(op, half, sample.attrs, dOut);
  const expected = gradients(op, wide, sample.attrs, to(dOut, "float32"));
  found.forEach((gradient, k) => {
    if (gradient === null) return;
    const target = numbersOf(expected[k] as Tensor);
    const largest = target.reduce((best, value) => Math.max(best, Math.abs(value)), 1);
    expect([gradient.dtype, ...gradient.shape]).toEqual([dtype, ...(expected[k] as Tensor).shape]);
    count(op.name, "halfGradient", expectValues(numbersOf(gradient), target, { rtol: 4 * unit, atol: 2 * unit * largest }, `${op.name} ${describeSample(sample)}: ${dtype} gradient ${k}`));
  });
}

/** How near a composite of several roundings must come. */
const compositeBounds: Readonly<Partial<Record<DType, Bound>>> = {
  float64: { rtol: 1e-12, atol: 1e-13 },
  float32: { rtol: 1e-5, atol: 2e-6 },
};

/** Kind 4: the op and its definition in simpler ops agree, and so do their gradients. */
function checkComposite(op: Op, sample: Sample<unknown>, dtype: DType, seed: number): void {
  const { composite } = op as ProvenOp;
  const bound = compositeBounds[dtype];
  if (composite === null || bound === undefined) return;
  const random = randomFrom(seed);
  const inputs = operands(sample, dtype, random);
  const what = `${op.name} ${dtype} ${describeSample(sample)} seed ${seed}: fused and composite`;
  const fused = call(op, inputs, sample.attrs);
  const given = leaves(inputs);
  const simple = composite(given, sample.attrs);
  expect([simple.dtype, ...simple.shape]).toEqual([fused.dtype, ...fused.shape]);
  count(op.name, "composite", expectValues(numbersOf(fused), numbersOf(simple), bound, what));
  const dOut = upstream(fused.shape, fused.dtype, random);
  const own = gradients(op, inputs, sample.attrs, dOut);
  const other = grad([simple], given.filter(isFloating), { gradOutputs: [dOut], allowUnused: true });
  own.forEach((gradient, k) => {
    if (gradient === null) return;
    const expected = other[k];
    count(op.name, "composite", expectValues(numbersOf(gradient), expected === null || expected === undefined ? new Float64Array(gradient.numel()) : numbersOf(expected), { rtol: bound.rtol * 10, atol: bound.atol * 10 }, `${what}, gradient ${k}`));
  });
}

describe.each(ops.map((op) => [op.name, op] as const))("%s", (_, op) => {
  const samples = op.samples();

  if (op.differentiable && dtypesOf(op).includes("float64")) {
    test("its gradient is the numeric derivative", () => {
      for (const sample of samples) {
        checkGradient(op, sample, 1);
        checkJacobian(op, sample);
      }
      fc.assert(fc.property(fc.nat(samples.length - 1), fc.integer(), (i, seed) => checkGradient(op, samples[i] as Sample<unknown>, seed)), { seed: 11, numRuns: 6 });
    });

    test.each(["float64", "float32"] as const)("%s: it is the same in the middle of a graph, and for each input alone", (dtype) => {
      for (const sample of samples) checkInsideGraph(op, sample, dtype);
    });

    test.each(["float16", "bfloat16"] as const)("in %s it is that of float32 within a bound", (dtype) => {
      samples.forEach((sample, i) => checkHalf(op, sample, dtype, i));
    });

    test("so is the gradient of its gradient", () => {
      samples.forEach((sample, i) => checkSecond(op, sample, i));
    });
  } else {
    test("has no derivative: its results are not floating, or constant between jumps", () => {
      expect(op.differentiable).toBe(false);
      if (dtypesOf(op).includes("float64")) for (const sample of samples) checkGradient(op, sample, 1);
      exempt(op.name, "gradient", "no derivative");
      exempt(op.name, "second", "no derivative");
      exempt(op.name, "halfGradient", "no derivative");
    });
  }

  if (op.composite === null) {
    test("has no composite: its kernel is its only definition", () => {
      expect(op.createGraphByComposite).toBe(false);
      exempt(op.name, "composite", "no composite");
    });
  } else {
    test.each(["float64", "float32"] as const)("%s: fused equals composite", (dtype) => {
      for (const sample of samples) for (const seed of [1, 2, 3]) checkComposite(op, sample, dtype, seed);
    });
  }
});

test("the inputs that count as constants are real", () => {
  for (const name of Object.keys(constants)) {
    const [op = "", i] = name.split("/");
    expect(opTable.get(op)?.gradients[Number(i)]).toBeNull();
  }
});

test("no op goes without an assertion of each kind", () => {
  expect(uncovered(ops.map((op) => op.name), kinds)).toEqual([]);
});

afterAll(() => console.log(table(ops.map((op) => op.name), kinds)));

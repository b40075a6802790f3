import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { equal, isFloating, isHalf, to, type DType, type Op, type Sample, type Tensor } from "@tapegrad/tensor";
import { laidOut } from "@tapegrad/testing";
import "../backward.ts";
import { describeSample, dtypesOf, everyOp, ops, resized } from "./cases.ts";
import { exact, expectValues, numbersOf } from "./expect-values.ts";
import { expanded, upstream, viewLayouts } from "./layouts.ts";
import { oracles } from "./oracles.ts";
import { randomFrom } from "./random.ts";
import { call, gradients, integerOperands, isRecorded, operands, oracleCall, stored, type OpInputs, type ProvenOp } from "./run-op.ts";
import { count, exempt, table, uncovered, type Kind } from "./tally.ts";

const kinds: readonly Kind[] = ["spec", "oracle", "half", "strides", "repeat"];

/** Kind 1: the declared shape and dtype. */
function checkSpec(op: Op, inputs: OpInputs, attrs: unknown, what: string): Tensor {
  const spec = (op as ProvenOp).infer(inputs, attrs);
  const out = call(op, inputs, attrs);
  if (out.dtype !== spec.dtype || out.shape.join() !== spec.shape.join()) {
    throw new Error(`${what}: declared ${spec.dtype} [${spec.shape.join(", ")}], made ${out.dtype} [${out.shape.join(", ")}]`);
  }
  count(op.name, "spec", 2);
  return out;
}

/** Kind 2: the oracle, within its bound, or exactly. */
function checkOracle(op: Op, inputs: OpInputs, attrs: unknown, integral: boolean, what: string): void {
  const out = checkSpec(op, inputs, attrs, what);
  const oracle = oracles[op.name];
  if (oracle === undefined) throw new Error(`op ${op.name} has no oracle`);
  const call = oracleCall(op, inputs, attrs);
  const expected = oracle.run(call);
  if (expected.shape.join() !== out.shape.join()) throw new Error(`${what}: the oracle made [${expected.shape.join(", ")}], the op [${out.shape.join(", ")}]`);
  const isExact = integral && oracle.exactOnIntegers;
  count(op.name, "oracle", expectValues(numbersOf(out), stored(expected.data, out.dtype), isExact ? exact : oracle.bound(call), what));
}

/** 16-bit floats are storage formats: the result is that of float32, rounded once. */
function checkHalf(op: Op, inputs: OpInputs, attrs: unknown, what: string): void {
  const out = checkSpec(op, inputs, attrs, what);
  const wide = inputs.map((x) => (x !== null && isHalf(x.dtype) ? to(x, "float32") : x));
  const expected = to(call(op, wide, attrs), out.dtype);
  count(op.name, "half", expectValues(numbersOf(out), numbersOf(expected), exact, what));
}

function checkValues(op: Op, sample: Sample<unknown>, dtype: DType, seed: number): void {
  const what = `${op.name} ${dtype} ${describeSample(sample)} seed ${seed}`;
  const inputs = operands(sample, dtype, randomFrom(seed));
  if (isHalf(dtype)) return checkHalf(op, inputs, sample.attrs, what);
  checkOracle(op, inputs, sample.attrs, !isFloating(dtype), what);
  const integers = isFloating(dtype) ? integerOperands(sample, dtype, randomFrom(seed)) : null;
  if (integers !== null) checkOracle(op, integers, sample.attrs, true, `${what} integers`);
}

/** What lies in a tensor's storage, the elements between those of the tensor too. */
function storedNumbers(x: Tensor): number[] {
  return Array.from(x.storage.elements, Number);
}

/** Kind 5: strided operands give what row-major ones give, and stay as they were. */
function checkLayouts(op: Op, sample: Sample<unknown>, dtype: DType, seed: number): void {
  const random = randomFrom(seed);
  const what = `${op.name} ${dtype} ${describeSample(sample)}`;
  const plain = operands(sample, dtype, random);
  const reference = call(op, plain, sample.attrs);
  const dOut = isRecorded(op, plain, reference) ? upstream(reference.shape, reference.dtype, random) : null;
  const own = dOut === null ? [] : gradients(op, plain, sample.attrs, dOut);
  const same = (found: Tensor, expected: Tensor, where: string): void => {
    count(op.name, "strides", expectValues(numbersOf(found), numbersOf(expected), exact, where));
  };
  for (const layout of viewLayouts) {
    if (op.name === "view" && layout !== "narrowed") continue;
    for (let which = -1; which < plain.length; which++) {
      const laid = plain.map((x, i) => (x !== null && (which === -1 || which === i) ? (laidOut(x, layout) ?? x) : x));
      const where = `${what} ${layout} ${which === -1 ? "all" : op.inputs[which]}`;
      const before = laid.map((x) => (x === null ? [] : storedNumbers(x)));
      same(call(op, laid, sample.attrs), reference, where);
      const strided = dOut === null ? null : (laidOut(dOut, layout) ?? dOut);
      if (strided !== null) {
        gradients(op, laid, sample.attrs, strided).forEach((gradient, i) => {
          if (gradient !== null) same(gradient, own[i] as Tensor, `${where} gradient ${i}`);
        });
      }
      laid.forEach((x, i) => {
        if (x !== null) count(op.name, "strides", expectValues(storedNumbers(x), before[i] ?? [], exact, `${where}: input ${op.inputs[i]} was changed`));
      });
    }
  }
  plain.forEach((x, i) => {
    if (x === null || op.name === "view" || sample.inputs[i]?.values !== undefined) return;
    for (let dim = 0; dim < x.ndim; dim++) {
      const { view, copy } = expanded(x, dim);
      const where = `${what} ${op.inputs[i]} expanded along ${dim}`;
      same(call(op, plain.with(i, view), sample.attrs), call(op, plain.with(i, copy), sample.attrs), where);
    }
  });
}

/** Kind 5: two runs give the same bits; random ops too, since their attributes hold the place in the stream. */
function checkRepeat(op: Op, sample: Sample<unknown>, dtype: DType): void {
  const inputs = operands(sample, dtype, randomFrom(5));
  const [first, second] = [call(op, inputs, sample.attrs), call(op, inputs, sample.attrs)];
  expect(equal(first, second)).toBe(true);
  count(op.name, "repeat");
  if (!isRecorded(op, inputs, first)) return;
  const dOut = upstream(first.shape, first.dtype, randomFrom(6));
  const [one, two] = [gradients(op, inputs, sample.attrs, dOut), gradients(op, inputs, sample.attrs, dOut)];
  one.forEach((gradient, i) => {
    expect(gradient === null ? two[i] === null : equal(gradient, two[i] as Tensor)).toBe(true);
    count(op.name, "repeat");
  });
}

describe.each(ops.map((op) => [op.name, op] as const))("%s", (_, op) => {
  const samples = op.samples();

  test("has samples", () => expect(samples.length).toBeGreaterThan(0));

  test.each(dtypesOf(op))("%s: shape, dtype and values are the oracle's", (dtype) => {
    for (const sample of [...samples, ...resized(op)]) checkValues(op, sample, dtype, 1);
    fc.assert(fc.property(fc.nat(samples.length - 1), fc.integer(), (i, seed) => checkValues(op, samples[i] as Sample<unknown>, dtype, seed)), { seed: 7, numRuns: 12 });
  });

  test.each(dtypesOf(op))("%s: strided operands equal row-major ones, and are left alone", (dtype) => {
    samples.forEach((sample, i) => checkLayouts(op, sample, dtype, i));
  });

  test.each(dtypesOf(op))("%s: two runs give the same bits", (dtype) => {
    for (const sample of samples) checkRepeat(op, sample, dtype);
  });

  test("takes both of the 16-bit floats or none", () => {
    expect(op.dtypes.includes("bfloat16")).toBe(op.dtypes.includes("float16"));
  });

  if (!dtypesOf(op).some(isHalf)) {
    test(`takes no 16-bit floats: its dtypes are ${op.dtypes.join(", ")}`, () => {
      expect(op.dtypes.filter(isHalf)).toEqual([]);
      exempt(op.name, "half", "takes no 16-bit floats");
    });
  }
});

test("every op has an oracle, and every oracle an op", () => {
  expect(Object.keys(oracles).sort()).toEqual(everyOp.map(({ name }) => name).sort());
});

test("no op goes without an assertion of each kind", () => {
  expect(uncovered(ops.map((op) => op.name), kinds)).toEqual([]);
});

afterAll(() => console.log(table(ops.map((op) => op.name), kinds)));

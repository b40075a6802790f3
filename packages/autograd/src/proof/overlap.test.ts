import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { setNumThreads } from "@tapegrad/kernels";
import {
  adamStep, add_, arange, batchNorm, copy_, div_, isFloating, mul_, optimizerState, sgdStep, sub_, tensor, zeros, type DType, type Tensor,
} from "@tapegrad/tensor";
import "../backward.ts";
import { noGrad } from "../grad-mode.ts";

afterAll(() => setNumThreads(1));

/** A window of a matrix of 8 by 8: rows and columns, each from a start in steps; perhaps turned. */
interface Part {
  readonly starts: readonly [number, number];
  readonly steps: readonly [number, number];
  readonly isTurned: boolean;
}

const windows: fc.Arbitrary<Part> = fc.record({
  starts: fc.tuple(fc.nat(2), fc.nat(2)), steps: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })), isTurned: fc.boolean(),
});

function show(base: Tensor, { starts, steps, isTurned }: Part, [rows, columns]: readonly [number, number]): Tensor {
  const matrix = isTurned ? base.t() : base;
  return matrix.slice(0, starts[0], starts[0] + (rows - 1) * steps[0] + 1, steps[0]).slice(1, starts[1], starts[1] + (columns - 1) * steps[1] + 1, steps[1]);
}

const changes: Readonly<Record<string, (x: Tensor, other: Tensor) => Tensor>> = { copy_, add_, sub_, mul_, div_ };
const dtypes: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool"];

const matrix = (dtype: DType): Tensor => tensor(Float64Array.from({ length: 64 }, (_, i) => (i % 13) + 1), { shape: [8, 8], dtype });

describe.each(Object.keys(changes))("%s", (name) => {
  const change = changes[name] as (x: Tensor, other: Tensor) => Tensor;
  test.each(dtypes)("%s: between parts of one tensor it does what it does with a copy", (dtype) => {
    if ((name === "sub_" && dtype === "bool") || (name === "div_" && !isFloating(dtype))) return;
    fc.assert(fc.property(windows, windows, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.boolean(), (to, from, rows, columns, isRow) => {
      const [found, expected] = [matrix(dtype), matrix(dtype)];
      const sizes = [rows, columns] as const;
      const sourceSizes = [isRow ? 1 : rows, columns] as const;
      change(show(found, to, sizes), show(found, from, sourceSizes));
      change(show(expected, to, sizes), show(expected, from, sourceSizes).clone());
      expect(found.toArray()).toEqual(expected.toArray());
    }), { numRuns: 150, seed: 5 });
  });
  test("of a whole tensor with its transpose", () => {
    const [found, expected] = [matrix("float32"), matrix("float32")];
    change(found, found.t());
    change(expected, expected.t().clone());
    expect(found.toArray()).toEqual(expected.toArray());
  });
});

describe("with any number of threads", () => {
  test.each([1, 2, 4])("%i", (threads) => {
    setNumThreads(threads);
    const n = 300_000;
    const line = arange(n);
    line.narrow(0, 1, n - 1).copy_(line.narrow(0, 0, n - 1));
    expect([...line.toTypedArray()].every((value, i) => value === Math.max(0, i - 1))).toBe(true);
    const square = arange(600 * 600).reshape([600, 600]).to("float32");
    const turned = square.t().clone();
    square.copy_(square.t());
    expect(square.toTypedArray()).toEqual(turned.toTypedArray());
  });
});

describe("what else writes into memory that is there", () => {
  const numbers = (): Tensor => tensor(Float32Array.from({ length: 40 }, (_, i) => Math.sin(i + 1)));
  const options = { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0.01, nesterov: false, maximize: false };
  const steps: Readonly<Record<string, (p: Tensor, g: Tensor) => void>> = {
    SGD: (p, g) => sgdStep(p, g, optimizerState(p), { ...options, first: true }),
    Adam: (p, g) => adamStep(p, g, optimizerState(p), optimizerState(p), null, { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, decoupled: false, maximize: false, step: 1 }),
  };
  test.each(Object.keys(steps))("a step of %s whose gradient overlaps the parameter", (name) => {
    const step = steps[name] as (p: Tensor, g: Tensor) => void;
    for (const [to, from] of [[3, 0], [0, 3], [1, 1]] as const) {
      const [found, expected] = [numbers(), numbers()];
      step(found.narrow(0, to, 37), found.narrow(0, from, 37));
      step(expected.narrow(0, to, 37), expected.narrow(0, from, 37).clone());
      expect(found.toArray()).toEqual(expected.toArray());
    }
  });
  test.each(["float32", "float16", "bfloat16"] as const)("a %s gradient added to one that it overlaps", (dtype) => {
    const all = numbers().to(dtype);
    const expected = noGrad(() => all.narrow(0, 1, 37).add(all.narrow(0, 0, 37)));
    const x = zeros([37], { dtype, requiresGrad: true });
    x.grad = all.narrow(0, 1, 37);
    x.backward(all.narrow(0, 0, 37));
    expect(x.grad.toArray()).toEqual(expected.toArray());
  });
  test("running statistics that are part of the input", () => {
    const x = tensor(Float32Array.from({ length: 12 }, (_, i) => i * i), { shape: [4, 3] });
    const run = (input: Tensor, row: Tensor): unknown[] => {
      const out = batchNorm(input, { training: true, runningMean: row });
      return [out.toArray(), row.toArray()];
    };
    const apart = x.clone();
    expect(run(x, x.select(0, 0))).toEqual(run(apart, apart.select(0, 0).clone()));
  });
});

describe("a tensor whose elements coincide", () => {
  const expanded: Readonly<Record<string, () => Tensor>> = {
    "a number": () => zeros([]).expand([3]),
    "one entry": () => zeros([1]).expand([3]),
    "a row": () => zeros([1, 3]).expand([2, 3]),
    "a column, turned": () => zeros([3, 1]).expand([3, 2]).t(),
    "a part of a row": () => zeros([1, 4]).expand([2, 4]).narrow(1, 1, 2),
    "one view more": () => zeros([2, 1, 3]).expand([2, 2, 3]).unsqueeze(0),
  };
  const inPlace: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    add_: (x) => x.add_(1), sub_: (x) => x.sub_(1), mul_: (x) => x.mul_(2), div_: (x) => x.div_(2), relu_: (x) => x.relu_(), clamp_: (x) => x.clamp_({ min: 1 }),
    copy_: (x) => x.copy_(zeros(x.shape)),
  };
  test.each(Object.keys(expanded).flatMap((what) => Object.keys(inPlace).map((name) => [name, what] as const)))("%s refuses %s, recording or not", (name, what) => {
    const make = expanded[what] as () => Tensor;
    const change = inPlace[name] as (x: Tensor) => Tensor;
    expect(() => change(make())).toThrow(expect.objectContaining({ code: "inPlace/coinciding" }));
    expect(() => noGrad(() => change(make()))).toThrow(expect.objectContaining({ code: "inPlace/coinciding" }));
  });
  test.each(Object.keys(expanded))("one value for all is taken by %s", (what) => {
    const x = (expanded[what] as () => Tensor)();
    expect(new Set(x.fill_(5).toTypedArray())).toEqual(new Set([5]));
    expect(new Set(x.zero_().toTypedArray())).toEqual(new Set([0]));
  });
  test("expanding by nothing, or a dimension of size 1, leaves it writable", () => {
    expect(zeros([2, 3]).expand([2, 3]).add_(1).toArray()).toEqual([[1, 1, 1], [1, 1, 1]]);
    expect(zeros([3]).expand([1, 3]).add_(1).toArray()).toEqual([[1, 1, 1]]);
  });
});

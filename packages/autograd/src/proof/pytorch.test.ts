import { describe, expect, test } from "vitest";
import * as tg from "@tapegrad/tensor";
import { opTable, type Pair, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { expectValues, numbersOf } from "./expect-values.ts";
import { fixture, numbers, tensorOf, type Case, type WrittenArray } from "./pytorch.ts";
import { fromValues } from "./operands.ts";
import { call } from "./run-op.ts";

type Run = (inputs: readonly Tensor[], options: Readonly<Record<string, unknown>>) => Tensor;

/** Two ways of adding up float64 numbers differ by this at most. */
const bound = { rtol: 1e-11, atol: 1e-13 };

const unary = (f: (x: Tensor, options: never) => Tensor): Run => ([x], options) => f(x as Tensor, options as never);
const binary = (f: (a: Tensor, b: Tensor) => Tensor): Run => ([a, b]) => f(a as Tensor, b as Tensor);

function withWeight(options: Readonly<Record<string, unknown>>): object {
  return options["weight"] === undefined ? options : { ...options, weight: tensorOf(options["weight"] as WrittenArray) };
}

/** How the fixture's names are called here. */
const calls: Readonly<Record<string, Run>> = {
  conv2d: ([x, w, b], options) => tg.conv2d(x as Tensor, w as Tensor, b ?? null, options),
  maxPool2d: ([x], { kernelSize, ...options }) => tg.maxPool2d(x as Tensor, kernelSize as number | Pair, options),
  avgPool2d: ([x], { kernelSize, ...options }) => tg.avgPool2d(x as Tensor, kernelSize as number | Pair, options),
  batchNorm: ([x, weight, bias], options) => tg.batchNorm(x as Tensor, { ...options, weight: weight ?? null, bias: bias ?? null }),
  softmax: ([x], { dim }) => tg.softmax(x as Tensor, dim as number),
  logSoftmax: ([x], { dim }) => tg.logSoftmax(x as Tensor, dim as number),
  crossEntropy: ([x, t], options) => tg.crossEntropy(x as Tensor, t as Tensor, withWeight(options)),
  nllLoss: ([x, t], options) => tg.nllLoss(x as Tensor, t as Tensor, withWeight(options)),
  mseLoss: ([x, y], options) => tg.mseLoss(x as Tensor, y as Tensor, options),
  linear: ([x, w, b]) => tg.linear(x as Tensor, w as Tensor, b ?? null),
  max: ([x], { dim }) => tg.max(x as Tensor, dim as number).values,
  min: ([x], { dim }) => tg.min(x as Tensor, dim as number).values,
  powScalar: ([x], { exponent }) => tg.pow(x as Tensor, exponent as number),
  where: ([c, a, b]) => tg.where(c as Tensor, a as Tensor, b as Tensor),
  gather: ([x, i], { dim }) => tg.gather(x as Tensor, dim as number, i as Tensor),
  indexSelect: ([x, i], { dim }) => tg.indexSelect(x as Tensor, dim as number, i as Tensor),
  cat: ([a, b], { dim }) => tg.cat([a as Tensor, b as Tensor], dim as number),
  stack: ([a, b], { dim }) => tg.stack([a as Tensor, b as Tensor], dim as number),
  matmul: binary(tg.matmul), add: binary(tg.add), sub: binary(tg.sub), mul: binary(tg.mul), div: binary(tg.div), pow: binary(tg.pow),
  maximum: binary(tg.maximum), minimum: binary(tg.minimum), remainder: binary(tg.remainder),
  sum: unary(tg.sum), mean: unary(tg.mean), variance: unary(tg.variance), std: unary(tg.std), amax: unary(tg.amax), amin: unary(tg.amin),
  norm: unary(tg.norm), prod: unary(tg.prod), logsumexp: unary(tg.logsumexp), relu: unary(tg.relu), abs: unary(tg.abs), sign: unary(tg.sign),
  leakyRelu: unary(tg.leakyRelu), clamp: unary(tg.clamp), softplus: unary(tg.softplus), floor: unary(tg.floor), ceil: unary(tg.ceil),
  round: unary(tg.round), trunc: unary(tg.trunc), square: unary(tg.square), sigmoid: unary(tg.sigmoid), tanh: unary(tg.tanh), erf: unary(tg.erf),
  exp: unary(tg.exp), expm1: unary(tg.expm1), sin: unary(tg.sin), cos: unary(tg.cos), tan: unary(tg.tan), sqrt: unary(tg.sqrt), log: unary(tg.log),
  log1p: unary(tg.log1p), log2: unary(tg.log2), log10: unary(tg.log10), rsqrt: unary(tg.rsqrt), reciprocal: unary(tg.reciprocal),
};

function nameOf({ op, inputs, options }: Case): string {
  return `${op} ${inputs.map((x) => (x === null ? "none" : `[${x.shape.join(", ")}]`)).join(", ")} ${JSON.stringify(options).slice(0, 120)}`;
}

describe(`PyTorch ${fixture.torch} gives the same results and gradients`, () => {
  test.each(fixture.cases.map((call, i) => [`${i} ${nameOf(call)}`, call] as const))("%s", (_, call) => {
    const run = calls[call.op] as Run;
    const leaves = call.inputs.map((array) => {
      const x = array === null ? null : tensorOf(array);
      return x !== null && x.dtype === "float64" ? x.requiresGrad_() : x;
    });
    const running = call.running?.map(tensorOf);
    const options = running === undefined ? call.options : { ...call.options, runningMean: running[0], runningVar: running[1] };
    const out = run(leaves as Tensor[], options);
    expect([...out.shape]).toEqual(call.out.shape);
    expectValues(numbersOf(out), numbers(call.out.values), bound, "result");
    running?.forEach((x, i) => expectValues(numbersOf(x), numbers(call.runningAfter?.[i]?.values ?? []), bound, "running statistics"));
    const wanted = leaves.flatMap((x, i) => (x !== null && call.grads[i] !== null ? [{ x, expected: call.grads[i] as WrittenArray }] : []));
    const found = grad([out], wanted.map(({ x }) => x), { gradOutputs: [tensorOf(call.dOut)] });
    wanted.forEach(({ expected }, k) => {
      const gradient = found[k] as Tensor;
      expect([...gradient.shape]).toEqual(expected.shape);
      expectValues(numbersOf(gradient), numbers(expected.values), bound, `gradient ${k}`);
    });
  });
});

describe("special values: zeros of both signs, subnormal, huge, infinite, NaN", () => {
  const specials = numbers(fixture.specials.values);
  // Two roundings apart at most; NaN, infinities and exact results must be met.
  const near = { rtol: 4 * 2 ** -23, atol: 2 ** -148 };
  const signOf = (values: Float64Array): boolean[] => Array.from(values, (value) => Object.is(value, -0));
  // Results that are zero in PyTorch's vector code for want of precision, or whose zero has another sign there.
  const subnormal = (found: Float64Array, expected: Float64Array): Float64Array => found.map((value, i) => (expected[i] === 0 && Math.abs(value) < 1e-38 ? 0 : value));

  const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;
  const bothZero = (a: number, b: number): boolean => a === 0 && b === 0;
  /** Pairs where PyTorch's vector code is not the measure: it takes either zero for the larger, and subnormal divisors for 0. */
  const apart: Readonly<Record<string, (a: number, b: number) => boolean>> = {
    maximum: bothZero,
    minimum: bothZero,
    remainder: (_, b) => isSubnormal(b),
    floorDivide: (_, b) => isSubnormal(b),
  };

  test.each(Object.keys(fixture.specials.unary))("%s", (name) => {
    const op = opTable.get(name);
    if (op === undefined) throw new Error(`no op ${name}`);
    const expected = numbers(fixture.specials.unary[name] ?? []);
    const found = numbersOf(call(op, [fromValues(specials, [specials.length], "float32")], null));
    expectValues(subnormal(found, expected), expected, near, name);
    expect(signOf(found)).toEqual(signOf(expected));
  });

  test.each(Object.keys(fixture.specials.binary))("%s", (name) => {
    const op = opTable.get(name);
    if (op === undefined) throw new Error(`no op ${name}`);
    const n = specials.length;
    const expected = numbers(fixture.specials.binary[name] ?? []);
    const found = numbersOf(call(op, [fromValues(specials, [n, 1], "float32"), fromValues(specials, [n], "float32")], null));
    const isCompared = (_: number, i: number): boolean => !(apart[name]?.(specials[Math.floor(i / n)] as number, specials[i % n] as number) ?? false);
    expectValues(subnormal(found, expected).filter(isCompared), expected.filter(isCompared), near, name);
    expect(signOf(found.filter(isCompared))).toEqual(signOf(expected.filter(isCompared)));
  });
});

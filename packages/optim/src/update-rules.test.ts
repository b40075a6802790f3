import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as reference from "@tapegrad/reference";
import { tensor, type DType, type Tensor } from "@tapegrad/tensor";
import { pattern } from "@tapegrad/test-support";
import { expectClose, type ExpectCloseOptions } from "@tapegrad/testing";
import { Adam, AdamW, type AdamOptions } from "./adam.ts";
import { SGD, type SGDOptions } from "./sgd.ts";

type OptimizerCase = { readonly lrs: readonly number[] | null; readonly weights: readonly (readonly number[])[] } & (
  | { readonly optimizer: "SGD"; readonly options: Partial<SGDOptions> & { lr: number } }
  | { readonly optimizer: "Adam" | "AdamW"; readonly options: Partial<AdamOptions> }
);

const fixtures: { torch: string; recordedSteps: number[]; cases: OptimizerCase[] } = JSON.parse(readFileSync(new URL("../fixtures/pytorch.json", import.meta.url), "utf8"));

function make(recorded: OptimizerCase, w: Tensor): SGD | Adam | AdamW {
  if (recorded.optimizer === "SGD") return new SGD([w], recorded.options);
  return recorded.optimizer === "Adam" ? new Adam([w], recorded.options) : new AdamW([w], recorded.options);
}

/** float64 differs from PyTorch by the order of a few roundings; float32, over ten steps of numbers around 1, by its own. */
const tolerances: readonly (readonly [DType, number])[] = [["float64", 1e-12], ["float32", 5e-6]];

const within = (tolerance: number, name: string): ExpectCloseOptions => ({ rtol: 0, atol: tolerance, name });

describe(`ten steps equal PyTorch ${fixtures.torch}'s`, () => {
  const cases = fixtures.cases.flatMap((recorded) => tolerances.map(([dtype, tolerance]) => [recorded.optimizer, recorded.options, dtype, tolerance, recorded] as const));
  test.each(cases)("%s %j in %s, to %d", (_optimizer, _options, dtype, tolerance, recorded) => {
    const w = tensor(pattern([7], 1), { dtype, requiresGrad: true });
    const optimizer = make(recorded, w);
    const seen: ArrayLike<number>[] = [];
    for (let t = 0; t < 10; t++) {
      const lr = recorded.lrs?.[t];
      if (lr !== undefined) for (const group of optimizer.paramGroups) group.lr = lr;
      w.grad = tensor(pattern([7], 2 + t), { dtype });
      optimizer.step();
      if (fixtures.recordedSteps.includes(t + 1)) seen.push(w.toTypedArray());
    }
    expect(seen).toHaveLength(recorded.weights.length);
    recorded.weights.forEach((expected, i) => expectClose(Float64Array.from(seen[i] ?? []), expected, within(tolerance, `weight after step ${fixtures.recordedSteps[i]}`)));
  });
});

describe("steps equal the reference's", () => {
  // Sizes around the kernels' lanes and their tails; some steps, each with a gradient of its own.
  const run = fc.record({ size: fc.integer({ min: 1, max: 19 }), steps: fc.integer({ min: 1, max: 5 }), seed: fc.nat(5000), learningRate: fc.constantFrom(0.001, 0.1, 0.5) });
  const dtype = fc.constantFrom(...tolerances);

  function expectSteps<State>(
    { size, steps, seed, type, tolerance }: { size: number; steps: number; seed: number; type: DType; tolerance: number },
    makeOptimizer: (w: Tensor) => SGD | Adam | AdamW,
    step: (w: Float64Array, dW: Float64Array, state: State) => { w: Float64Array; state: State },
    initial: State,
  ): void {
    const tape = tensor(pattern([size], seed), { dtype: type, requiresGrad: true });
    const optimizer = makeOptimizer(tape);
    let expected = { w: pattern([size], seed), state: initial };
    for (let t = 1; t <= steps; t++) {
      const dW = pattern([size], seed + t);
      tape.grad = tensor(dW, { dtype: type });
      optimizer.step();
      expected = step(expected.w, dW, expected.state);
      expectClose(tape, expected.w, within(tolerance, `weight after step ${t}`));
    }
  }

  test("SGD with momentum, dampening, weight decay", () => {
    const options = fc.record({ momentum: fc.constantFrom(0.5, 0.9), dampening: fc.constantFrom(0, 0.4), weightDecay: fc.constantFrom(0, 0.1) });
    fc.assert(
      fc.property(run, dtype, options, ({ learningRate, ...rest }, [type, tolerance], rule) => {
        expectSteps<Float64Array | null>({ ...rest, type, tolerance }, (w) => new SGD([w], { lr: learningRate, ...rule }), (w, dW, buffer) => {
          const next = reference.sgdBufferStep(w, dW, buffer, { learningRate, ...rule });
          return { w: next.w, state: next.buffer };
        }, null);
      }),
    );
  });

  test("SGD without momentum, and with Nesterov's", () => {
    fc.assert(
      fc.property(run, dtype, fc.constantFrom(0, 0.1), ({ learningRate, ...rest }, [type, tolerance], weightDecay) => {
        expectSteps({ ...rest, type, tolerance }, (w) => new SGD([w], { lr: learningRate }), (w, dW) => ({ w: reference.sgdStep(w, dW, { learningRate }), state: null }), null);
        const rule = { momentum: 0.9, weightDecay };
        expectSteps<Float64Array | null>({ ...rest, type, tolerance }, (w) => new SGD([w], { lr: learningRate, ...rule, nesterov: true }), (w, dW, buffer) => {
          const next = reference.nesterovBufferStep(w, dW, buffer, { learningRate, ...rule });
          return { w: next.w, state: next.buffer };
        }, null);
      }),
    );
  });

  test("Adam and AdamW", () => {
    // Where decay and gradient cancel, all that is left in float32 is rounding, which a small epsilon would blow up.
    const constants = fc.constantFrom({ epsilon: 1e-8, weightDecay: 0 }, { epsilon: 1e-3, weightDecay: 0 }, { epsilon: 1e-3, weightDecay: 0.1 });
    fc.assert(
      fc.property(run, dtype, fc.constantFrom(0, 0.9), fc.constantFrom(0.9, 0.999), constants, fc.boolean(), ({ learningRate, ...rest }, [type, tolerance], beta1, beta2, others, decoupled) => {
        const rule = { beta1, beta2, ...others };
        const ours = { lr: learningRate, betas: [rule.beta1, rule.beta2], eps: rule.epsilon, weightDecay: rule.weightDecay } as const;
        const step = decoupled ? reference.adamwStep : reference.adamStep;
        const zero: Float64Array = new Float64Array(rest.size);
        expectSteps<reference.AdamState>({ ...rest, type, tolerance }, (w) => (decoupled ? new AdamW([w], ours) : new Adam([w], ours)), (w, dW, state) => step(w, dW, state, { learningRate, ...rule }), { m: zero, v: zero, t: 0 });
      }),
    );
  });
});

describe("steps reproduce CS231n's figures", () => {
  interface Range {
    readonly from: number;
    readonly to: number;
    readonly shape: number[];
  }
  interface Figures {
    readonly sgdMomentum: { w: Range; dw: Range; velocity: Range; learningRate: number; momentum: number; nextW: number[][]; nextVelocity: number[][] };
    readonly adam: { w: Range; dw: Range; m: Range; v: Range; tBefore: number; learningRate: number; nextW: number[][]; nextM: number[][]; nextV: number[][] };
  }
  const { sgdMomentum, adam }: Figures = JSON.parse(readFileSync(new URL("../../reference/fixtures/cs231n.json", import.meta.url), "utf8"));

  const read = ({ from, to, shape }: Range, requiresGrad = false): Tensor => tensor(reference.linspace(from, to, shape).data, { shape, requiresGrad });

  // The figures have eight digits or more.
  test("momentum: their velocity is -lr times PyTorch's buffer", () => {
    const { learningRate: lr, momentum } = sgdMomentum;
    const w = read(sgdMomentum.w, true);
    const optimizer = new SGD([w], { lr, momentum });
    const { paramGroups } = optimizer.stateDict();
    optimizer.loadStateDict({ paramGroups, state: { 0: { momentumBuffer: read(sgdMomentum.velocity).div(-lr) } } });
    w.grad = read(sgdMomentum.dw);
    optimizer.step();
    expectClose(w, Float64Array.from(sgdMomentum.nextW.flat()), within(1e-8, "weight"));
    const buffer = optimizer.stateDict().state[0]?.["momentumBuffer"];
    if (buffer === undefined || typeof buffer === "number") throw new Error("no momentum buffer");
    expectClose(buffer.mul(-lr), Float64Array.from(sgdMomentum.nextVelocity.flat()), within(1e-8, "velocity"));
  });

  test("Adam, from its sixth step", () => {
    const w = read(adam.w, true);
    const optimizer = new Adam([w], { lr: adam.learningRate });
    const { paramGroups } = optimizer.stateDict();
    optimizer.loadStateDict({ paramGroups, state: { 0: { step: adam.tBefore, expAvg: read(adam.m), expAvgSq: read(adam.v) } } });
    w.grad = read(adam.dw);
    optimizer.step();
    expectClose(w, Float64Array.from(adam.nextW.flat()), within(1e-8, "weight"));
    const { step, expAvg, expAvgSq } = optimizer.stateDict().state[0] ?? {};
    expect(step).toBe(adam.tBefore + 1);
    if (expAvg === undefined || typeof expAvg === "number" || expAvgSq === undefined || typeof expAvgSq === "number") throw new Error("no averages");
    expectClose(expAvg, Float64Array.from(adam.nextM.flat()), within(1e-8, "m"));
    expectClose(expAvgSq, Float64Array.from(adam.nextV.flat()), within(1e-8, "v"));
  });
});

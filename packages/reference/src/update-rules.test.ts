import fc from "fast-check";
import { describe, expect, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { adagradStep } from "./adagrad.ts";
import { adamStep, adamwStep, type AdamState } from "./adam.ts";
import { assertClose } from "./assert-close.ts";
import { fromNested, linspace, ndarray } from "./nd-array.ts";
import { rmspropStep } from "./rmsprop.ts";
import { nesterovBufferStep, nesterovVelocityStep, sgdBufferStep, sgdStep, sgdVelocityStep } from "./sgd.ts";
import { arrayOf, pattern } from "./test-inputs.ts";

const exact = { rtol: 1e-12, atol: 1e-14 };

function read({ from, to, shape }: { from: number; to: number; shape: number[] }): Float64Array {
  return linspace(from, to, shape).data;
}

describe("update rules reproduce CS231n's figures", () => {
  it("momentum", () => {
    const { w, dw, velocity, learningRate, momentum, nextW, nextVelocity } = figures.sgdMomentum;
    const next = sgdVelocityStep(read(w), read(dw), read(velocity), { learningRate, momentum });
    assertClose(ndarray(next.w, w.shape), fromNested(nextW), exact);
    assertClose(ndarray(next.velocity, w.shape), fromNested(nextVelocity), exact);
  });

  it("RMSprop", () => {
    const { w, dw, cache, learningRate, decayRate, epsilon, nextW, nextCache } = figures.rmsprop;
    const next = rmspropStep(read(w), read(dw), read(cache), { learningRate, decayRate, epsilon });
    assertClose(ndarray(next.w, w.shape), fromNested(nextW), exact);
    assertClose(ndarray(next.cache, w.shape), fromNested(nextCache), exact);
  });

  it("Adam", () => {
    const { w, dw, m, v, tBefore, learningRate, nextW, nextM, nextV } = figures.adam;
    const next = adamStep(read(w), read(dw), { m: read(m), v: read(v), t: tBefore }, { learningRate });
    // Their eps joins sqrt(v / (1 - beta2^t)), the same place as ours.
    assertClose(ndarray(next.w, w.shape), fromNested(nextW), exact);
    assertClose(ndarray(next.state.m, w.shape), fromNested(nextM), exact);
    assertClose(ndarray(next.state.v, w.shape), fromNested(nextV), exact);
  });
});

describe("update rules equal PyTorch over three steps", () => {
  const zero: Float64Array = new Float64Array(5);

  /** Runs a rule from its first state over the gradients of the fixture. */
  function train<State>(state: State, step: (w: Float64Array, dW: Float64Array, state: State) => readonly [Float64Array, State]): Float64Array {
    let [w, current] = [pattern([5], 1).data, state];
    for (const seed of [2, 3, 4]) [w, current] = step(w, pattern([5], seed).data, current);
    return w;
  }

  const momentum = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.05 };
  const start: AdamState = { m: zero, v: zero, t: 0 };
  const trained: Record<keyof typeof pytorch.optimizers, () => Float64Array> = {
    sgd: () => train(null, (w, dW) => [sgdStep(w, dW, { learningRate: 0.1 }), null]),
    sgdBuffer: () =>
      train<Float64Array | null>(null, (w, dW, buffer) => {
        const next = sgdBufferStep(w, dW, buffer, { ...momentum, dampening: 0.2 });
        return [next.w, next.buffer];
      }),
    nesterovBuffer: () =>
      train<Float64Array | null>(null, (w, dW, buffer) => {
        const next = nesterovBufferStep(w, dW, buffer, momentum);
        return [next.w, next.buffer];
      }),
    rmsprop: () =>
      train<Float64Array>(zero, (w, dW, cache) => {
        const next = rmspropStep(w, dW, cache, { learningRate: 0.01 });
        return [next.w, next.cache];
      }),
    adagrad: () =>
      train<Float64Array>(zero, (w, dW, cache) => {
        const next = adagradStep(w, dW, cache, { learningRate: 0.1 });
        return [next.w, next.cache];
      }),
    adam: () =>
      train(start, (w, dW, state) => {
        const next = adamStep(w, dW, state, { learningRate: 0.01, weightDecay: 0.1 });
        return [next.w, next.state];
      }),
    adamw: () =>
      train(start, (w, dW, state) => {
        const next = adamwStep(w, dW, state, { learningRate: 0.01 });
        return [next.w, next.state];
      }),
  };

  it.each(Object.entries(trained))("%s", (name, run) => {
    const recorded = Object.entries(pytorch.optimizers).find(([recordedName]) => recordedName === name)?.[1];
    if (recorded === undefined) throw new Error(`the fixture lacks ${name}`);
    assertClose(ndarray(run(), [5]), ndarray(recorded.data, recorded.shape), { rtol: 1e-11, atol: 1e-12 });
  });
});

describe("the two forms of momentum", () => {
  it("take the same steps: velocity = -learningRate * buffer", () => {
    const gradients = fc.array(arrayOf([3]), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(gradients, fc.constantFrom(0.5, 0.9), (steps, momentum) => {
        const options = { learningRate: 0.1, momentum };
        const forms = [
          { velocityStep: sgdVelocityStep, bufferStep: sgdBufferStep },
          { velocityStep: nesterovVelocityStep, bufferStep: nesterovBufferStep },
        ];
        for (const { velocityStep, bufferStep } of forms) {
          let byVelocity: { w: Float64Array; velocity: Float64Array } = { w: new Float64Array(3), velocity: new Float64Array(3) };
          let byBuffer: { w: Float64Array; buffer: Float64Array | null } = { w: new Float64Array(3), buffer: null };
          for (const dW of steps) {
            byVelocity = velocityStep(byVelocity.w, dW.data, byVelocity.velocity, options);
            byBuffer = bufferStep(byBuffer.w, dW.data, byBuffer.buffer, options);
          }
          assertClose(ndarray(byVelocity.w, [3]), ndarray(byBuffer.w, [3]), { rtol: 1e-12, atol: 1e-13 });
        }
      }),
    );
  });

  it("need momentum and no dampening for Nesterov's", () => {
    const step = (momentum: number, dampening: number) => (): unknown =>
      nesterovBufferStep(new Float64Array(1), new Float64Array(1), null, { learningRate: 0.1, momentum, dampening });
    expect(step(0, 0)).toThrow(new RangeError("nesterovBufferStep: momentum = 0 must be above 0 and dampening = 0 must be 0"));
    expect(step(0.9, 0.1)).toThrow(new RangeError("nesterovBufferStep: momentum = 0.9 must be above 0 and dampening = 0.1 must be 0"));
  });
});

import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { firstDifference, numbersFrom, size } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Floats = Float32Array | Float64Array;
type FloatsType = typeof Float32Array | typeof Float64Array;
type Gradients = (step: number) => number[];

interface Sgd {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: number;
  readonly maximize: number;
}

interface Adam {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly decoupled: number;
  readonly amsgrad: number;
  readonly maximize: number;
}

/** `steps` steps from `param` with the gradients of `gradAt`. */
function runSgd(type: FloatsType, param: readonly number[], gradAt: Gradients, steps: number, o: Sgd): Floats {
  const code = type === Float32Array ? 0 : 1;
  return inArena((arena) => {
    const n = param.length;
    const p = arena.put(type.from(param), type.BYTES_PER_ELEMENT), buffer = o.momentum === 0 ? 0 : arena.room(n * type.BYTES_PER_ELEMENT);
    for (let step = 1; step <= steps; step++) {
      const grad = arena.put(type.from(gradAt(step)));
      wasm.sgdStep(code, p, grad, buffer, n, o.lr, o.momentum, o.dampening, o.weightDecay, o.nesterov, Number(step === 1), o.maximize);
    }
    return arena.read<Floats>(type, p, n);
  });
}

function runAdam(type: FloatsType, param: readonly number[], gradAt: Gradients, steps: number, o: Adam): Floats {
  const code = type === Float32Array ? 0 : 1;
  return inArena((arena) => {
    const n = param.length;
    const p = arena.put(type.from(param), type.BYTES_PER_ELEMENT);
    const m = arena.put(new type(n)), v = arena.put(new type(n)), maxV = o.amsgrad === 0 ? 0 : arena.put(new type(n));
    for (let step = 1; step <= steps; step++) {
      const grad = arena.put(type.from(gradAt(step)));
      const corrections = [1 - o.beta1 ** step, 1 - o.beta2 ** step] as const;
      wasm.adamStep(code, p, grad, m, v, maxV, n, o.lr, o.beta1, o.beta2, o.eps, o.weightDecay, o.decoupled, ...corrections, o.maximize);
    }
    return arena.read<Floats>(type, p, n);
  });
}

function naiveSgd(param: readonly number[], gradAt: Gradients, steps: number, o: Sgd): number[] {
  const p = [...param];
  const buffer: number[] = [];
  for (let step = 1; step <= steps; step++) {
    gradAt(step).forEach((grad, i) => {
      const d = (o.maximize ? -grad : grad) + o.weightDecay * (p[i] ?? NaN);
      let update = d;
      if (o.momentum !== 0) {
        buffer[i] = step === 1 ? d : o.momentum * (buffer[i] ?? NaN) + (1 - o.dampening) * d;
        update = o.nesterov ? d + o.momentum * buffer[i] : buffer[i];
      }
      p[i] = (p[i] ?? NaN) - o.lr * update;
    });
  }
  return p;
}

function naiveAdam(param: readonly number[], gradAt: Gradients, steps: number, o: Adam): number[] {
  const p = [...param], m = p.map(() => 0), v = p.map(() => 0), maxV = p.map(() => 0);
  for (let step = 1; step <= steps; step++) {
    gradAt(step).forEach((grad, i) => {
      let value = p[i] ?? NaN;
      const g = (o.maximize ? -grad : grad) + (o.decoupled ? 0 : o.weightDecay * value);
      if (o.decoupled) value *= 1 - o.lr * o.weightDecay;
      const first = o.beta1 * (m[i] ?? NaN) + (1 - o.beta1) * g, second = o.beta2 * (v[i] ?? NaN) + (1 - o.beta2) * g * g;
      m[i] = first;
      v[i] = second;
      maxV[i] = Math.max(maxV[i] ?? NaN, second);
      const denominator = Math.sqrt(o.amsgrad ? maxV[i] : second) / Math.sqrt(1 - o.beta2 ** step) + o.eps;
      p[i] = value - ((o.lr / (1 - o.beta1 ** step)) * first) / denominator;
    });
  }
  return p;
}

const flag = fc.constantFrom(0, 1);
const sgd: fc.Arbitrary<Sgd> = fc.record({
  lr: fc.constantFrom(0.1, 0.01), momentum: fc.constantFrom(0, 0.9), dampening: fc.constantFrom(0, 0.5), weightDecay: fc.constantFrom(0, 0.25),
  nesterov: flag, maximize: flag,
});
const adam: fc.Arbitrary<Adam> = fc.record({
  lr: fc.constantFrom(0.1, 0.01), beta1: fc.constantFrom(0.9, 0.5), beta2: fc.constantFrom(0.999, 0.9), eps: fc.constantFrom(1e-8, 1e-3),
  weightDecay: fc.constantFrom(0, 0.25), decoupled: flag, amsgrad: flag, maximize: flag,
});

/** The largest difference, relative to values around 1. */
function distance(actual: Floats, expected: readonly number[]): number {
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs((actual[i] ?? NaN) - value)), 0);
}

describe("optimizer steps", () => {
  it("equal the naive ones over several steps", () => {
    fc.assert(fc.property(
      size, sgd, adam, fc.constantFrom(Float32Array, Float64Array), fc.integer(),
      (n, sgdOptions, adamOptions, type, seed) => {
        const param = [...type.from(numbersFrom(seed, n, -2, 2))];
        const grads = [1, 2, 3].map((step) => [...type.from(numbersFrom(seed + step, n, 0.01, 1))]);
        const gradAt = (step: number): number[] => grads[step - 1] ?? [];
        const tolerance = type === Float32Array ? 4e-6 : 1e-14;
        expect(distance(runSgd(type, param, gradAt, 3, sgdOptions), naiveSgd(param, gradAt, 3, sgdOptions))).toBeLessThan(tolerance);
        expect(distance(runAdam(type, param, gradAt, 3, adamOptions), naiveAdam(param, gradAt, 3, adamOptions))).toBeLessThan(tolerance);
      },
    ), { numRuns: 80 });
  });

  it("give what PyTorch 1.13 gives", () => {
    const param = [1, -2, 0.5, 3];
    const gradAt = (step: number): number[] => [0.5, -0.25, 1, 0.125].map((g) => g * step * (-1) ** (step - 1));
    const s = { lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0, nesterov: 0, maximize: 0 };
    const a = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, decoupled: 0, amsgrad: 0, maximize: 0 };
    const cases: readonly (readonly [Floats, readonly number[]])[] = [
      [runSgd(Float64Array, param, gradAt, 3, s), [0.9, -1.95, 0.30000000000000004, 2.9749999999999996]],
      [
        runSgd(Float64Array, param, gradAt, 3, { ...s, weightDecay: 0.25, maximize: 1 }),
        [1.0268906249999998, -1.9037343750000002, 0.6634921875, 2.8055859374999996],
      ],
      [
        runSgd(Float64Array, param, gradAt, 3, { ...s, momentum: 0.9, dampening: 0.25, weightDecay: 0.5 }),
        [0.662953125, -1.47779296875, 0.17958984374999998, 2.267318359375],
      ],
      [
        runSgd(Float64Array, param, gradAt, 3, { ...s, momentum: 0.9, nesterov: 1, weightDecay: 0.5 }),
        [0.45235025000000006, -1.1733690625, -0.042493437499999905, 1.8496097812499999],
      ],
      [runAdam(Float64Array, param, gradAt, 3, a), [0.9022862465290648, -1.9022862483837342, 0.4022862456017298, 2.9022862520930732]],
      [
        runAdam(Float64Array, param, gradAt, 3, { ...a, weightDecay: 0.5, amsgrad: 1, beta1: 0.8, beta2: 0.9, eps: 1e-3 }),
        [0.8171133606685208, -1.7198911037927604, 0.38291134475804783, 2.702951577027158],
      ],
      [
        runAdam(Float64Array, param, gradAt, 3, { ...a, weightDecay: 0.5, decoupled: 1 }),
        [0.7675807287220364, -1.6249557304048565, 0.33889322788062604, 2.482330733770497],
      ],
      [
        runAdam(Float64Array, param, gradAt, 3, { ...a, weightDecay: 0.5, decoupled: 1, amsgrad: 1, maximize: 1 }),
        [0.9471692712779635, -1.8045442695951428, 0.518481772119374, 2.6619192662295017],
      ],
    ];
    for (const [actual, expected] of cases) expect(distance(actual, expected)).toBeLessThan(1e-14);
  });

  it("round integers not at all", () => {
    const options = { lr: 2, momentum: 1, dampening: 0, weightDecay: 0, nesterov: 0, maximize: 0 };
    const param = Array.from({ length: 67 }, (_, i) => i);
    const actual = runSgd(Float32Array, param, () => param, 3, options);
    expect(firstDifference(actual, naiveSgd(param, () => param, 3, options))).toBe(-1);
  });

  it("do not depend on the number of threads", () => {
    const param = numbersFrom(1, 70_001, -1, 1), grad = numbersFrom(2, 70_001, -1, 1);
    const s = { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0.1, nesterov: 1, maximize: 0 };
    const a = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1, decoupled: 1, amsgrad: 1, maximize: 0 };
    expect(isSameForAnyThreads(() => runSgd(Float32Array, param, () => grad, 2, s))).toBe(true);
    expect(isSameForAnyThreads(() => runAdam(Float32Array, param, () => grad, 2, a))).toBe(true);
  });
});

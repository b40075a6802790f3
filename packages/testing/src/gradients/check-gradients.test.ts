import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchNorm1d, Dropout, Linear, Module, ReLU, Sequential } from "@tapegrad/nn";
import { defaultGenerator, rand, tensor, type Tensor } from "@tapegrad/tensor";
import { modules } from "../arbitraries/modules.ts";
import { tensors } from "../arbitraries/tensors.ts";
import { checkGradients, type GradientReport } from "./check-gradients.ts";

const float64 = (data: number | readonly number[] | readonly (readonly number[])[]): Tensor => tensor(data, "float64");
const points = (shape: readonly number[]): Tensor => rand([...shape], { dtype: "float64" });

/** The first factor counts on the tape, the second does not: of x² it has half the derivative. */
const half = (x: Tensor): Tensor => x.mul(x.detach());
/** What is off, as "output by variable". */
const offIn = (report: readonly GradientReport[]): string[] => report.filter(({ ok }) => !ok).map(({ order, output, variable }) => `${order}: ${output} by ${variable}`);

describe("functions", () => {
  test("of several inputs, in arrays and objects, with several outputs", () => {
    const f = (x: Tensor, { weight, scales }: { weight: Tensor; scales: readonly Tensor[] }) => ({ product: x.matmul(weight), list: [x.sum(), half(scales[1] as Tensor)] });
    const inputs = [points([2, 3]), { weight: points([3, 2]), scales: [points([2]), float64([1, 2])] }] as const;
    const report = checkGradients(f, inputs, { report: true });
    expect(report.map(({ output, variable }) => `${output} by ${variable}`)).toEqual(
      ["input 0", "input 1.weight", "input 1.scales.0", "input 1.scales.1"].flatMap((variable) => ["output.product", "output.list.0", "output.list.1"].map((output) => `${output} by ${variable}`)),
    );
    expect(offIn(report)).toEqual(["1: output.list.1 by input 1.scales.1"]);
    expect(report.at(-1)).toMatchObject({ off: 2, count: 4, outputIndex: [1], variableIndex: [1], tape: 2, numeric: expect.closeTo(4, 6) as number, error: expect.closeTo(2, 6) as number });
  });

  test("by inputs that require grad alone, if there are some", () => {
    const wanted = float64([1, 2]).requiresGrad_();
    const names = (a: Tensor, b: Tensor): string[] => checkGradients((x: Tensor, y: Tensor) => x.mul(y), [a, b], { report: true }).map(({ variable }) => variable);
    expect(names(wanted, float64([1, 2]))).toEqual(["input 0"]);
    expect(names(float64([1, 2]), float64([1, 2]))).toEqual(["input 0", "input 1"]);
    // Others may have any dtype, and outputs that are not floating have no derivative.
    expect(checkGradients((x: Tensor, i: Tensor) => [x.indexSelect(0, i), x.argmax()], [float64([1, 2]), tensor([1, 0, 1], "int32")])).toBe(true);
  });

  test("of views, which stay what they are", () => {
    const layouts = tensors({ dtype: "float64", values: "apart", layout: ["transposed", "narrowed", "strided", "expanded"], shape: { maxSize: 12 } });
    fc.assert(fc.property(layouts, (x) => {
      const { strides } = x;
      return checkGradients((moved: Tensor) => {
        // On the tape it lies as it does; for numeric derivatives it is a copy.
        expect(moved.isContiguous() || String(moved.strides) === String(strides)).toBe(true);
        return moved.exp().mul(moved);
      }, [x], { order: 2 }) && !x.requiresGrad;
    }), { seed: 1, numRuns: 60 });
  });

  test("that draw from the default generator give the same in every run, and leave it as it was", () => {
    const state = defaultGenerator.getState();
    expect(checkGradients(new Dropout(0.5), [tensor(Float64Array.from({ length: 12 }, (_, i) => i + 1))])).toBe(true);
    expect(defaultGenerator.getState()).toEqual(state);
  });

  test("without elements, in or out, have nothing to be compared", () => {
    expect(checkGradients((x: Tensor) => x.mul(2), [points([0, 3])])).toBe(true);
    expect(checkGradients((x: Tensor) => x.mul(2), [points([0, 3])], { report: true })).toEqual([]);
  });
});

describe("second derivatives", () => {
  test("are compared too, also by the upstream gradient", () => {
    const report = checkGradients((x: Tensor) => x.exp(), [points([2])], { order: 2, report: true });
    expect(report.map(({ order, output, variable, ok }) => [order, output, variable, ok])).toEqual([
      [1, "output", "input 0", true],
      [2, "(gradient of input 0)", "input 0", true],
      [2, "(gradient of input 0)", "the upstream gradient of output", true],
    ]);
    expect(report.map(({ count }) => count)).toEqual([4, 4, 4]);
  });

  test("that are missing on the tape are found, where the first ones are right", () => {
    // x³, of which the derivative on the tape is 3 x², with a constant in x²'s place.
    const cubic = (x: Tensor): Tensor => x.mul(x.detach().mul(x.detach()).mul(3)).sub(x.detach().pow(3).mul(2));
    expect(checkGradients(cubic, [float64([1, 2])])).toBe(true);
    expect(offIn(checkGradients(cubic, [float64([1, 2])], { order: 2, report: true }))).toEqual(["2: (gradient of input 0) by input 0"]);
    expect(() => checkGradients(cubic, [float64([1, 2])], { order: 2 })).toThrow(/^checkGradients: d \(gradient of input 0\)\[1\] \/ d input 0\[1\] is 0 on the tape, 9\.9744 numerically/);
  });

  test("of what is linear are 0", () => {
    expect(checkGradients((x: Tensor) => x.mul(3), [points([2])], { order: 2 })).toBe(true);
    expect(checkGradients((a: Tensor, b: Tensor) => [a.sum(), b.detach().exp().mul(0)], [points([2]), points([2])], { order: 2 })).toBe(true);
  });
});

class Wrong extends Module {
  readonly fc = new Linear(2, 2, { dtype: "float64" });
  override forward(x: Tensor): Tensor {
    return this.fc.forward(x).add(half(this.fc.weight).sum());
  }
}

describe("modules", () => {
  test("are compared by their parameters too, which stay what they are", () => {
    const module = new Wrong();
    const before = module.fc.weight.clone().toArray();
    expect(offIn(checkGradients(module, [points([1, 2])], { report: true }))).toEqual(["1: output by parameter fc.weight"]);
    expect(module.fc.weight.toArray()).toEqual(before);
    expect(module.fc.weight.grad).toBeNull();
    module.fc.weight.requiresGrad = false;
    expect(checkGradients(module, [points([1, 2])])).toBe(true);
  });

  test("keep their buffers, and may count and average while they train", () => {
    const norm = new BatchNorm1d(2, { eps: 0.5, momentum: null }).to("float64");
    expect(checkGradients(norm, [points([4, 2])], { order: 2 })).toBe(true);
    expect([norm.numBatchesTracked?.item(), norm.runningMean?.toArray()]).toEqual([0, [0, 0]]);
  });

  test("that compute another thing than their tape says are found, wherever it is", () => {
    const wrongs = fc.tuple(modules({ smooth: true, maxLayers: 3 }), fc.nat());
    fc.assert(fc.property(wrongs, ([{ module, input }, place]) => {
      const parameters = module.namedParameters();
      const [name, parameter] = parameters[place % parameters.length] as (typeof parameters)[number];
      const report = checkGradients((x: Tensor) => module.forward(x).add(half(parameter).sum()), [input], { report: true });
      expect(offIn(report)).toEqual([]);
      class Off extends Module {
        readonly inner = module;
        override forward(x: Tensor): Tensor {
          return this.inner.forward(x).add(half(parameter).sum());
        }
      }
      expect(offIn(checkGradients(new Off(), [input], { report: true })).every((each) => each === `1: output by parameter inner.${name}`)).toBe(true);
      expect(offIn(checkGradients(new Off(), [input], { report: true })).length).toBe(parameter.toTypedArray().every((value) => value === 0) ? 0 : 1);
    }), { seed: 1, numRuns: 15 });
  });

  test("with parameters that two layers share, or two names lead to", () => {
    const layer = new Linear(2, 2, { dtype: "float64" });
    expect(checkGradients(new Sequential(layer, new ReLU(), layer), [float64([[1, 2], [3, -1]])])).toBe(true);
  });
});

test("tolerances are what options say, and widen with order 2", () => {
  const off = (rtol: number): boolean => checkGradients(half, [float64([1000])], { rtol, atol: 1e-6, report: true }).every(({ ok }) => ok);
  expect([off(0.4), off(0.6)]).toEqual([false, true]);
  // With a longer step the stencil itself is off.
  const bent = (step: number): boolean => checkGradients((x: Tensor) => x.mul(3).exp(), [float64([1])], { step, report: true }).every(({ ok }) => ok);
  expect([bent(1e-3), bent(0.5)]).toEqual([true, false]);
});

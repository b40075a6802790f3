import { describe, expect, test } from "vitest";
import { noGrad } from "@tapegrad/autograd";
import { crossEntropy, equal, manualSeed, mul, relu, scope, tanh, tensor, type DType, type Shape, type Tensor } from "@tapegrad/tensor";
import { nearLargest, pattern } from "@tapegrad/test-support";
import { expectClose } from "@tapegrad/testing";
import { ReLU } from "./activation.ts";
import { BatchNorm1d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import { Linear } from "./linear.ts";
import { MSELoss } from "./loss.ts";
import { Module } from "./module.ts";
import { MaxPool2d } from "./pooling.ts";
import { Sequential } from "./sequential.ts";
import { fixtures, type SampledTensor } from "./testing/fixtures.ts";
import { setParameters } from "./testing/pattern.ts";

/** One step of plain gradient descent; the optimizers have a package of their own. */
function descend(module: Module, lr: number): void {
  noGrad(() => {
    for (const parameter of module.parameters()) if (parameter.grad !== null) parameter.sub_(mul(parameter.grad, lr));
  });
  module.zeroGrad();
}

class Xor extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;

  constructor(dtype: DType) {
    super();
    this.fc1 = new Linear(2, 16, { dtype });
    this.fc2 = new Linear(16, 1, { dtype });
  }

  override forward(x: Tensor): Tensor {
    return this.fc2.forward(tanh(this.fc1.forward(x)));
  }
}

const corners = [[-1, -1], [-1, 1], [1, -1], [1, 1]];
const unequal = [[-1], [1], [1], [-1]];

/** The losses of every step, and the trained weights. */
function learnXor(seed: number, dtype: DType): { losses: number[]; model: Xor } {
  manualSeed(seed);
  const model = new Xor(dtype);
  const criterion = new MSELoss();
  const [x, y] = [tensor(corners, { dtype }), tensor(unequal, { dtype })];
  const losses = Array.from({ length: 400 }, () => {
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    descend(model, 0.2);
    return loss.item();
  });
  return { losses, model };
}

describe("training", () => {
  test.each<DType>(["float32", "float64"])("a small network learns XOR in %s", (dtype) => {
    const { losses, model } = learnXor(1, dtype);
    expect(losses.at(-1)).toBeLessThan(1e-4);
    expect(model.forward(tensor(corners, { dtype })).dtype).toBe(dtype);
    expect(model.forward(tensor(corners, { dtype })).sign().toArray()).toEqual(unequal);
  });

  test("one seed gives one run, to the bit; another seed another", () => {
    const [first, second, other] = [learnXor(3, "float32"), learnXor(3, "float32"), learnXor(4, "float32")];
    expect(second.losses).toEqual(first.losses);
    expect(other.losses).not.toEqual(first.losses);
    expect(second.model.parameters().every((parameter, i) => equal(parameter, first.model.parameters()[i] ?? parameter))).toBe(true);
  });

  test("with dropout and batch norm, inside scope() as without", () => {
    const run = (around: (step: () => number) => number): number[] => {
      manualSeed(5);
      const model = new Sequential(new Linear(2, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.2), new Linear(8, 1));
      const criterion = new MSELoss();
      const [x, y] = [tensor(corners), tensor(unequal)];
      return Array.from({ length: 10 }, () =>
        around(() => {
          const loss = criterion.forward(model.forward(x), y);
          loss.backward();
          descend(model, 0.1);
          return loss.item();
        }),
      );
    };
    expect(run((step) => scope(step))).toEqual(run((step) => step()));
  });
});

describe(`one step of a LeNet equals PyTorch ${fixtures.torch}'s`, () => {
  class LeNet extends Module {
    readonly layers = new Sequential(
      new Conv2d(3, 6, 5), new ReLU(), new MaxPool2d(2), new Conv2d(6, 16, 5), new ReLU(), new MaxPool2d(2), new Flatten(),
      new Linear(400, 120), new ReLU(), new Linear(120, 84),
    );
    readonly head = new Linear(84, 10);

    override forward(x: Tensor): Tensor {
      return this.head.forward(relu(this.layers.forward(x)));
    }
  }

  /** The weights of fixtures/generate.py. */
  function scaledPattern(shape: Shape, seed: number): Float64Array {
    const fanIn = shape.slice(1).reduce((product, n) => product * n, 1);
    return pattern(shape, seed).map((value) => value * Math.sqrt(6 / fanIn));
  }

  function expectSampled(x: Tensor, recorded: SampledTensor, tolerance: number, name: string): void {
    const values = Float64Array.from(x.toTypedArray());
    const every = Math.max(1, Math.floor(values.length / 10));
    const norm = Math.hypot(...values);
    expect(Math.abs(norm - recorded.norm), `norm of ${name}`).toBeLessThanOrEqual(tolerance * (1 + recorded.norm));
    expectClose(values.filter((_, i) => i % every === 0), recorded.elements, nearLargest(recorded.elements, tolerance, name));
  }

  // Sums of up to 400 float32 products through five layers.
  test.each<readonly [DType, number]>([["float64", 1e-10], ["float32", 1e-5]])("in %s, to %d", (dtype, tolerance) => {
    const model = new LeNet().to(dtype);
    setParameters(model, scaledPattern);
    const x = tensor(pattern([4, 3, 32, 32], 1), { shape: [4, 3, 32, 32], dtype });
    const loss = crossEntropy(model.forward(x), tensor(Int32Array.of(3, 1, 4, 1)));
    loss.backward();
    expect(Math.abs(loss.item() - fixtures.oneStep.loss)).toBeLessThan(tolerance * fixtures.oneStep.loss);

    const recorded = Object.entries(fixtures.oneStep.tensors);
    const parameters = model.parameters();
    expect(parameters).toHaveLength(recorded.length);
    const gradients = parameters.map(({ grad }) => grad);
    descend(model, 0.1);
    recorded.forEach(([name, { gradient, stepped }], i) => {
      const [parameter, found] = [parameters[i], gradients[i]];
      if (parameter === undefined || found === null || found === undefined) throw new Error(`${name} has no gradient`);
      expectSampled(found, gradient, tolerance, `gradient of ${name}`);
      expectSampled(parameter, stepped, tolerance, name);
    });
  });
});

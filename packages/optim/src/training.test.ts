import { describe, expect, test } from "vitest";
import { Generator, linear, mseLoss, rand, scope, tanh, tensor, type DType, type Tensor } from "@tapegrad/tensor";
import "@tapegrad/autograd";
import { Adam, AdamW } from "./adam.ts";
import { SGD } from "./sgd.ts";

/** Weights and biases of a network 2-16-1, by a seed. */
function network(seed: number, dtype: DType): Tensor[] {
  const generator = new Generator(seed);
  const draw = (shape: number[]): Tensor => rand(shape, { dtype, generator }).mul(2).sub(1).detach().requiresGrad_();
  return [draw([16, 2]), draw([16]), draw([1, 16]), draw([1])];
}

function predict([w1, b1, w2, b2]: readonly Tensor[], x: Tensor): Tensor {
  if (w1 === undefined || w2 === undefined) throw new Error("a network has two layers");
  return linear(tanh(linear(x, w1, b1 ?? null)), w2, b2 ?? null);
}

const corners = [[-1, -1], [-1, 1], [1, -1], [1, 1]];
const unequal = [[-1], [1], [1], [-1]];

interface Run {
  readonly losses: readonly number[];
  readonly weights: readonly unknown[];
}

interface RunOptions {
  readonly seed?: number;
  readonly dtype?: DType;
  readonly steps?: number;
  readonly scoped?: boolean;
}

function train(make: (parameters: readonly Tensor[]) => SGD | Adam | AdamW, { seed = 1, dtype = "float32", steps = 300, scoped = false }: RunOptions = {}): Run {
  const parameters = network(seed, dtype);
  const optimizer = make(parameters);
  const [x, y] = [tensor(corners, { dtype }), tensor(unequal, { dtype })];
  const step = (): number => {
    optimizer.zeroGrad();
    const loss = mseLoss(predict(parameters, x), y);
    loss.backward();
    optimizer.step();
    return loss.item();
  };
  const losses = Array.from({ length: steps }, () => (scoped ? scope(step) : step()));
  return { losses, weights: parameters.map((parameter) => parameter.toArray()) };
}

const optimizers: readonly (readonly [string, (parameters: readonly Tensor[]) => SGD | Adam | AdamW])[] = [
  ["SGD", (parameters) => new SGD(parameters, { lr: 0.2 })],
  ["SGD with momentum", (parameters) => new SGD(parameters, { lr: 0.05, momentum: 0.9 })],
  ["SGD with Nesterov's momentum", (parameters) => new SGD(parameters, { lr: 0.05, momentum: 0.9, nesterov: true })],
  ["Adam", (parameters) => new Adam(parameters, { lr: 0.05 })],
  ["Adam with AMSGrad", (parameters) => new Adam(parameters, { lr: 0.05, amsgrad: true })],
  ["AdamW", (parameters) => new AdamW(parameters, { lr: 0.05, weightDecay: 1e-4 })],
];

describe.each(optimizers)("%s trains a network to tell XOR", (_name, make) => {
  test.each<DType>(["float32", "float64"])("in %s", (dtype) => {
    const { losses } = train(make, { dtype });
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(1e-2);
  });

  test("the same way twice, with scope() as without, and another way from another seed", () => {
    const first = train(make, { steps: 30 });
    expect(train(make, { steps: 30 })).toEqual(first);
    expect(train(make, { steps: 30, scoped: true })).toEqual(first);
    expect(train(make, { steps: 30, seed: 2 }).losses).not.toEqual(first.losses);
  });
});

import { describe, expect, test } from "vitest";
import { grad, noGrad } from "@tapegrad/autograd";
import { memoryStats } from "@tapegrad/kernels";
import * as nn from "@tapegrad/nn";
import { randn, relu, sum, type Tensor } from "@tapegrad/tensor";

const { BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, Module, ReLU, Sequential, Tanh } = nn;

/** Keeps what it is given, as a user's own layer may. */
class Keeper extends Module {
  kept: Tensor[] = [];
  override forward(x: Tensor): Tensor {
    this.kept.push(x);
    return relu(x);
  }
}

const layers = (): nn.Module[] => [
  new Conv2d(3, 8, 3, { padding: 1 }), new BatchNorm2d(8), new ReLU(), new MaxPool2d(2),
  new Conv2d(8, 8, 3), new Tanh(), new Dropout(0.5), new Flatten(), new Linear(8 * 6 * 6, 16), new ReLU(), new Linear(16, 4),
];

/** Bytes that `make` leaves behind, its results apart. Nothing is collected meanwhile: the heap is far from full. */
function left(make: () => readonly Tensor[]): number {
  const before = memoryStats().live;
  const results = make();
  return memoryStats().live - before - results.reduce((bytes, tensor) => bytes + 4 * tensor.numel(), 0);
}

describe("what passes through a Sequential", () => {
  const x = randn([2, 3, 16, 16]);

  test("is gone after a forward pass without a tape", () => {
    const model = new Sequential(...layers());
    expect(left(() => [noGrad(() => model.eval().forward(x))])).toBe(0);
    // The running statistics of the batch norm are made anew in training.
    model.train();
    noGrad(() => model.forward(x));
    expect(left(() => [noGrad(() => model.forward(x))])).toBe(0);
  });

  test("is gone after backward", () => {
    const model = new Sequential(...layers());
    const step = (): Tensor[] => {
      const out = model.forward(x);
      const loss = sum(out);
      return [out, loss, ...grad([loss], model.parameters())];
    };
    step();
    // The one that backward starts with has four bytes.
    expect(left(step)).toBeLessThanOrEqual(4);
  });

  test("stays for a second backward, and for gradients of gradients", () => {
    const modules = [new Linear(4, 5), new Tanh(), new Linear(5, 3), new ReLU(), new Linear(3, 1)];
    const apart = (x: Tensor): Tensor => modules.reduce((out, module) => module.forward(out), x);
    const model = new Sequential(...modules);
    const point = randn([6, 4], { requiresGrad: true });
    const derivatives = (loss: Tensor): unknown => {
      const again = grad([loss], [point], { retainGraph: true });
      const [slope] = grad([loss], [point], { createGraph: true });
      return [...again, slope, ...grad([sum(slope.square())], [point])].map((tensor) => tensor.toArray());
    };
    expect(derivatives(sum(model.forward(point)))).toEqual(derivatives(sum(apart(point))));
  });

  test("stays with who has seen it", () => {
    const keeper = new Keeper(), inner = new Keeper(), hooked = new Linear(4, 4), seen: Tensor[] = [];
    hooked.registerForwardHook((_module, inputs, output) => void seen.push(inputs[0] as Tensor, output as Tensor));
    const model = new Sequential(new Linear(4, 4), keeper, new Linear(4, 4), new Sequential(inner, new Linear(4, 4)), new Linear(4, 4), hooked, new Linear(4, 4), new Flatten());
    const out = noGrad(() => model.forward(randn([2, 4])));
    for (const tensor of [...keeper.kept, ...inner.kept, ...seen, out]) expect(tensor.toArray()).toHaveLength(2);
    expect(seen).toHaveLength(2);
  });

  test("stays where it is the caller's own, in another shape", () => {
    for (const module of [new Flatten(), new Dropout(0.5).eval()]) {
      const model = new Sequential(module, new Linear(4, 2));
      const given = randn([2, 4]);
      noGrad(() => model.forward(given));
      expect(given.toArray()).toHaveLength(2);
      const view = noGrad(() => new Sequential(new Linear(4, 4), module).forward(given));
      noGrad(() => model.forward(view));
      expect(view.toArray()).toHaveLength(2);
    }
  });
});

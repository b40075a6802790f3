import { describe, expect, test } from "vitest";
import { manualSeed, maxPool2d, min, mul, randn, relu, reshape, sum, square, tensor, type Tensor } from "@tapegrad/tensor";
import { grad, gradcheck, noGrad } from "@tapegrad/autograd";
import { ReLU } from "./activation.ts";
import { BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Linear } from "./linear.ts";
import { type Module } from "./module.ts";
import { MaxPool2d } from "./pooling.ts";
import { Sequential } from "./sequential.ts";

/** Keeps what it gives, as a user's own layer may. */
class Keeper extends Linear {
  kept: Tensor | null = null;
  override forward(x: Tensor): Tensor {
    this.kept = super.forward(x);
    return this.kept;
  }
}

describe("ReLU in a Sequential works in place", () => {
  const donors: readonly (readonly [string, Module, readonly number[]])[] = [
    ["Conv2d", new Conv2d(2, 3, 3, { padding: 1, dtype: "float64" }), [2, 2, 4, 5]],
    ["Conv2d without a batch", new Conv2d(2, 3, 3, { padding: 1, dtype: "float64" }), [2, 4, 5]],
    ["Linear", new Linear(6, 5, { dtype: "float64" }), [4, 6]],
    ["Linear on 3 dimensions", new Linear(6, 5, { dtype: "float64" }), [2, 3, 6]],
    ["BatchNorm2d", new BatchNorm2d(3, { dtype: "float64" }), [2, 3, 3, 2]],
  ];

  test.each(donors)("behind %s, with the same values and gradients of first and second order as apart", (_, module, shape) => {
    manualSeed(3);
    const x = randn(shape, { dtype: "float64", requiresGrad: true });
    const inputs = [x, ...module.parameters()];
    const derivatives = (out: Tensor): unknown => {
      const first = grad([sum(square(out))], inputs, { createGraph: true });
      const second = grad([sum(square(first[0] as Tensor))], [x]);
      return [out, ...first, ...second].map((tensor) => tensor.toArray());
    };
    expect(derivatives(new Sequential(module, new ReLU()).forward(x))).toEqual(derivatives(relu(module.forward(x))));
  });

  test("and leaves alone what a hook or a layer of the user's own has seen", () => {
    const hooked = new Linear(3, 4);
    const seen: Tensor[] = [];
    hooked.registerForwardHook((_module, _inputs, output) => void seen.push(output as Tensor));
    const keeper = new Keeper(4, 4);
    const x = randn([5, 3]);
    new Sequential(hooked, new ReLU(), keeper, new ReLU()).forward(x);
    const hidden = hooked.forward(x);
    expect(seen[0]?.toArray()).toEqual(hidden.toArray());
    expect(keeper.kept?.toArray()).toEqual(keeper.forward(relu(hidden)).toArray());
  });

  test("and a layer that throws leaves the next ones alone", () => {
    expect(() => new Sequential(new Linear(30, 40), new ReLU()).forward(randn([20, 3]))).toThrow("linear/features");
    expect(min(new Linear(30, 40).forward(randn([20, 30]))).item()).toBeLessThan(0);
  });

  test("and passes gradcheck", () => {
    const net = new Sequential(new Linear(4, 6, { dtype: "float64" }), new ReLU(), new Linear(6, 2, { dtype: "float64" }));
    expect(gradcheck((x: Tensor) => net.forward(x), [randn([3, 4], { dtype: "float64", requiresGrad: true })])).toBe(true);
  });
});

describe("a ReLU before a max pooling works on the pooled", () => {
  /** Windows of numbers below zero, around zero, equal ones, NaN and infinities. */
  const odd = [-1, -2, -3, -4, 0, -1, -1, 0, 3, 3, 3, 1, -1, 2, 2, -5, NaN, 1, 2, 3, -Infinity, -1, -1, -2, Infinity, 1, 0, Infinity, 0, -1, -2, -3];

  test.each([["windows apart", 2, {}], ["windows that overlap", 3, { stride: 1, padding: 1 }]] as const)("with the same values and gradients, %s", (_, kernel, options) => {
    manualSeed(4);
    const x = reshape(tensor(odd, { dtype: "float64" }), [1, 1, 8, 4]);
    x.requiresGrad = true;
    const weights = randn(maxPool2d(x, kernel, options).shape, { dtype: "float64" });
    const derivatives = (out: Tensor): unknown => [out, ...grad([sum(mul(out, weights))], [x])].map((tensor) => tensor.toArray());
    const apart = derivatives(maxPool2d(relu(x), kernel, options));
    expect(derivatives(new Sequential(new ReLU(), new MaxPool2d(kernel, options)).forward(x))).toEqual(apart);
    // The one-element layer in front makes the pooled tensor the work of three layers that may share their memory.
    const same = new Conv2d(1, 1, 1, { bias: false, dtype: "float64" });
    noGrad(() => same.weight.fill_(1));
    expect(derivatives(new Sequential(same, new ReLU(), new MaxPool2d(kernel, options), new ReLU()).forward(x))).toEqual(apart);
  });

  test("unless a hook looks at one of them", () => {
    const x = randn([1, 2, 4, 4]);
    for (const hooked of [0, 1]) {
      const net = new Sequential(new ReLU(), new MaxPool2d(2));
      const seen: Tensor[] = [];
      net.at(hooked).registerForwardHook((_module, inputs) => void seen.push(inputs[0] as Tensor));
      net.forward(x);
      expect(seen[0]?.toArray()).toEqual((hooked === 0 ? x : relu(x)).toArray());
    }
  });
});

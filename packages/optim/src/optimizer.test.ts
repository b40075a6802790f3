import { describe, expect, test } from "vitest";
import { isGradEnabled, noGrad } from "@tapegrad/autograd";
import { DTypeError, GradError, IndexError, mul, narrow, scope, sum, tensor, transpose, zeros, type Tensor } from "@tapegrad/tensor";
import { pattern, thrownBy } from "@tapegrad/test-support";
import { Adam, AdamW } from "./adam.ts";
import { SGD } from "./sgd.ts";

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true, dtype: "float64" });

function withGradient(x: Tensor, ...values: number[]): Tensor {
  x.grad = tensor(values, { shape: x.shape, dtype: x.dtype });
  return x;
}

describe("parameter groups", () => {
  test("take the optimizer's options unless they have their own", () => {
    const [a, b] = [withGradient(leaf(1), 1), withGradient(leaf(1), 1)];
    const optimizer = new SGD([{ params: [a] }, { params: [b], lr: 0.5, weightDecay: 1 }], { lr: 0.25 });
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.75, 0]);
    expect(optimizer.paramGroups.map(({ lr, weightDecay, momentum, params }) => [lr, weightDecay, momentum, params.length])).toEqual([[0.25, 0, 0, 1], [0.5, 1, 0, 1]]);
  });

  test("may be any iterables", () => {
    const params = function* (): Generator<Tensor> {
      yield withGradient(leaf(1), 1);
      yield withGradient(leaf(2), 1);
    };
    const optimizer = new Adam(params(), { lr: 0.5 });
    optimizer.step();
    expect(optimizer.paramGroups[0]?.params.map((x) => x.item())).toEqual([expect.closeTo(0.5), expect.closeTo(1.5)]);
    expect(new AdamW([{ params: params() }]).paramGroups[0]?.params).toHaveLength(2);
  });

  test("have options that may change between steps", () => {
    const a = withGradient(leaf(1), 1);
    const optimizer = new SGD([a], { lr: 0.25 });
    optimizer.step();
    for (const group of optimizer.paramGroups) group.lr *= 2;
    optimizer.step();
    expect(a.item()).toBe(0.25);
  });

  test("have PyTorch's defaults", () => {
    const a = leaf(1);
    const [sgd, adam, adamw] = [new SGD([a], { lr: 1 }), new Adam([a]), new AdamW([a])].map(({ paramGroups: [group] }) => ({ ...group, params: [] }));
    expect(sgd).toEqual({ lr: 1, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, params: [] });
    expect(adam).toEqual({ lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false, params: [] });
    expect(adamw).toEqual({ ...adam, weightDecay: 0.01 });
  });
});

describe("step", () => {
  test("passes over parameters without a gradient", () => {
    const [a, b] = [withGradient(leaf(1), 1), leaf(1)];
    for (const optimizer of [new SGD([a, b], { lr: 0.1, momentum: 0.9 }), new Adam([a, b])]) {
      optimizer.step();
      expect(b.item()).toBe(1);
      expect(Object.keys(optimizer.stateDict().state)).toEqual(["0"]);
    }
    expect(a.item()).not.toBe(1);
  });

  test("takes parameters that do not require grad, and waits until they do", () => {
    const a = tensor([1]);
    const optimizer = new SGD([a], { lr: 0.1 });
    optimizer.step();
    expect(a.item()).toBe(1);
    sum(a.requiresGrad_()).backward();
    optimizer.step();
    expect(a.item()).toBeCloseTo(0.9);
  });

  test("sets the momentum buffer to the first gradient, undamped, and then damps", () => {
    const a = withGradient(leaf(0), 8);
    const optimizer = new SGD([a], { lr: 1, momentum: 0.5, dampening: 0.25 });
    optimizer.step();
    expect(a.item()).toBe(-8);
    withGradient(a, 4);
    optimizer.step();
    // 0.5 * 8 + (1 - 0.25) * 4 = 7
    expect(a.item()).toBe(-15);
  });

  test("starts the momentum of a late parameter when it gets its first gradient", () => {
    const [early, late] = [withGradient(leaf(0), 1), leaf(0)];
    const optimizer = new SGD([early, late], { lr: 1, momentum: 0.5, dampening: 0.5 });
    optimizer.step();
    withGradient(late, 1);
    optimizer.step();
    expect([early.item(), late.item()]).toEqual([-2, -1]);
  });

  test("counts Adam's steps for each parameter", () => {
    const [early, late] = [withGradient(leaf(0), 1), leaf(0)];
    const optimizer = new Adam([early, late], { lr: 0.5 });
    optimizer.step();
    withGradient(late, 3);
    optimizer.step();
    // The first step is lr, whatever the gradient.
    expect(late.item()).toBeCloseTo(-0.5, 6);
    expect(Object.values(optimizer.stateDict().state).map(({ step }) => step)).toEqual([2, 1]);
  });

  test("climbs with maximize", () => {
    const a = withGradient(leaf(1), 2);
    new SGD([a], { lr: 0.5, maximize: true }).step();
    expect(a.item()).toBe(2);
  });

  test("records nothing, whatever the mode, and leaves the mode as it is", () => {
    const a = leaf(1, 2);
    const optimizer = new AdamW([a], { amsgrad: true });
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      sum(mul(a, a)).backward();
      optimizer.step();
      expect(isGradEnabled()).toBe(true);
      expect([a.isLeaf, a.requiresGrad, a.grad?.requiresGrad]).toEqual([true, true, false]);
    }
    const state = Object.values(optimizer.stateDict().state[0] ?? {}).filter((value) => typeof value !== "number");
    expect(state).toHaveLength(3);
    expect(state.every((x) => x.node === null && !x.requiresGrad)).toBe(true);
    noGrad(() => {
      optimizer.step();
      expect(isGradEnabled()).toBe(false);
    });
  });

  test("between forward and backward is noticed", () => {
    const a = leaf(1, 2);
    const out = sum(mul(a, a));
    withGradient(a, 1, 1);
    new SGD([a], { lr: 0.1 }).step();
    expect(thrownBy(() => out.backward()).code).toBe("backward/changed");
  });

  test("frees a gradient that nobody has seen, and leaves alone one that somebody has", () => {
    const [seen, unseen] = [leaf(1, 2), leaf(3, 4)];
    const optimizer = new SGD([seen, unseen], { lr: 0.1 });
    sum(mul(seen, unseen)).backward();
    const held = seen.grad;
    const memory = unseen.peekGrad()?.storage;
    optimizer.step();
    expect(memory?.freed).toBe(false);
    optimizer.zeroGrad();
    expect(memory?.freed).toBe(true);
    expect(held?.toArray()).toEqual([3, 4]);
    expect([seen.grad, unseen.grad]).toEqual([null, null]);
    // A gradient of the user's own is never freed.
    const own = tensor([1, 1], { dtype: "float64" });
    seen.grad = own;
    optimizer.zeroGrad();
    expect(own.toArray()).toEqual([1, 1]);
  });

  test("leaves the gradient as it is; zeroGrad forgets it", () => {
    const a = withGradient(leaf(1, 2), 3, 4);
    const optimizer = new SGD([a], { lr: 0.1, weightDecay: 0.5, momentum: 0.9, maximize: true });
    optimizer.step();
    optimizer.step();
    expect(a.grad?.toArray()).toEqual([3, 4]);
    optimizer.zeroGrad();
    expect(a.grad).toBeNull();
  });
});

describe("any layout and dtype", () => {
  const rules: readonly (readonly [string, (w: Tensor) => SGD | Adam | AdamW])[] = [
    ["SGD", (w) => new SGD([w], { lr: 0.1 })],
    ["SGD with momentum", (w) => new SGD([w], { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 })],
    ["Adam", (w) => new Adam([w], { lr: 0.1, amsgrad: true })],
    ["AdamW", (w) => new AdamW([w], { lr: 0.1 })],
  ];
  const gradient = (t: number): Tensor => tensor(pattern([6], t), { shape: [2, 3], dtype: "float64" });

  function train(w: Tensor, optimizer: SGD | Adam | AdamW, gradients: (t: number) => Tensor = gradient): unknown {
    for (let t = 0; t < 3; t++) {
      w.grad = gradients(t);
      optimizer.step();
    }
    return w.toArray();
  }

  const dense = (): Tensor => tensor(pattern([6], 1), { shape: [2, 3], dtype: "float64", requiresGrad: true });

  test.each(rules)("%s moves a strided parameter, and only its own elements", (_name, make) => {
    const expected = dense();
    train(expected, make(expected));
    const room = tensor(new Float64Array(20).fill(5), { shape: [4, 5] });
    const view = transpose(narrow(narrow(room, 0, 1, 3), 1, 2, 2), 0, 1).detach();
    noGrad(() => view.copy_(dense()));
    view.requiresGrad = true;
    expect(view.isContiguous()).toBe(false);
    expect(train(view, make(view))).toEqual(expected.toArray());
    expect(room.toTypedArray().filter((value) => value === 5)).toHaveLength(14);
  });

  test.each(rules)("%s takes strided and broadcast gradients", (_name, make) => {
    const [plain, strided] = [dense(), dense()];
    const twisted = (t: number): Tensor => transpose(tensor(gradient(t).T.toArray(), { dtype: "float64" }), 0, 1);
    expect(twisted(0).isContiguous()).toBe(false);
    expect(train(strided, make(strided), twisted)).toEqual(train(plain, make(plain)));
    const [ones, expanded] = [dense(), dense()];
    expect(train(expanded, make(expanded), () => tensor([1], { dtype: "float64" }).expand([2, 3]))).toEqual(train(ones, make(ones), () => zeros([2, 3], { dtype: "float64" }).add(1)));
  });

  test.each(rules.flatMap(([name, make]) => (["float16", "bfloat16"] as const).map((dtype) => [name, dtype, make] as const)))("%s steps %s parameters in float32, rounded once", (_name, dtype, make) => {
    const half = tensor(pattern([7], 1), { dtype, requiresGrad: true });
    const wide = tensor(half.toTypedArray(), { dtype: "float32", requiresGrad: true });
    const [halfOptimizer, wideOptimizer] = [make(half), make(wide)];
    const start = half.toArray();
    for (let t = 0; t < 3; t++) {
      half.grad = tensor(pattern([7], 2 + t), { dtype });
      wide.grad = half.grad.to("float32");
      halfOptimizer.step();
      wideOptimizer.step();
      // The weight itself is kept in float16 between steps.
      noGrad(() => wide.copy_(wide.to(dtype)));
      expect(half.toTypedArray()).toEqual(wide.to(dtype).toTypedArray());
    }
    expect(half.dtype).toBe(dtype);
    expect(half.toArray()).not.toEqual(start);
    for (const value of Object.values(halfOptimizer.stateDict().state[0] ?? {})) if (typeof value !== "number") expect(value.dtype).toBe("float32");
  });

  test.each(rules)("%s takes empty and 0-d parameters", (_name, make) => {
    const empty = zeros([0, 3], { requiresGrad: true });
    empty.grad = zeros([0, 3]);
    make(empty).step();
    const scalar = tensor(1, { requiresGrad: true });
    scalar.grad = tensor(1);
    make(scalar).step();
    expect(scalar.item()).toBeLessThan(1);
  });

  test.each(rules)("%s keeps its state alive when it steps inside scope()", (_name, make) => {
    const [outside, inside] = [dense(), dense()];
    const [first, second] = [make(outside), make(inside)];
    for (let t = 0; t < 4; t++) {
      outside.grad = gradient(t);
      first.step();
      scope(() => {
        inside.grad = gradient(t);
        second.step();
        inside.grad = null;
      });
    }
    expect(inside.toArray()).toEqual(outside.toArray());
  });
});

describe("optimizers refuse", () => {
  const a = leaf(1);
  const cases: readonly (readonly [name: string, call: () => unknown, message: string])[] = [
    ["a negative rate", () => new SGD([a], { lr: -1 }), "SGD: lr -1 must be a finite number, 0 or more\n  code: optim/option"],
    ["a rate of NaN", () => new Adam([a], { lr: NaN }), "Adam: lr NaN must be a finite number, 0 or more\n  code: optim/option"],
    ["a negative momentum", () => new SGD([a], { lr: 1, momentum: -0.5 }), "SGD: momentum -0.5 must be a number from 0 to 1\n  code: optim/option"],
    ["a negative decay", () => new SGD([a], { lr: 1, weightDecay: -1 }), "SGD: weightDecay -1 must be a finite number, 0 or more\n  code: optim/option"],
    ["Nesterov without momentum", () => new SGD([a], { lr: 1, nesterov: true }), "SGD: momentum 0 must be above 0 with nesterov\n  code: optim/option"],
    ["Nesterov with dampening", () => new SGD([a], { lr: 1, momentum: 0.9, dampening: 0.1, nesterov: true }), "SGD: dampening 0.1 must be 0 with nesterov\n  code: optim/option"],
    ["beta1 of 1", () => new Adam([a], { betas: [1, 0.9] }), "Adam: betas [1,0.9] must be a pair of numbers, 0 or more and below 1\n  code: optim/option"],
    ["beta2 below 0", () => new AdamW([a], { betas: [0.9, -0.1] }), "AdamW: betas [0.9,-0.1] must be a pair of numbers, 0 or more and below 1\n  code: optim/option"],
    ["a negative eps", () => new Adam([a], { eps: -1e-8 }), "Adam: eps -1e-8 must be a finite number, 0 or more\n  code: optim/option"],
    ["Adam's negative decay", () => new AdamW([a], { weightDecay: -1 }), "AdamW: weightDecay -1 must be a finite number, 0 or more\n  code: optim/option"],
    ["an option of a group", () => new SGD([{ params: [a], lr: -2 }], { lr: 1 }), "SGD: lr -2 must be a finite number, 0 or more\n  code: optim/option"],
    ["no parameters", () => new SGD([], { lr: 1 }), "SGD: there are no parameters to optimise\n  hint: pass model.parameters()\n  code: optim/empty"],
    ["groups without parameters", () => new Adam([{ params: [] }]), "Adam: there are no parameters to optimise\n  hint: pass model.parameters()\n  code: optim/empty"],
    ["a parameter listed twice", () => new SGD([a, a], { lr: 1 }), "SGD: a parameter is listed twice: it would be updated twice a step\n  code: optim/twice"],
    ["a parameter in two groups", () => new SGD([{ params: [a] }, { params: [a] }], { lr: 1 }), "SGD: a parameter is listed twice: it would be updated twice a step\n  code: optim/twice"],
  ];

  test.each(cases)("%s", (_name, call, message) => {
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(IndexError);
    expect(error.message).toBe(message);
  });

  test("the result of an op", () => {
    const error = thrownBy(() => new Adam([a, mul(a, 2)]));
    expect(error).toBeInstanceOf(GradError);
    expect(error.message).toBe(`Adam: parameter 1 is not a leaf: backward brings no gradient to the result of an op
  parameter  [1]  float64
  hint: pass what it was computed from, or detach() it and set requiresGrad
  code: optim/leaf`);
  });

  test("parameters of integers", () => {
    const counts = tensor([1, 2], { dtype: "int32" });
    const error = thrownBy(() => new SGD([a, counts], { lr: 1 }));
    expect(error).toBeInstanceOf(DTypeError);
    expect(error.message).toBe("SGD: parameter 1 is int32: only floating tensors have gradients\n  parameter  [2]  int32\n  code: optim/dtype");
  });
});

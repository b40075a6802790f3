import { memoryStats } from "@tapegrad/kernels";
import { describe, expect, test } from "vitest";
import {
  add, batchNorm, clone, conv2d, crossEntropy, defineOp, dropout, equal, exp, Generator, matmul, maxPool2d, mul, narrow, neg, ones, relu, scope, sigmoid, softmax, square, sum,
  tensor, to, zeros, type Tensor,
} from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import { enableGrad, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from "./grad-mode.ts";

const leaf = (values: readonly number[], dtype: "float32" | "float64" | "float16" = "float32"): Tensor => tensor(values, { dtype, requiresGrad: true });

describe("accumulation", () => {
  test("gradients add up over passes, and over uses in one pass", () => {
    const x = leaf([1, 2]);
    sum(mul(x, 3)).backward();
    expect(x.grad?.toArray()).toEqual([3, 3]);
    sum(add(mul(x, x), x)).backward();
    expect(x.grad?.toArray()).toEqual([6, 8]);
  });

  test("in float16 too", () => {
    const x = leaf([1, 2], "float16");
    sum(add(add(mul(x, 2), x), mul(x, x))).backward();
    expect(x.grad?.dtype).toBe("float16");
    expect(x.grad?.toArray()).toEqual([5, 7]);
    sum(x).backward();
    expect(x.grad?.toArray()).toEqual([6, 8]);
  });

  test.each([false, true])("two leaves never share a buffer (createGraph %s)", (createGraph) => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const upstream = tensor([5, 6]);
    add(a, b).backward(upstream, { createGraph });
    expect(a.grad?.storage).not.toBe(b.grad?.storage);
    expect(a.grad?.storage).not.toBe(upstream.storage);
    expect(b.grad?.storage).not.toBe(upstream.storage);
    noGrad(() => (a.grad as Tensor).zero_());
    expect(b.grad?.toArray()).toEqual([5, 6]);
    expect(upstream.toArray()).toEqual([5, 6]);
    add(a, b).backward(upstream);
    expect([a.grad?.toArray(), b.grad?.toArray()]).toEqual([[5, 6], [10, 12]]);
  });

  test.each([
    ["leaves", (x: Tensor) => x],
    ["tensors in the middle", (x: Tensor) => mul(x, 1)],
  ] as const)("%s that got one and the same gradient do not see what else the other gets", (_, through) => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const [p, q] = [through(a), through(b)];
    // Recorded first, so visited last: when it arrives, p and q wait with the gradient of their sum.
    const other = mul(p, 5);
    add(sum(other), sum(mul(add(p, q), 2))).backward();
    expect([a.grad?.toArray(), b.grad?.toArray()]).toEqual([[7, 7], [2, 2]]);
  });

  test("a gradient that comes back from grad() is nobody else's", () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const [dA, dB] = grad([add(a, b)], [a, b], { gradOutputs: [tensor([1, 1])] });
    expect(dA.toArray()).toEqual([1, 1]);
    expect(dB.toArray()).toEqual([1, 1]);
    sum(add(a, b)).backward();
    expect([dA.toArray(), dB.toArray(), a.grad?.toArray()]).toEqual([[1, 1], [1, 1], [1, 1]]);
  });

  test("backward of a leaf itself brings the upstream gradient", () => {
    const x = leaf([1, 2]);
    const upstream = tensor([3, 4]);
    x.backward(upstream);
    expect(x.grad?.toArray()).toEqual([3, 4]);
    expect(x.grad?.storage).not.toBe(upstream.storage);
  });

  test("a broadcast operand gets the sum, in its own shape and dtype", () => {
    const [a, b] = [leaf([1], "float32"), leaf([1, 2, 3], "float64")];
    sum(mul(a.reshape([1, 1]), b)).backward();
    expect([a.grad?.dtype, a.grad?.toArray(), b.grad?.dtype]).toEqual(["float32", [6], "float64"]);
  });
});

describe("what is recorded", () => {
  test("nothing inside noGrad and inferenceMode, again inside enableGrad; modes are restored after an error", () => {
    const x = leaf([1]);
    expect(noGrad(() => mul(x, 2)).requiresGrad).toBe(false);
    expect(inferenceMode(() => mul(x, 2)).requiresGrad).toBe(false);
    expect(noGrad(() => enableGrad(() => mul(x, 2))).requiresGrad).toBe(true);
    expect(() => noGrad(() => { throw new Error("inside"); })).toThrow("inside");
    expect(isGradEnabled()).toBe(true);
    setGradEnabled(false);
    expect(mul(x, 2).requiresGrad).toBe(false);
    setGradEnabled(true);
  });

  test("backward leaves the mode as it was, also when a gradient function throws", () => {
    const x = leaf([1]);
    const broken = defineOp<readonly ["x"], null>({
      name: "brokenForTheEngineTest", inputs: ["x"], saves: [], infer: ([v]) => v, forward: ([v]) => clone(v),
      backward: { x: () => { throw new Error("broken"); } }, samples: () => [],
    });
    const y = broken.run([x], null);
    expect(() => y.backward()).toThrow("broken");
    expect(isGradEnabled()).toBe(true);
    sum(mul(x, 2)).backward();
    expect(x.grad?.toArray()).toEqual([2]);
  });

  test("detach cuts the tape and shares the elements", () => {
    const x = leaf([1, 2]);
    const y = mul(x, 2);
    expect(y.detach().requiresGrad).toBe(false);
    expect(y.detach().storage).toBe(y.storage);
    expect(grad([sum(mul(y, y.detach()))], [x])[0]?.toArray()).toEqual([4, 8]);
  });
});

describe("graphs used more than once", () => {
  test("retainGraph keeps what was saved, masks and indices too", () => {
    const x = tensor([[[[1, 5], [3, 2]]]], { requiresGrad: true });
    const y = sum(maxPool2d(dropout(mul(x, x), { p: 0.5, generator: new Generator(1) }), 2));
    y.backward(null, { retainGraph: true });
    const first = (x.grad as Tensor).clone();
    y.backward();
    expect(equal(x.grad as Tensor, first.mul(2))).toBe(true);
    expect(() => y.backward()).toThrow("backward/released");
  });

  test("the options of backward may stand alone, and are told from what is neither options nor a gradient", () => {
    const x = leaf([1, 2]);
    const y = sum(mul(x, x));
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad?.toArray()).toEqual([4, 8]);
    expect(() => y.backward({ retainGraf: true } as never)).toThrow("backward/unknown-option");
    for (const wrong of [3, "ones", [1]]) expect(() => y.backward(wrong as never)).toThrow("gradient must be a tensor");
    expect(() => y.backward({ retainGraph: true } as never, { createGraph: true })).toThrow("gradient must be a tensor");
  });

  test("ops that need nothing for their gradients can be gone through twice", () => {
    const x = leaf([1, 2, 3, 4]);
    const y = sum(neg(neg(add(x, 1))).reshape([2, 2]).narrow(0, 0, 1).expand([3, 1, 2]));
    y.backward();
    y.backward();
    expect(x.grad?.toArray()).toEqual([6, 6, 0, 0]);
    // A mask, and a saved number.
    for (const used of [sum(dropout(x, { p: 0.5 })), sum(mul(x, 2))]) {
      used.backward();
      expect(() => used.backward()).toThrow("backward/released");
    }
  });

  test("gradients of gradients, to the third order", () => {
    const x = tensor(2, { dtype: "float64", requiresGrad: true });
    const [first] = grad([mul(mul(x, x), mul(x, x))], [x], { createGraph: true });
    const [second] = grad([first], [x], { createGraph: true });
    const [third] = grad([second], [x]);
    expect([first.item(), second.item(), third.item()]).toEqual([32, 48, 48]);
  });

  test("second derivatives go through layers whose backward is a kernel", () => {
    const x = tensor([[0.3, -0.2, 0.5], [1.5, 0.1, -0.4]], { dtype: "float64", requiresGrad: true });
    const losses: Readonly<Record<string, (v: Tensor) => Tensor>> = {
      softmax: (v) => sum(square(softmax(v, 1))),
      batchNorm: (v) => sum(exp(batchNorm(v, { training: true }))),
      crossEntropy: (v) => crossEntropy(v, tensor([1, 2], { dtype: "int32" })),
    };
    for (const loss of Object.values(losses)) {
      const [dX] = grad([loss(x)], [x], { createGraph: true });
      const [second] = grad([sum(square(dX))], [x]);
      expect(second.toTypedArray().some((value) => value !== 0)).toBe(true);
    }
  });

  test("a recorded gradient outlives the graph it came from", () => {
    const x = tensor([[[[1, 5], [3, 2]]]], { requiresGrad: true });
    const upstream = tensor([[[[3]]]], { requiresGrad: true });
    const y = maxPool2d(x, 2);
    const [dX] = grad([y], [x], { gradOutputs: [upstream], createGraph: true });
    y.backward(ones([1, 1, 1, 1]));
    sum(mul(dX, 7)).backward();
    expect(upstream.grad?.toArray()).toEqual([[[[7]]]]);
  });
});

describe("hooks and kept gradients", () => {
  test("a hook sees the gradient, may replace it, and may be removed", () => {
    const x = leaf([1, 2]);
    const y = mul(x, 3);
    const seen: unknown[] = [];
    const remove = y.registerHook((gradient) => { seen.push(gradient.toArray()); });
    const stop = y.registerHook((gradient) => mul(gradient, 10));
    sum(y).backward(null, { retainGraph: true });
    expect(seen).toEqual([[1, 1]]);
    expect(x.grad?.toArray()).toEqual([30, 30]);
    remove();
    stop();
    sum(y).backward();
    expect(seen.length).toBe(1);
    expect(x.grad?.toArray()).toEqual([33, 33]);
  });

  test("a hook on a leaf goes with every pass until it is removed, and a gradient that it keeps stays readable", () => {
    const x = leaf([1, 2]);
    const kept: Tensor[] = [];
    const hook = (gradient: Tensor): void => { kept.push(gradient); };
    const removes = [x.registerHook(hook), x.registerHook(hook)];
    sum(mul(x, 3)).backward();
    removes[0]?.();
    sum(mul(x, 5)).backward();
    removes[1]?.();
    sum(mul(x, 7)).backward();
    expect(kept.map((gradient) => gradient.toArray())).toEqual([[3, 3], [3, 3], [5, 5]]);
    expect(x.grad?.toArray()).toEqual([15, 15]);
  });

  test("a gradient that a hook on a leaf gives must have its shape and dtype, and is recorded with the others", () => {
    const x = tensor(2, { dtype: "float64", requiresGrad: true });
    x.registerHook((gradient) => mul(gradient, x));
    const [dX] = grad([mul(x, x)], [x], { createGraph: true });
    expect([dX.item(), grad([dX], [x])[0].item()]).toEqual([8, 16]);
    x.registerHook(() => zeros([3], { dtype: "float64" }));
    expect(() => mul(x, x).backward()).toThrow("registerHook/shape");
  });

  test("a gradient that a hook keeps stays readable", () => {
    const x = leaf([1, 2]);
    const y = mul(x, 3);
    let kept: Tensor = zeros([1]);
    y.registerHook((gradient) => { kept = gradient; });
    sum(mul(y, y)).backward();
    expect(kept.toArray()).toEqual([6, 12]);
  });

  test("retainGrad keeps the gradient of a tensor in the middle", () => {
    const x = leaf([1, 2]);
    const y = mul(x, 3);
    y.retainGrad();
    sum(mul(y, y)).backward();
    expect(y.grad?.toArray()).toEqual([6, 12]);
    expect(x.grad?.toArray()).toEqual([18, 36]);
    expect(y.grad?.storage).not.toBe(x.grad?.storage);
  });

  test("grad may ask for tensors in the middle, and leaves .grad alone", () => {
    const x = leaf([2]);
    const y = mul(x, x);
    const z = mul(y, y);
    const [dY, dX] = grad([z], [y, x]);
    expect([dY.toArray(), dX.toArray(), x.grad]).toEqual([[8], [32], null]);
  });

  test("two outputs in one pass", () => {
    const x = leaf([1, 2]);
    const y = mul(x, 2);
    expect(grad([sum(y), sum(mul(y, y))], [x])[0]?.toArray()).toEqual([10, 18]);
  });
});

describe("gradients computed in the memory of the upstream one", () => {
  test("leave alone what a hook, retainGrad, grad() or the caller still has", () => {
    const x = tensor([0.5, -1, 2], { requiresGrad: true });
    const middle = mul(x, 2);
    const kept = mul(middle, 3);
    kept.retainGrad();
    const watched = mul(kept, 5);
    const seen: Tensor[] = [];
    watched.registerHook((gradient) => { seen.push(gradient); });
    const upstream = tensor([1, 10, 100]);
    const [atMiddle, atX] = grad([mul(watched, 7)], [middle, x], { gradOutputs: [upstream], retainGraph: true });
    mul(watched, 7).backward(upstream);
    const times = (factor: number): number[] => [1, 10, 100].map((value) => value * factor);
    expect(upstream.toArray()).toEqual(times(1));
    expect(seen.map((gradient) => gradient.toArray())).toEqual([times(7), times(7)]);
    expect(kept.grad?.toArray()).toEqual(times(35 + 35));
    expect(atMiddle.toArray()).toEqual(times(105));
    expect(atX.toArray()).toEqual(times(210));
    expect(x.grad?.toArray()).toEqual(times(210));
  });

  test("and both operands, and both uses of one, get theirs", () => {
    const [x, y] = [tensor([2, 3], { requiresGrad: true }), tensor([5, 7], { requiresGrad: true })];
    sum(mul(mul(mul(x, y), x), 2)).backward();
    expect(x.grad?.toArray()).toEqual([2 * 2 * 2 * 5, 2 * 2 * 3 * 7]);
    expect(y.grad?.toArray()).toEqual([2 * 4, 2 * 9]);
  });
});

describe("changes in place", () => {
  test("recorded ones have the right gradient, and count versions", () => {
    const x = leaf([1, -2]);
    const y = mul(x, 3);
    const before = y.storage.version;
    y.add_(1).mul_(2).relu_();
    expect(y.storage.version).toBe(before + 3);
    expect(y.toArray()).toEqual([8, 0]);
    sum(y).backward();
    expect(x.grad?.toArray()).toEqual([6, 0]);
  });

  test("an in-place operand that requires grad puts the tensor on the tape", () => {
    const x = leaf([1, 2]);
    const buffer = zeros([2]);
    buffer.add_(x).mul_(x);
    sum(buffer).backward();
    expect(x.grad?.toArray()).toEqual([2, 4]);
  });

  test("copy_ and fill_ cut a tensor off from its past", () => {
    const [x, z] = [leaf([1, 2]), leaf([5, 6])];
    const y = mul(x, 3);
    y.copy_(z);
    sum(mul(y, 2)).backward();
    expect([x.grad?.toArray() ?? [0, 0], z.grad?.toArray()]).toEqual([[0, 0], [2, 2]]);
    const w = mul(x, 3);
    w.fill_(7);
    expect(sum(add(w, x)).item()).toBe(17);
  });

  test.each([
    ["mul's operand", (x: Tensor) => { const f = ones([2]); return [mul(x, f), () => f.add_(1)] as const; }],
    ["exp's result", (x: Tensor) => { const y = exp(x); return [y, () => noGrad(() => y.add_(1))] as const; }],
    ["sigmoid's result", (x: Tensor) => { const y = sigmoid(x); return [y, () => noGrad(() => y.zero_())] as const; }],
    ["a view of a saved tensor", (x: Tensor) => { const f = ones([2]); return [mul(x, f), () => narrow(f, 0, 0, 1).add_(1)] as const; }],
    ["a leaf inside noGrad", (x: Tensor) => [mul(x, x), () => noGrad(() => x.add_(1))] as const],
  ] as const)("%s changed before backward raises", (_, make) => {
    const [y, change] = make(leaf([1, 2]));
    const loss = sum(y);
    change();
    expect(() => loss.backward()).toThrow("backward/changed");
  });

  test("off the tape they take no memory, and see their operands' old elements where these are the tensor's own", () => {
    const square = (): Tensor => tensor([[1, 2], [3, 4]]);
    const [x, y] = [tensor([1, 2, 3, 4]), tensor([10, 20, 30, 40])];
    const blocks = memoryStats().blocks;
    const version = x.storage.version;
    for (const change of [() => x.add_(y), () => x.mul_(x), () => x.div_(11), () => x.relu_(), () => x.sub_(y)]) change();
    expect(x.toArray()).toEqual([1, 24, 69, 136]);
    expect(x.storage.version - version).toBe(5);
    // The number 11.
    expect(memoryStats().blocks - blocks).toBeLessThanOrEqual(1);
    const a = square();
    expect(a.add_(a.transpose(0, 1)).toArray()).toEqual([[2, 5], [5, 8]]);
    const b = square();
    expect(b.sub_(b.narrow(0, 0, 1)).toArray()).toEqual([[0, 0], [2, 2]]);
    const c = square();
    expect(c.mul_(c.narrow(1, 1, 1)).toArray()).toEqual([[2, 4], [12, 16]]);
    const d = square();
    expect(d.transpose(0, 1).sub_(tensor([[0, 1], [2, 3]])).toArray()).toEqual([[1, 2], [0, 1]]);
    const e = tensor([1, 2], { dtype: "int32" });
    expect(() => e.add_(tensor([0.5, 0.5]))).toThrow("does not fit into int32");
    expect(() => e.add_(tensor([[1, 2], [3, 4]], { dtype: "int32" }))).toThrow("must keep the shape");
    expect(e.toArray()).toEqual([1, 2]);
  });

  test("gradients may change, though the pass took them as views that nobody recorded", () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const [dX] = grad([sum(square(x.reshape([2, 1])))], [x]);
    x.reshape([2, 1]).backward(ones([2, 1]));
    for (const gradient of [dX, x.grad as Tensor]) expect(gradient.mul_(w).requiresGrad).toBe(true);
  });

  test("off the tape a view keeps nothing alive but its elements", () => {
    const h = mul(leaf([1, 2]), 2);
    for (const view of [noGrad(() => h.narrow(0, 0, 1)), h.detach(), h.detach().narrow(0, 0, 1), noGrad(() => h.narrow(0, 0, 1)).narrow(0, 0, 1)]) {
      expect([view.base === null || view.base.node === null, view.node]).toEqual([true, null]);
      expect(view.base).not.toBe(h);
    }
  });

  test("a module's tensor that was given other elements is no base of the views of the old ones", () => {
    const x = tensor([1, 2, 3]);
    const view = x.narrow(0, 0, 2);
    x.adopt(tensor([7, 8, 9], { dtype: "float64" }));
    view.mul_(leaf([2, 3]));
    expect([x.requiresGrad, view.toArray(), x.toArray()]).toEqual([false, [2, 6], [7, 8, 9]]);
  });

  test("a tensor that nobody saved may change", () => {
    const x = leaf([1, 2]);
    const y = add(x, 1);
    const z = add(y, 1);
    noGrad(() => y.zero_());
    sum(z).backward();
    expect(x.grad?.toArray()).toEqual([1, 1]);
  });

  test("after a recorded change of a tensor, what shares its elements and is no view of it is refused; one taken after it is right", () => {
    const x = leaf([1, 2]);
    const base = mul(x, 2);
    const stale = [noGrad(() => base.view([2, 1])), base.detach().view([2, 1]).requiresGrad_()];
    base.mul_(3);
    for (const view of stale) expect(() => mul(view, 2)).toThrow("tape/stale-view");
    sum(base.view([2, 1])).backward();
    expect(x.grad?.toArray()).toEqual([6, 6]);
  });
});

describe("dtypes on the tape", () => {
  test("a cast brings the gradient back to the dtype before it", () => {
    const x = leaf([1, 2], "float64");
    sum(mul(to(x, "float32"), 3)).backward();
    expect([x.grad?.dtype, x.grad?.toArray()]).toEqual(["float64", [3, 3]]);
  });

  test("float16 gradients are those of float32, rounded", () => {
    const random = new Generator(4);
    const shape = { x: [2, 3, 6, 6], w: [4, 3, 3, 3] };
    const make = (dtype: "float16" | "float32", values: Float32Array, size: number[]): Tensor => to(tensor(values, { shape: size }), "float16").to(dtype).detach().requiresGrad_();
    const values = (size: number[]): Float32Array => Float32Array.from({ length: size.reduce((a, b) => a * b, 1) }, () => (random.take(1)[2] * 7919) % 101 / 101 - 0.5);
    const [xs, ws] = [values(shape.x), values(shape.w)];
    const [half, full] = (["float16", "float32"] as const).map((dtype) => {
      const [x, w] = [make(dtype, xs, shape.x), make(dtype, ws, shape.w)];
      sum(square(relu(conv2d(x, w, null, { padding: 1 })))).backward();
      return [x.grad as Tensor, w.grad as Tensor];
    }) as [Tensor[], Tensor[]];
    half.forEach((gradient, i) => {
      expect(gradient.dtype).toBe("float16");
      const [found, expected] = [gradient.toTypedArray(), (full[i] as Tensor).toTypedArray()];
      const largest = Math.max(...expected.map(Math.abs));
      found.forEach((value, k) => expect(Math.abs(value - (expected[k] as number))).toBeLessThan(largest * 2 ** -8));
    });
  });
});

describe("deep graphs", () => {
  test("20,000 ops in a row do not overflow the stack", () => {
    const x = leaf([1]);
    let y = x;
    for (let i = 0; i < 20_000; i++) y = add(y, 0.5);
    y.backward();
    expect(x.grad?.toArray()).toEqual([1]);
  });

  test("nor does a chain with branches", () => {
    const x = leaf([1], "float64");
    let y: Tensor = x;
    for (let i = 0; i < 5_000; i++) y = add(mul(y, 0.5), mul(y, 0.5));
    y.backward();
    expect(x.grad?.toArray()).toEqual([1]);
  });
});

test("a scope frees what backward leaves, and keeps gradients of leaves", () => {
  const w = leaf([1, 2]);
  const loss = scope(() => {
    const y = sum(square(matmul(w.reshape([1, 2]), ones([2, 2]))));
    y.backward();
    return y.item();
  });
  expect(loss).toBe(18);
  expect(w.grad?.toArray()).toEqual([12, 12]);
});

test("a stale tensor is no root of a backward pass either", () => {
  const x = leaf([1, 2]);
  const base = mul(x, 2);
  base.detach().view([2, 1]).mul_(leaf([3]));
  expect(() => base.backward(ones([2]))).toThrow("tape/stale-view");
  expect(() => grad([base], [x], { gradOutputs: [ones([2])] })).toThrow("tape/stale-view");
});

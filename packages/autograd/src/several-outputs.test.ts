import { describe, expect, test } from "vitest";
import { add, defineOp, mul, opTable, tensor, type Tensor } from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import { noGrad } from "./grad-mode.ts";

const seen: (readonly (number | null)[])[] = [];
const valueOf = (x: Tensor | null): number | null => x?.item() ?? null;

/** x y and x + y, and how many there were, which has no gradient. */
const both = defineOp<readonly ["x", "y"], null, readonly ["x", "y"], readonly ["product", "sum", "count"]>({
  name: "testProductAndSum",
  inputs: ["x", "y"],
  outputs: ["product", "sum", "count"],
  saves: ["x", "y"],
  infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }, { shape: x.shape, dtype: x.dtype }, { shape: [], dtype: "int32" }],
  forward: ([x, y]) => [mul(x, y), add(x, y), tensor(2, { dtype: "int32" })],
  backward: {
    x: ([product, sum, count], { y }) => {
      seen.push([valueOf(product), valueOf(sum), valueOf(count)]);
      return add(product === null ? 0 : mul(product, y), sum ?? 0);
    },
    y: ([product, sum], { x }) => add(product === null ? 0 : mul(product, x), sum ?? 0),
  },
  samples: () => [],
});

/** The product of any number of tensors, scaled by the first input. */
const product = defineOp<readonly ["scale", "factors..."], null, readonly ["scale", "out", "factors"]>({
  name: "testProduct",
  inputs: ["scale", "factors..."],
  saves: ["scale", "out", "factors"],
  infer: ([scale]) => ({ shape: scale.shape, dtype: scale.dtype }),
  forward: ([scale, ...factors]) => factors.reduce((a, b) => mul(a, b), scale),
  backward: {
    scale: (dOut, { factors }) => factors.reduce((a, b) => mul(a, b), dOut),
    factors: (dOut, { scale, factors }, at) => factors.toSpliced(at, 1).reduce((a, b) => mul(a, b), mul(dOut, scale)),
  },
  samples: () => [],
});

const leaf = (value: number): Tensor => tensor(value, { requiresGrad: true });

describe("an op with several outputs", () => {
  test("gathers their gradients, with null for what nothing depends on", () => {
    seen.length = 0;
    const [x, y] = [leaf(2), leaf(5)];
    const [p, s, count] = both.run([x, y], null);
    expect([p.item(), s.item(), count.item(), count.requiresGrad, p.isLeaf]).toEqual([10, 7, 2, false, false]);
    p.mul(3).add(s).backward();
    expect([x.grad?.item(), y.grad?.item(), seen]).toEqual([16, 7, [[3, 1, null]]]);
    x.grad = y.grad = null;
    both.run([x, y], null)[1].mul(4).backward();
    expect([x.grad, y.grad].map(valueOf)).toEqual([4, 4]);
    expect(seen[1]).toEqual([null, 4, null]);
  });

  test("adds up what comes to one output from several places, before it is passed on", () => {
    seen.length = 0;
    const [x, y] = [leaf(2), leaf(5)];
    const [p] = both.run([x, y], null);
    p.mul(p).backward();
    expect([x.grad?.item(), seen]).toEqual([100, [[20, null, null]]]);
  });

  test("has hooks, retained gradients and targets of its single outputs", () => {
    const [x, y] = [leaf(2), leaf(5)];
    const [p, s] = both.run([x, y], null);
    s.retainGrad();
    p.registerHook((gradient) => gradient.mul(10));
    add(p, mul(s, 3)).backward();
    expect([x.grad?.item(), s.grad?.item(), p.grad]).toEqual([53, 3, null]);
    const [p2, s2] = both.run([x, y], null);
    const total = p2.mul(2).add(s2.mul(3));
    expect(grad([total], [s2, p2, x], { retainGraph: true }).map(valueOf)).toEqual([3, 2, 13]);
    expect(grad([p2, s2], [y]).map(valueOf)).toEqual([3]);
  });

  test("is differentiated twice", () => {
    const [x, y] = [leaf(2), leaf(5)];
    const [p, s] = both.run([x, y], null);
    const [dx] = grad([p.mul(s)], [x], { createGraph: true });
    // d/dx of x y (x + y) = 2 x y + y^2; again: 2 y, and by y: 2 x + 2 y.
    expect(dx.item()).toBe(45);
    expect(grad([dx], [x, y]).map(valueOf)).toEqual([10, 14]);
  });

  test("is used up by a backward pass, and kept by retainGraph", () => {
    const [x, y] = [leaf(2), leaf(5)];
    const [p, s] = both.run([x, y], null);
    p.backward({ retainGraph: true });
    s.backward();
    expect(x.grad?.item()).toBe(6);
    expect(() => p.backward()).toThrow("the graph was already used up at testProductAndSum");
  });

  test("is left off the tape inside noGrad and for constants, and gives inputs that it returns a tensor of their own", () => {
    const x = leaf(2);
    expect(noGrad(() => both.run([x, x], null)).map((out) => out.requiresGrad)).toEqual([false, false, false]);
    expect(both.run([tensor(1), tensor(2)], null).map((out) => out.isLeaf)).toEqual([true, true, true]);
    const same = defineOp<readonly ["x"], null, readonly [], readonly ["a", "b"]>({
      name: "testTwice", inputs: ["x"], outputs: ["a", "b"], saves: [], infer: ([x]) => [x, x], forward: ([x]) => [x, x],
      backward: { x: ([a, b]) => add(a ?? 0, b ?? 0) }, samples: () => [],
    });
    const [first, second] = same.run([x], null);
    expect([first === x, first === second, x.isLeaf]).toEqual([false, false, true]);
    first.mul(3).add(second).backward();
    expect(x.grad?.item()).toBe(4);
    const one = defineOp<readonly ["x"], null, readonly [], readonly ["a", "b"]>({
      name: "testOneTensorTwice", inputs: ["x"], outputs: ["a", "b"], saves: [], infer: ([x]) => [x, x],
      forward: ([x]) => { const made = mul(x, 1); return [made, made]; },
      backward: { x: ([a, b]) => add(mul(a ?? tensor(0), 10), b ?? 0) }, samples: () => [],
    });
    const [a, b] = one.run([x], null);
    expect(grad([a.mul(2).add(b.mul(3))], [x]).map(valueOf)).toEqual([23]);
  });

  test("clears what has arrived when a gradient function throws", () => {
    let isBroken = true;
    const fragile = defineOp<readonly ["x"], null, readonly [], readonly ["a", "b"]>({
      name: "testFragile", inputs: ["x"], outputs: ["a", "b"], saves: [], infer: ([x]) => [x, x], forward: ([x]) => [mul(x, 1), mul(x, 1)],
      backward: {
        x: ([a, b]) => {
          if (isBroken) throw new Error("no");
          return add(a ?? 0, b ?? 0);
        },
      },
      samples: () => [],
    });
    const x = leaf(2);
    const [a, b] = fragile.run([x], null);
    const total = a.add(b);
    expect(() => total.backward({ retainGraph: true })).toThrow("no");
    isBroken = false;
    total.backward();
    expect(x.grad?.item()).toBe(2);
  });
});

describe("an op with any number of inputs", () => {
  test("has a gradient for each, and saves them all", () => {
    const [scale, a, b, c] = [leaf(2), leaf(3), leaf(5), leaf(7)];
    const out = product.run([scale, a, b, c], null);
    expect(out.item()).toBe(210);
    expect(grad([out], [scale, a, b, c]).map(valueOf)).toEqual([105, 70, 42, 30]);
    expect(grad([product.run([scale], null)], [scale]).map(valueOf)).toEqual([1]);
  });

  test("computes the gradients that are wanted, of an input that is given twice the sum", () => {
    const [scale, a] = [tensor(2), leaf(3)];
    product.run([scale, a, tensor(5), a], null).backward();
    expect([a.grad?.item(), scale.grad]).toEqual([60, null]);
  });

  test("names what is no tensor and what was changed in place", () => {
    const [scale, a, b] = [leaf(2), leaf(3).mul(1), leaf(5)];
    expect(() => product.run([scale, a, 3 as never], null)).toThrow("testProduct: factors[1] must be a tensor, not 3");
    const out = product.run([scale, a, b], null);
    a.mul_(2);
    expect(() => out.backward()).toThrow("factors [], saved by testProduct at version 0, was changed in place");
  });
});

test("what runs inside a forward is not recorded", () => {
  const x = leaf(3);
  let inner: Tensor | null = null;
  const square = defineOp<readonly ["x"], null>({
    name: "testSquare", inputs: ["x"], saves: [], infer: ([x]) => x,
    forward: ([x]) => (inner = mul(x, x)),
    backward: { x: (dOut) => mul(dOut, 100) },
    samples: () => [],
  });
  const out = square.run([x], null);
  out.backward();
  expect([x.grad?.item(), (inner as Tensor | null)?.isLeaf, opTable.has("testSquare")]).toEqual([100, false, true]);
  const failing = defineOp<readonly ["x"], null>({ name: "testFailing", inputs: ["x"], saves: [], infer: ([x]) => x, forward: () => { throw new Error("no"); }, samples: () => [] });
  expect(() => failing.run([x], null)).toThrow("no");
  expect(mul(x, 2).requiresGrad).toBe(true);
});

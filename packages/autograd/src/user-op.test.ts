import { describe, expect, test } from "vitest";
import { defineOp, tensor, type Tensor } from "@tapegrad/tensor";
import "./backward.ts";
import { noGrad } from "./grad-mode.ts";

const shapeOf = ([x]: readonly [Tensor]): { shape: readonly number[]; dtype: "float32" } => ({ shape: x.shape, dtype: "float32" });

/** Ops as a user may write them, whose `forward` makes no tensor. */
const definitions = {
  "its input": defineOp<readonly ["x"], Tensor | null>({
    name: "userIdentity", inputs: ["x"], saves: [], infer: shapeOf, forward: ([x]) => x, backward: { x: (dOut) => dOut }, samples: () => [],
  }),
  "its input, declared a view": defineOp<readonly ["x"], Tensor | null>({
    name: "userView", inputs: ["x"], saves: [], view: true, infer: shapeOf, forward: ([x]) => x, backward: { x: (dOut) => dOut }, samples: () => [],
  }),
  "its input, and saves it": defineOp<readonly ["x"], Tensor | null, readonly ["x", "out"]>({
    name: "userSaved", inputs: ["x"], saves: ["x", "out"], infer: shapeOf, forward: ([x]) => x, backward: { x: (dOut) => dOut }, samples: () => [],
  }),
};

describe.each(Object.keys(definitions) as (keyof typeof definitions)[])("an op that returns %s", (name) => {
  const { run } = definitions[name];
  test("leaves a leaf a leaf, and gives it its gradient", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = run([x], null);
    expect(y).not.toBe(x);
    expect([x.isLeaf, y.isLeaf]).toEqual([true, false]);
    y.mul(x).sum().backward();
    expect(x.grad?.toArray()).toEqual([2, 4]);
  });
  test("keeps the input's own place on the tape", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const h = x.mul(3);
    const { node } = h;
    run([h], null).mul(h).sum().backward();
    expect(h.node).toBe(node);
    expect(x.grad?.toArray()).toEqual([18, 36]);
  });
  test("gives a constant inside noGrad, and of a constant", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const h = x.mul(3);
    const z = noGrad(() => run([h], null));
    expect(z.requiresGrad).toBe(false);
    z.mul(h).sum().backward();
    expect(x.grad?.toArray()).toEqual([9, 18]);
    const constant = tensor([1, 2]);
    run([constant], null).requiresGrad_();
    expect(constant.requiresGrad).toBe(false);
  });
});

test("an op that returns a tensor of its attributes leaves that off the tape", () => {
  const { run } = defineOp<readonly ["x"], Tensor>({
    name: "userConstant", inputs: ["x"], saves: [], infer: shapeOf, forward: (_, kept) => kept, backward: { x: (dOut) => dOut }, samples: () => [],
  });
  const kept = tensor([5, 6]);
  const x = tensor([1, 2], { requiresGrad: true });
  const y = run([x], kept);
  expect([kept.requiresGrad, y.requiresGrad, y.toArray()]).toEqual([false, true, [5, 6]]);
});

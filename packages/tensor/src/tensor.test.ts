import { describe, expect, test } from "vitest";
import { arange, ones, tensor, zeros } from "./creation.ts";
import { allclose, equal } from "./equality.ts";
import { max, min } from "./ops/select-extremum.ts";
import { keep, openScope, scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import "./methods.ts";

describe("a tensor's facts", () => {
  const x = zeros([2, 3, 4], { dtype: "float64" });
  test("shape, sizes and strides", () => {
    expect([x.ndim, x.dim(), x.numel(), x.size(), x.size(-1)]).toEqual([3, 3, 24, [2, 3, 4], 4]);
    expect(x.strides).toEqual([12, 4, 1]);
    expect([x.isLeaf, x.requiresGrad, x.isContiguous()]).toEqual([true, false, true]);
  });
  test("views have strides and offsets of their own, and one storage", () => {
    const view = x.transpose(0, 2).narrow(0, 1, 2);
    expect([view.shape, view.strides, view.offset, view.isContiguous()]).toEqual([[2, 3, 2], [1, 4, 12], 1, false]);
    expect(view.storage).toBe(x.storage);
    expect(view.contiguous().strides).toEqual([6, 2, 1]);
    expect(x.contiguous()).toBe(x);
  });
  test("strides of dimensions with one or no entries do not matter", () => {
    expect(zeros([3, 1]).transpose(0, 1).isContiguous()).toBe(true);
    expect(zeros([3, 0]).transpose(0, 1).isContiguous()).toBe(true);
  });
});

describe("views share elements", () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    ["view", (x) => x.view([3, 2])],
    ["reshape", (x) => x.reshape([6])],
    ["flatten", (x) => x.flatten()],
    ["transpose", (x) => x.transpose(0, 1)],
    ["T", (x) => x.T],
    ["mT", (x) => x.mT],
    ["t", (x) => x.t()],
    ["permute", (x) => x.permute([1, 0])],
    ["narrow", (x) => x.narrow(1, 0, 2)],
    ["slice", (x) => x.slice(1, 0, 3, 2)],
    ["select", (x) => x.select(0, 0)],
    ["unsqueeze", (x) => x.unsqueeze(0)],
    ["expand", (x) => x.expand([2, 2, 3])],
    ["detach", (x) => x.detach()],
  ])("%s", (_, view) => {
    const x = arange(6).reshape([2, 3]);
    const y = view(x);
    expect(y.storage).toBe(x.storage);
    x.add_(10);
    expect(Math.min(...y.flatten().toTypedArray())).toBeGreaterThanOrEqual(10);
  });

  test("reshape copies where the strides allow no view", () => {
    const x = arange(6).reshape([2, 3]);
    const y = x.transpose(0, 1).reshape([6]);
    expect(y.storage).not.toBe(x.storage);
    expect(y.toArray()).toEqual([0, 3, 1, 4, 2, 5]);
  });

  test("a change through a view shows in the whole", () => {
    const x = zeros([2, 3]);
    x.select(1, 1).add_(tensor([5, 6]));
    x.transpose(0, 1).narrow(0, 0, 1).fill_(9);
    expect(x.toArray()).toEqual([[9, 5, 0], [9, 6, 0]]);
  });
});

describe("reading", () => {
  test("toArray nests, and gives booleans for bool", () => {
    expect(tensor([[true], [false]]).toArray()).toEqual([[true], [false]]);
    expect(tensor(4).toArray()).toBe(4);
    expect(zeros([2, 0]).toArray()).toEqual([[], []]);
  });
  test("item reads one element of any shape and dtype", () => {
    expect(tensor([[2.5]], { dtype: "float16" }).item()).toBe(2.5);
    expect(tensor([true]).item()).toBe(1);
    expect(arange(5).select(0, 3).item()).toBe(3);
  });
  test("max and min as methods, whole or along a dimension", () => {
    const x = tensor([[1, 5], [7, 2]]);
    expect([x.max().item(), x.min().item()]).toEqual([7, 1]);
    expect(x.max(1).values.toArray()).toEqual([5, 7]);
    expect(max(x, 0, true).indices.toArray()).toEqual([[1, 0]]);
    expect(min(x, 1).indices.toArray()).toEqual([0, 1]);
  });
});

describe("equality", () => {
  test("equal looks at dtype, shape and bits", () => {
    expect(equal(ones([2]), ones([2], { dtype: "float64" }))).toBe(false);
    expect(equal(ones([2]), ones([2, 1]))).toBe(false);
    expect(equal(tensor([NaN]), tensor([NaN]))).toBe(true);
  });
  test("allclose keeps to its tolerances", () => {
    expect(allclose(tensor([100]), tensor([101]), { rtol: 0.01 })).toBe(true);
    expect(allclose(tensor([100]), tensor([102]), { rtol: 0.01 })).toBe(false);
    expect(allclose(tensor([0]), tensor([1e-3]), { atol: 1e-2 })).toBe(true);
    expect(allclose(ones([2]), ones([3]))).toBe(false);
  });
  test("an infinity is close to itself alone, NaN to nothing unless told", () => {
    expect(allclose(tensor([Infinity]), tensor([Infinity]))).toBe(true);
    expect(allclose(tensor([Infinity]), tensor([-Infinity]))).toBe(false);
    expect(allclose(tensor([1]), tensor([Infinity]))).toBe(false);
    expect(allclose(tensor([NaN]), tensor([NaN]))).toBe(false);
    expect(allclose(tensor([NaN]), tensor([NaN]), { equalNan: true })).toBe(true);
  });
});

describe("scopes", () => {
  test("free what was made inside, except what is returned in arrays, objects, maps or sets", () => {
    const made: Tensor[] = [];
    const make = (): Tensor => {
      const x = ones([2]);
      made.push(x);
      return x;
    };
    const result = scope(() => {
      make();
      return { list: [make()], map: new Map([["a", make()]]), set: new Set([make()]), view: make().reshape([1, 2]) };
    });
    expect(made.map((x) => x.storage.freed)).toEqual([true, false, false, false, false]);
    expect(result.view.toArray()).toEqual([[1, 1]]);
  });

  test("nest: what an inner one returns belongs to the outer one", () => {
    let inner = zeros([1]);
    scope(() => {
      inner = scope(() => ones([1]));
      expect(inner.item()).toBe(1);
    });
    expect(inner.storage.freed).toBe(true);
  });

  test("spare what is kept, and what was made outside", () => {
    const outside = ones([1]);
    let kept = outside;
    scope(() => {
      outside.add_(1);
      kept = keep(ones([3]));
    });
    expect([outside.item(), kept.shape]).toEqual([2, [3]]);
  });

  test("free after an error too, and may be opened by hand", () => {
    const made: Tensor[] = [];
    expect(() => scope(() => {
      made.push(ones([1]));
      throw new Error("inside");
    })).toThrow("inside");
    {
      using opened = openScope();
      made.push(ones([1]));
      expect(opened).toBeDefined();
    }
    const byHand = openScope();
    const survivor = ones([1]);
    made.push(ones([1]));
    byHand.close(survivor);
    byHand.close();
    expect(made.every((x) => x.storage.freed)).toBe(true);
    expect(survivor.item()).toBe(1);
  });
});

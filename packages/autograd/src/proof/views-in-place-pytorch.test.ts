import { expect, test } from "vitest";
import { add, arange, mul, ones, square, sum, tensor, zeros, type NestedArray, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";

const leaf = (data: NestedArray): Tensor => tensor(data, { dtype: "float64", requiresGrad: true });
const constant = (data: NestedArray): Tensor => tensor(data, { dtype: "float64" });
const weights = constant([1, 10, 100]);
const weighed = (h: Tensor): Tensor => sum(mul(h, weights));
const shown = (...tensors: readonly (Tensor | null | undefined)[]): (NestedArray | null)[] => tensors.map((x) => x?.toArray() ?? null);

/** A leaf of three numbers, and twice that. */
function start(): readonly [Tensor, Tensor] {
  const x = leaf([1, 2, 3]);
  return [x, mul(x, 2)];
}

/** Programs, and what the same ones print in PyTorch. */
const programs: Readonly<Record<string, readonly [run: () => unknown, printed: unknown]>> = {
  "a part is multiplied": [() => {
    const [x, h] = start();
    h.narrow(0, 0, 2).mul_(3);
    weighed(h).backward();
    return shown(x.grad);
  }, [[6, 60, 200]]],
  "a cross-correlation, element by element": [() => {
    const [image, kernel] = [arange(16, { dtype: "float64" }).reshape([4, 4]), leaf([[1, -1], [0.5, 2]])];
    const y = zeros([3, 3], { dtype: "float64" });
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) y.select(0, i).select(0, j).copy_(sum(mul(image.narrow(0, i, 2).narrow(1, j, 2), kernel)));
    sum(square(y.sub(1))).backward();
    return shown(y, kernel.grad);
  }, [[[11, 13.5, 16], [21, 23.5, 26], [31, 33.5, 36]], [[2535, 2940], [4155, 4560]]]],
  "a column, through the transpose": [() => {
    const [x, w] = [leaf([0, 1, 2, 3, 4, 5]), leaf([2, 5])];
    const h = mul(x, 1).reshape([2, 3]);
    h.t().select(0, 1).mul_(w);
    sum(mul(h, constant([[1, 2, 3], [4, 5, 6]]))).backward();
    return shown(x.grad, w.grad);
  }, [[1, 4, 3, 4, 25, 6], [2, 20]]],
  "a view follows when its base is changed": [() => {
    const [x, h] = start();
    const view = h.narrow(0, 0, 2);
    h.mul_(x);
    sum(square(view)).backward();
    return shown(view, x.grad);
  }, [[2, 8], [16, 128, 0]]],
  "a view of a view is written over": [() => {
    const [x, h] = start();
    const w = leaf([7]);
    const middle = h.narrow(0, 1, 2);
    middle.narrow(0, 0, 1).copy_(w);
    add(sum(square(middle)), sum(h)).backward();
    return shown(x.grad, w.grad);
  }, [[2, 0, 26], [15]]],
  "elements move up within one tensor": [() => {
    const [x, h] = start();
    h.narrow(0, 1, 2).copy_(h.narrow(0, 0, 2));
    weighed(h).backward();
    return shown(h, x.grad);
  }, [[2, 2, 4], [22, 200, 0]]],
  "parts are filled with constants": [() => {
    const [x, h] = start();
    h.narrow(0, 0, 1).fill_(7);
    h.narrow(0, 2, 1).zero_();
    sum(square(h)).backward();
    return shown(h, x.grad);
  }, [[7, 4, 0], [0, 16, 0]]],
  "an expanded view follows": [() => {
    const w = leaf([[1], [2]]);
    const base = mul(w, 1);
    const wide = base.expand([2, 3]);
    base.mul_(w);
    sum(mul(wide, constant([[1, 2, 3], [4, 5, 6]]))).backward();
    return shown(wide, w.grad);
  }, [[[1, 1, 1], [4, 4, 4]], [[12], [60]]]],
  "relu_ and clamp_ of parts that overlap": [() => {
    const x = leaf([-1, 2, 3, -4]);
    const h = mul(x, 1);
    h.view([2, 2]).select(1, 0).relu_();
    h.narrow(0, 2, 2).clamp_({ min: -2, max: 2.5 });
    sum(mul(h, constant([1, 2, 3, 4]))).backward();
    return shown(h, x.grad);
  }, [[0, 2, 2.5, -2], [0, 2, 0, 0]]],
  "a change through detach is none for the tape": [() => {
    const [x, h] = start();
    h.detach().narrow(0, 0, 2).mul_(5);
    weighed(h).backward();
    return shown(h, x.grad);
  }, [[10, 20, 6], [2, 20, 200]]],
  "kept gradients are those of the new elements": [() => {
    const [x, h] = start();
    const view = h.narrow(0, 0, 2);
    h.retainGrad();
    view.retainGrad();
    view.mul_(3);
    weighed(h).backward(null, { retainGraph: true });
    const first = shown(x.grad, h.grad, view.grad);
    sum(view).backward();
    return [...first, ...shown(x.grad, h.grad, view.grad)];
  }, [[6, 60, 200], [1, 10, 100], null, [12, 66, 200], [2, 11, 100], [1, 1]]],
  "so are those of a view whose base was changed": [() => {
    const [x, h] = start();
    const view = h.narrow(0, 0, 2);
    view.retainGrad();
    h.mul_(3);
    sum(view).backward();
    return shown(x.grad, view.grad);
  }, [[6, 6, 0], [1, 1]]],
  "a hook sees the gradient of what the tensor was": [() => {
    const [x, h] = start();
    const seen: NestedArray[] = [];
    h.registerHook((gradient) => { seen.push(gradient.toArray()); });
    h.narrow(0, 0, 2).mul_(3);
    weighed(h).backward();
    return [...shown(x.grad), seen];
  }, [[6, 60, 200], [[3, 30, 100]]]],
  "second derivatives": [() => {
    const x = leaf([1, 2, 3]);
    const h = mul(x, x);
    h.narrow(0, 0, 2).mul_(x.narrow(0, 1, 2));
    const [first] = grad([sum(square(h))], [x], { createGraph: true });
    return shown(first, ...grad([sum(square(first))], [x]));
  }, [[16, 292, 204], [10880, 332304, 169248]]],
  "constants come to require grad, with their views": [() => {
    const w = leaf([2, 3]);
    const y = ones([3], { dtype: "float64" });
    const view = y.narrow(0, 1, 2);
    y.narrow(0, 0, 2).mul_(w);
    const flags = [y.requiresGrad, view.requiresGrad, view.isLeaf];
    sum(mul(view, constant([1, 10]))).backward();
    return [...flags, ...shown(view, w.grad)];
  }, [true, true, false, [3, 1], [0, 1]]],
  "a base depends on its past, its views on it": [() => {
    const [, h] = start();
    const view = h.narrow(0, 0, 2);
    view.mul_(3);
    const asked = [[sum(h), view], [sum(view), h], [sum(view), view]] as const;
    return asked.map(([of, to]) => grad([of], [to], { retainGraph: true, allowUnused: true })[0]?.toArray() ?? null);
  }, [null, [1, 1, 0], [1, 1]]],
  "a base that is not row-major": [() => {
    const w = leaf([2, 5, 7]);
    const base = arange(6, { dtype: "float64" }).reshape([3, 2]).narrow(1, 1, 1).t().detach();
    base.select(0, 0).narrow(0, 1, 2).mul_(w.narrow(0, 1, 2));
    base.mul_(w);
    sum(square(base)).backward();
    return shown(base, w.grad);
  }, [[[2, 75, 245]], [4, 4500, 34300]]],
  "all of a tensor, under another shape": [() => {
    const [x, h] = start();
    h.view([3, 1]).add_(x.view([3, 1])).mul_(2);
    weighed(h).backward();
    return shown(h, x.grad);
  }, [[6, 12, 18], [6, 60, 600]]],
  "what was computed before goes by what was there": [() => {
    const [x, h] = start();
    const view = h.narrow(0, 0, 2);
    const before = sum(mul(view, 3));
    view.mul_(2);
    add(before, sum(h)).backward();
    return shown(x.grad);
  }, [[10, 10, 2]]],
  "one part by another": [() => {
    const [x, h] = start();
    h.narrow(0, 0, 2).mul_(h.narrow(0, 1, 2).clone());
    h.narrow(0, 1, 2).sub_(h.narrow(0, 0, 1));
    weighed(h).backward();
    return shown(h, x.grad);
  }, [[8, 16, -2], [-872, -316, 280]]],
  "a hook on a leaf": [() => {
    const x = leaf([1, 2, 3]);
    const seen: NestedArray[] = [];
    x.registerHook((gradient) => {
      seen.push(gradient.toArray());
      return gradient.mul(10);
    });
    sum(add(mul(x, x), mul(x, 3))).backward();
    sum(mul(x, 2)).backward();
    const [dX] = grad([sum(mul(x, x))], [x]);
    return [...shown(x.grad), seen, ...shown(dX)];
  }, [[70, 90, 110], [[5, 7, 9], [2, 2, 2], [2, 4, 6]], [20, 40, 60]]],
};

test.each(Object.entries(programs))("%s: as in PyTorch", (_, [run, printed]) => {
  expect(run()).toEqual(printed);
});

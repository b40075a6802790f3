import { add, rsub, sub, tensor, type Tensor } from "@tapegrad/tensor";
import { describe, expect, test } from "vitest";
import "../backward.ts";

const leaf = (...values: readonly number[]): Tensor => tensor(values, { requiresGrad: true });

describe("the second operand times alpha", () => {
  test.each([
    ["add", (a: Tensor, b: Tensor) => add(a, b, { alpha: 3 }), [13, 26], [1, 1], [3, 3]],
    ["sub", (a: Tensor, b: Tensor) => sub(a, b, { alpha: 3 }), [7, 14], [1, 1], [-3, -3]],
    ["rsub", (a: Tensor, b: Tensor) => rsub(b, a, { alpha: 3 }), [7, 14], [1, 1], [-3, -3]],
    ["add_", (a: Tensor, b: Tensor) => a.mul(1).add_(b, { alpha: 3 }), [13, 26], [1, 1], [3, 3]],
    ["sub_", (a: Tensor, b: Tensor) => a.mul(1).sub_(b, { alpha: 3 }), [7, 14], [1, 1], [-3, -3]],
  ] as const)("%s has its gradients", (_, run, value, da, db) => {
    const [a, b] = [leaf(10, 20), leaf(1, 2)];
    const out = run(a, b);
    out.sum().backward();
    expect([out.toArray(), a.grad?.toArray(), b.grad?.toArray()]).toEqual([value, da, db]);
  });

  test("a tensor is changed by itself, whole and through views", () => {
    const x = (): Tensor => tensor([1, 2, 3]);
    const y = x();
    expect(y.add_(y, { alpha: 2 }).toArray()).toEqual([3, 6, 9]);
    const z = x();
    expect(z.sub_(z, { alpha: 2 }).toArray()).toEqual([-1, -2, -3]);
    const v = x();
    v.narrow(0, 1, 2).add_(v.narrow(0, 0, 2), { alpha: 10 });
    expect(v.toArray()).toEqual([1, 12, 23]);
  });

  test("16 bits are rounded to once", () => {
    const [a, b] = [tensor([1], "float16"), tensor([2 ** -11 * 1.5], "float16")];
    // 3 b alone is rounded up in float16, a + 3 b in float32 is not.
    const exact = add(a.to("float32"), b.to("float32"), { alpha: 1.3 }).to("float16");
    expect(add(a, b, { alpha: 1.3 }).dtype).toBe("float16");
    expect(add(a, b, { alpha: 1.3 }).item()).toBe(exact.item());
    expect(a.clone().add_(b, { alpha: 1.3 }).item()).toBe(exact.item());
  });

  test("lists are still summed by reduce, which passes a position on", () => {
    const tensors = [tensor([1]), tensor([2]), tensor([4])];
    expect(tensors.reduce(add).toArray()).toEqual([7]);
    expect(tensors.reduce(sub).toArray()).toEqual([-5]);
  });
});

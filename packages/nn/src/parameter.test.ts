import "@tapegrad/autograd";
import { describe, expect, test } from "vitest";
import { mul, narrow, ones, scope, tensor, transpose } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { Buffer, Parameter } from "./parameter.ts";

describe("Parameter", () => {
  test("is a leaf that requires grad, with the elements of what it is made from", () => {
    const source = tensor([[1, 2], [3, 4]]);
    const parameter = new Parameter(source);
    expect(parameter.isLeaf && parameter.requiresGrad).toBe(true);
    expect(parameter.storage).toBe(source.storage);
    mul(parameter, 2).sum().backward();
    expect(parameter.grad?.toArray()).toEqual([[2, 2], [2, 2]]);
  });

  test("leaves the tape of what it is made from", () => {
    const source = mul(tensor([1], { requiresGrad: true }), 3);
    expect(new Parameter(source).isLeaf).toBe(true);
  });

  test("may be a strided view, and need not require grad", () => {
    const view = transpose(narrow(tensor([[1, 2, 3], [4, 5, 6]]), 1, 1, 2), 0, 1);
    const parameter = new Parameter(view, false);
    expect(parameter.toArray()).toEqual([[2, 5], [3, 6]]);
    expect(parameter.requiresGrad).toBe(false);
  });

  test("must be floating to require grad", () => {
    expect(thrownBy(() => new Parameter(tensor([1], { dtype: "int32" }))).message).toBe(`requiresGrad: dtype int32 has no gradient; only floating dtypes have
  hint: convert it first: x.to("float32")
  code: requiresGrad/floating`);
    expect(new Parameter(tensor([1], { dtype: "int32" }), false).dtype).toBe("int32");
  });

  test("and Buffer survive the scope they are made in", () => {
    const kept: (Parameter | Buffer)[] = [];
    scope(() => {
      kept.push(new Parameter(ones([2])), new Buffer(ones([3])));
    });
    expect(kept.map((x) => x.toArray())).toEqual([[1, 1], [1, 1, 1]]);
  });
});

describe("Buffer", () => {
  test("does not require grad", () => {
    expect(new Buffer(tensor([1], { requiresGrad: true })).requiresGrad).toBe(false);
  });
});

import { describe, expect, expectTypeOf, test } from "vitest";
import { flatten, ones, relu, sum, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU } from "./activation.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { pipe, type Step } from "./pipe.ts";
import { Sequential } from "./sequential.ts";

class Split extends Module {
  override forward(x: Tensor): [left: Tensor, right: Tensor] {
    return [x.add(1), x.mul(2)];
  }
}

describe("pipe", () => {
  const fc = new Linear(4, 3);

  test("passes a value from left to right, through modules and functions", () => {
    const x = tensor([[1, -2, 3, -4]]);
    expect(pipe(x, fc, relu, new Sequential(new ReLU()), (y) => y.mul(2)).toArray()).toEqual(relu(fc.forward(x)).mul(2).toArray());
    expect(pipe(x)).toBe(x);
    expect(pipe(x, flatten).shape).toEqual([4]);
  });

  test("has the type of what the last step gives, and each step that of the one before", () => {
    const total = pipe(ones([2]), new Split(), ([left, right]) => left.add(right), sum, (y) => y.item());
    expect(total).toBe(8);
    expectTypeOf(total).toEqualTypeOf<number>();
    expectTypeOf(pipe(ones([1]), new Split())).toEqualTypeOf<[left: Tensor, right: Tensor]>();
    expectTypeOf(pipe(zeros([1]), (x) => x.shape, (shape) => shape.length)).toEqualTypeOf<number>();
    // @ts-expect-error A pair is no tensor.
    expect(() => pipe(ones([2]), new Split(), relu)).toThrow();
    // @ts-expect-error Nor is text.
    expect(() => pipe("x", relu)).toThrow();
  });

  test("takes any number of steps", () => {
    const one = (x: number): number => x + 1;
    expect(pipe(0, one, one, one, one, one, one, one, one, one, String)).toBe("9");
    expect(pipe(0, one, one, one, one, one, one, one, one, one, one, one, one)).toBe(12);
    const steps: Step<Tensor, Tensor>[] = Array.from({ length: 20 }, () => relu);
    expect(pipe(ones([1]), ...steps).item()).toBe(1);
  });

  const wrong: readonly (readonly [name: string, step: unknown, message: string])[] = [
    ["a number", 3, "pipe: step 2 must be a module or a function, not 3\n  code: pipe/step"],
    ["nothing", undefined, "pipe: step 2 must be a module or a function, not undefined\n  code: pipe/step"],
    ["an object with a forward", { forward: relu }, "pipe: step 2 must be a module or a function, not an object\n  code: pipe/step"],
    ["a class of modules", ReLU, "pipe: step 2 must be a module or a function, not the class ReLU\n  hint: make a module of it, with new\n  code: pipe/step"],
  ];
  test.each(wrong)("refuses %s", (_name, step, message) => {
    const error = thrownBy(() => pipe(ones([2]), relu, step as typeof relu));
    expect(error.message).toBe(message);
    expect(error.name).toBe("ArgumentError");
  });
});

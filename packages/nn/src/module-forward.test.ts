import { describe, expect, test } from "vitest";
import { allclose, ArgumentError, ones, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU } from "./activation.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Sequential } from "./sequential.ts";

/** A forward that is a field, and so takes the place of what the constructor of Module made. */
class Arrow extends Module {
  readonly fc = new Linear(3, 2);
  override forward = (x: Tensor): Tensor => this.fc.forward(x);
}

const plusOne = (_module: unknown, _inputs: unknown, output: unknown): Tensor => (output as Tensor).add(1);

describe("a forward that is a field", () => {
  test("has its hooks called, registered before or after", () => {
    const model = new Arrow();
    const bare = model.forward(ones([1, 3])).toArray();
    const remove = model.registerForwardHook(plusOne);
    expect(allclose(model.forward(ones([1, 3])), tensor(bare).add(1))).toBe(true);
    remove();
    expect(model.forward(ones([1, 3])).toArray()).toEqual(bare);
  });

  test("has them called inside other modules, that have run before or not", () => {
    for (const hasRun of [false, true]) {
      const model = new Sequential(new ReLU(), new Arrow());
      if (hasRun) model.forward(ones([1, 3]));
      let calls = 0;
      model.at(1).registerForwardHook(() => {
        calls++;
      });
      model.forward(ones([1, 3]));
      expect(calls).toBe(1);
    }
  });

  test("is named in the path of an error, without a hook", () => {
    const model = new Sequential(new ReLU(), new Arrow());
    expect(thrownBy(() => model.forward(zeros([1, 4]))).message).toContain("\n  in 1.fc (Linear)");
    const alone = new Arrow();
    alone.parameters();
    expect(thrownBy(() => alone.forward(zeros([1, 4]))).message).toContain("\n  in fc (Linear)");
  });

  test("is no member, and stays out of sight", () => {
    const model = new Arrow();
    expect(model.namedParameters().map(([name]) => name)).toEqual(["fc.weight", "fc.bias"]);
    expect(Object.keys(model)).not.toContain("forward");
    expect(model.toString()).toBe("Arrow(\n  (fc): Linear(inFeatures=3, outFeatures=2, bias=true)\n)");
  });
});

describe("a forward that is assigned", () => {
  test("keeps the hooks and the path", () => {
    const model = new Linear(3, 2);
    model.registerForwardHook(plusOne);
    model.forward = (x) => x.mul(2);
    expect(model.forward(ones([2])).toArray()).toEqual([3, 3]);
    model.forward = (x) => x.reshape([7]);
    expect(thrownBy(() => new Sequential(model).forward(ones([2]))).message).toContain("\n  in 0 (Linear)");
  });

  test("can be the one that was there, wrapped", () => {
    const model = new Linear(1, 1, { bias: false });
    let calls = 0;
    model.registerForwardHook(() => {
      calls++;
    });
    const before = model.forward.bind(model);
    model.forward = (x) => before(x).mul(10);
    expect(model.forward(ones([1, 1])).item()).toBeCloseTo(10 * model.weight.item(), 5);
    // Once for the outer, once for the inner one.
    expect(calls).toBe(2);
  });

  test("belongs to its module alone", () => {
    const [a, b] = [new ReLU(), new ReLU()];
    a.forward = (x) => x.mul(5);
    expect([a.forward(ones([1])).item(), b.forward(ones([1])).item()]).toEqual([5, 1]);
  });
});

describe("a class without a forward", () => {
  const message = (name: string): string => `${name}: the class has no forward\n  hint: give it a method forward(x)\n  code: Module/forward\n  in ${name}`;

  test("says so when it is called", () => {
    // As in JavaScript, where nothing is abstract.
    class Empty extends ReLU {}
    Object.defineProperty(Empty.prototype, "forward", { value: undefined });
    const error = thrownBy(() => new Empty().forward(ones([1])));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(message("Empty"));
    const layer = new ReLU();
    layer.registerForwardHook(plusOne);
    layer.forward = 5 as never;
    expect(thrownBy(() => layer.forward(ones([1]))).message).toBe(message("ReLU"));
  });
});

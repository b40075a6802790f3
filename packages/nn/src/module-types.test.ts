import { describe, expect, expectTypeOf, test } from "vitest";
import { add, sub, zeros, type Tensor } from "@tapegrad/tensor";
import type { AnyModule } from "./any-module.ts";
import { Conv2d } from "./conv2d.ts";
import { ReLU } from "./activation.ts";
import { Linear } from "./linear.ts";
import { CrossEntropyLoss } from "./loss.ts";
import { Module } from "./module.ts";
import { Sequential } from "./sequential.ts";

/** Two inputs, two outputs, an option: all of it said by `forward` alone. */
class Butterfly extends Module {
  override forward(a: Tensor, b: Tensor, options: { readonly scale?: number } = {}): [sum: Tensor, difference: Tensor] {
    return [add(a, b), sub(a, b).mul(options.scale ?? 1)];
  }
}

class Plain extends Module {
  readonly fc = new Linear(4, 3);
  override forward(x: Tensor): Tensor {
    return this.fc.forward(x);
  }
}

const isPlain = (module: Module): boolean => module.forward(zeros([1, 4])).ndim === 2;
const countOf = (module: AnyModule): number => module.parameters().length;

describe("what a module takes and gives", () => {
  test("is what its forward says, also of several inputs and outputs", () => {
    const [sum, difference] = new Butterfly().forward(zeros([2]), zeros([2]), { scale: 2 });
    expect([sum.shape, difference.shape]).toEqual([[2], [2]]);
    expectTypeOf<Butterfly["forward"]>().returns.toEqualTypeOf<[sum: Tensor, difference: Tensor]>();
    expectTypeOf<Parameters<Butterfly["forward"]>["length"]>().toEqualTypeOf<2 | 3>();
    // @ts-expect-error One input is missing.
    expect(() => new Butterfly().forward(zeros([2]))).toThrow();
  });

  test("decides where a module of one tensor is wanted", () => {
    expect(isPlain(new Plain())).toBe(true);
    expect(isPlain(new Sequential(new Plain()))).toBe(true);
    expect([new Plain(), new Butterfly(), new CrossEntropyLoss()].map(countOf)).toEqual([2, 0, 0]);
    // @ts-expect-error Two inputs.
    expect(() => isPlain(new Butterfly())).toThrow();
    // @ts-expect-error Two inputs.
    expect(() => new Sequential(new CrossEntropyLoss())).not.toThrow();
  });

  test("may be asked for: Module<[...], ...>", () => {
    const run = (module: Module<[a: Tensor, b: Tensor], Tensor[]>): number => module.forward(zeros([2]), zeros([2])).length;
    expect(run(new Butterfly())).toBe(2);
    // @ts-expect-error It gives one tensor.
    expect(() => run(new Plain())).toThrow("linear/features");
  });

  test("may be said where it is extended, as before", () => {
    class Written extends Module<[a: Tensor, b: Tensor]> {
      override forward(a: Tensor, b: Tensor): Tensor {
        return add(a, b);
      }
    }
    expect(new Written().forward(zeros([2]), zeros([2])).shape).toEqual([2]);
    class Wrong extends Module<[a: Tensor, b: Tensor]> {
      // @ts-expect-error It gives a number.
      override forward(a: Tensor, b: Tensor): number {
        return a.numel() + b.numel();
      }
    }
    expect(new Wrong().forward(zeros([2]), zeros([2]))).toBe(4);
  });

  test("must be said", () => {
    // @ts-expect-error Without a forward the class is abstract.
    class Empty extends Module {}
    expect(() => new Empty().forward()).toThrow("the class has no forward");
  });

  test("narrows by instanceof", () => {
    const something: unknown = new Plain();
    if (!(something instanceof Module)) throw new Error("it is one");
    expectTypeOf(something).toEqualTypeOf<AnyModule>();
    expect(Module.name).toBe("Module");
  });
});

describe("a Sequential keeps the classes of its modules", () => {
  const model = new Sequential(new Conv2d(1, 2, 3), new ReLU(), new Linear(4, 3));

  test("by position", () => {
    expectTypeOf(model[0]).toEqualTypeOf<Conv2d>();
    expect(model[2].weight.shape).toEqual([3, 4]);
    expectTypeOf(model.length).toEqualTypeOf<3>();
    const position = model.length - 1;
    expectTypeOf(model[position]).toEqualTypeOf<Conv2d | ReLU | Linear | undefined>();
    model[2] = new Linear(4, 3);
  });

  test("by at, from the end too", () => {
    expect(model.at(0).kernelSize).toEqual([3, 3]);
    expect(model.at(-1).inFeatures).toBe(4);
    expectTypeOf(model.at(1)).toEqualTypeOf<ReLU>();
    expectTypeOf(model.at(-3)).toEqualTypeOf<Conv2d>();
    const position: number = model.length - 1;
    expectTypeOf(model.at(position)).toEqualTypeOf<Conv2d | ReLU | Linear>();
    expectTypeOf<ReturnType<typeof model.at<7>>>().toEqualTypeOf<never>();
  });

  test("in a loop, in one inside another, in a copy", () => {
    for (const module of model) expectTypeOf(module).toEqualTypeOf<Conv2d | ReLU | Linear>();
    const nested = new Sequential(new Sequential(new Linear(4, 3)), new ReLU());
    expect(nested[0][0].weight.shape).toEqual([3, 4]);
    expect(model.clone()[2].weight.shape).toEqual([3, 4]);
  });

  test("and is one of unknown length to who does not know it", () => {
    const lengthOf = (some: Sequential): number => some.length;
    expect(lengthOf(model)).toBe(3);
    const modules: Module[] = [new ReLU(), new Linear(1, 1)];
    const made = new Sequential(...modules);
    expectTypeOf(made.at(0)).toEqualTypeOf<Module>();
    expectTypeOf(made[0]).toEqualTypeOf<Module | undefined>();
    const mixed = new Sequential(new Linear(4, 3), ...modules);
    expect(mixed[0].inFeatures).toBe(4);
    expectTypeOf(mixed.at(1)).toEqualTypeOf<Linear | Module>();
    const something: unknown = model;
    if (something instanceof Sequential) expectTypeOf(something).toEqualTypeOf<Sequential>();
  });

  test("in a subclass, that names them or not", () => {
    class Named extends Sequential<[Linear, ReLU]> {
      constructor(width: number) {
        super(new Linear(width, 2), new ReLU());
      }
    }
    expect(new Named(3)[0].inFeatures).toBe(3);
    class Unnamed extends Sequential {
      constructor() {
        super(new Linear(3, 2), new ReLU());
      }
    }
    expectTypeOf(new Unnamed()[1]).toEqualTypeOf<Module | undefined>();
    expect(`${new Unnamed()}`).toContain("Unnamed(\n  (0): Linear");
    expect(Sequential.name).toBe("Sequential");
  });
});

import { describe, expect, test } from "vitest";
import { add, manualSeed, randn, relu, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU, Sigmoid } from "./activation.ts";
import { Flatten } from "./flatten.ts";
import type { LayerTraits } from "./layer-traits.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { MaxPool2d } from "./pooling.ts";
import { Sequential } from "./sequential.ts";

/** Everything that went through `see`, seen by nobody else. */
const seen: Tensor[] = [];
const see = (x: Tensor): Tensor => {
  seen.push(x);
  return x;
};

/** A layer of the user's own that keeps nothing, as far as a Sequential knows. */
class Double extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true, givesOutputAway: true };
  override forward(x: Tensor): Tensor {
    return see(add(see(x), x));
  }
}

/** Needs what it is given after a Sequential has had it. */
class Residual extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true, givesOutputAway: true };
  readonly inner = new Sequential(new Linear(4, 4), new ReLU(), new Linear(4, 4));
  override forward(x: Tensor): Tensor {
    return add(this.inner.forward(x), x);
  }
}

const apart = (model: Sequential, x: Tensor): Tensor => [...model].reduce((out, module) => module.forward(out), x);

/** Runs it as it is and module by module. */
function expectAsApart(model: Sequential, x: Tensor): void {
  noGrad(() => expect(model.forward(x).toArray()).toEqual(apart(model, x).toArray()));
  expect(model.forward(x).toArray()).toEqual(apart(model, x).toArray());
}

describe("what a layer declares holds", () => {
  test("for a subclass that leaves forward alone", () => {
    class Wide extends Linear {
      readonly name = "wide";
    }
    class Wider extends Wide {}
    expect(new Wider(2, 2).knownTraits).toEqual(new Linear(2, 2).knownTraits);
    expect(new Wider(2, 2).knownTraits).toEqual({ keepsNothing: true, givesOutputAway: true, fusesRelu: true, isRelu: false, picksLargest: false, passesOn: false });
  });

  test("for none that has a forward of its own, unless it declares it again", () => {
    class Keeper extends Linear {
      override forward(x: Tensor): Tensor {
        return super.forward(x);
      }
    }
    class Below extends Keeper {}
    class Again extends Below {
      static override readonly traits: LayerTraits = { keepsNothing: true };
    }
    class Arrow extends ReLU {
      override forward = (x: Tensor): Tensor => x.neg();
    }
    for (const module of [new Keeper(2, 2), new Below(2, 2), new Arrow(), new (class extends Sequential { override forward = relu; })()]) {
      expect(Object.values(module.knownTraits)).not.toContain(true);
    }
    expect(new Again(2, 2).knownTraits).toMatchObject({ keepsNothing: true, fusesRelu: false });
  });

  test("not for a forward that was assigned, before a run or between two", () => {
    const tanhs: Module = new ReLU();
    tanhs.forward = (x) => x.tanh();
    const model = new Sequential(new Linear(4, 4), tanhs, new MaxPool2d(2));
    const x = randn([4, 4]);
    expectAsApart(new Sequential(new Linear(4, 4), tanhs), x);
    expectAsApart(new Sequential(new Linear(4, 4), tanhs, new Sequential(tanhs)), x);
    const later = new Sequential(new Linear(4, 4), new ReLU());
    later.forward(x);
    later[1].forward = (y) => y.sigmoid();
    expectAsApart(later, x);
    expect(model[1].knownTraits.isRelu).toBe(false);
  });

  test("not where a hook looks: at a ReLU's input, at that of a Sequential inside, inside a layer", () => {
    manualSeed(5);
    const x = randn([3, 4]);
    for (const place of [(model: Sequential) => model.at(1), (model: Sequential) => model.at(2), (model: Sequential) => (model.at(3) as Residual).inner.at(0)]) {
      const model = new Sequential(new Linear(4, 4), new ReLU(), new Sequential(new Linear(4, 4), new Sigmoid()), new Residual(), new ReLU());
      const looked: Tensor[] = [];
      place(model).registerForwardHook((_module, [input], output) => void looked.push(input as Tensor, output as Tensor));
      noGrad(() => model.forward(x));
      const first = looked.map((tensor) => tensor.toArray());
      looked.length = 0;
      noGrad(() => apart(model, x));
      expect(first).toEqual(looked.map((tensor) => tensor.toArray()));
    }
  });
});

describe("a user's layer takes part", () => {
  test("what passes through it is freed, and a ReLU behind it works in its memory", () => {
    const model = new Sequential(new Double(), new ReLU(), new Double(), new Flatten(), new Sigmoid());
    const x = tensor([[1, -1]]);
    seen.length = 0;
    const out = noGrad(() => model.forward(x));
    const [given, doubled, rectified, last] = seen as [Tensor, Tensor, Tensor, Tensor];
    expect([given, doubled, rectified, last].map(({ storage }) => storage.freed)).toEqual([false, true, true, true]);
    expect(rectified.storage).toBe(doubled.storage);
    expect(x.toArray()).toEqual([[1, -1]]);
    expect(out.toArray()).toEqual(tensor([[4, 0]]).sigmoid().toArray());
  });

  test("with layers in it, whose Sequential frees nothing that it needs", () => {
    const model = new Sequential(new Linear(4, 4), new Residual(), new ReLU(), new Residual());
    expectAsApart(model, randn([2, 4]));
  });

  test("and if it gives what it was given, that is not written over", () => {
    class Same extends Module {
      static override readonly traits: LayerTraits = { keepsNothing: true, givesOutputAway: true };
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const x = tensor([-1, 1]);
    expect(noGrad(() => new Sequential(new Same(), new ReLU()).forward(x)).toArray()).toEqual([0, 1]);
    expect(x.toArray()).toEqual([-1, 1]);
  });

  test("a gradient that reads what was given away all the same is an error", () => {
    class Wrong extends Module {
      static override readonly traits: LayerTraits = { givesOutputAway: true };
      override forward(x: Tensor): Tensor {
        return x.tanh();
      }
    }
    const out = new Sequential(new Wrong(), new ReLU()).forward(randn([3], { requiresGrad: true }));
    expect(() => out.sum().backward()).toThrow("changed in place");
  });
});

describe("a declaration that cannot be", () => {
  const cases: readonly (readonly [name: string, error: string, traits: unknown, message: string])[] = [
    [
      "an unknown trait",
      "ArgumentError",
      { keepsNothin: true },
      'Layer.traits: there is no option "keepsNothin"; there are keepsNothing, givesOutputAway, fusesRelu, isRelu, picksLargest\n  hint: did you mean keepsNothing?\n  code: traits/unknown-option',
    ],
    ["no boolean", "IndexError", { isRelu: 1 }, "Layer.traits: isRelu 1 must be true or false\n  code: traits/option"],
    ["no object", "ArgumentError", "isRelu", 'Layer.traits: options must be an object, not "isRelu"\n  code: traits/options'],
  ];
  test.each(cases)("%s is refused when the first is made", (_name, type, traits, message) => {
    class Layer extends Module {
      static override readonly traits = traits as LayerTraits;
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const error = thrownBy(() => new Layer().forward(zeros([1])));
    expect(error.message).toBe(message);
    expect(error.name).toBe(type);
  });
});

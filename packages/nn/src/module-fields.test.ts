import { describe, expect, test, vi } from "vitest";
import { noGrad } from "@tapegrad/autograd";
import { ArgumentError, ones, randn, SerializationError, zeros, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU } from "./activation.ts";
import { BatchNorm1d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { CrossEntropyLoss } from "./loss.ts";
import type { AnyModule } from "./any-module.ts";
import { Module } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { Sequential } from "./sequential.ts";

class Average extends Module {
  running = new Buffer(zeros([2]));
  scale = new Parameter(ones([2]));
  layer: Module | null = new ReLU();

  override forward(x: Tensor): Tensor {
    return x.mul(this.scale);
  }
}

/** Assigns as a program in JavaScript does. */
function assign(module: object, field: string, value: unknown): void {
  Object.assign(module, { [field]: value });
}

describe("a plain tensor in the field of a parameter or buffer", () => {
  test("does not compile", () => {
    const model = new Average();
    const layer = new Linear(2, 3);
    // @ts-expect-error a tensor is no parameter: this one would not be trained
    layer.weight = randn([3, 2]);
    // @ts-expect-error a tensor is no buffer: this one would not be saved
    model.running = model.running.mul(0.9);
    // @ts-expect-error a buffer is no parameter
    layer.weight = new Buffer(randn([3, 2]));
    // @ts-expect-error a parameter is no buffer
    model.running = new Parameter(zeros([2]));
    layer.weight = new Parameter(randn([3, 2]));
    model.running = new Buffer(model.running.mul(0.9));
    expect(layer.weight).toBeInstanceOf(Parameter);
  });

  const uses: Readonly<Record<string, (module: Module) => unknown>> = {
    parameters: (module) => module.parameters(),
    namedParameters: (module) => module.namedParameters(),
    buffers: (module) => module.buffers(),
    stateDict: (module) => module.stateDict(),
    loadStateDict: (module) => module.loadStateDict({}, { strict: false }),
    modules: (module) => module.modules(),
    children: (module) => module.children(),
    train: (module) => module.train(),
    to: (module) => module.to("float64"),
    zeroGrad: (module) => module.zeroGrad(),
    toString: (module: Module) => module.toString(),
    apply: (module) => module.apply(() => undefined),
    forward: (module) => module.forward(ones([2, 2])),
  };

  test.each(Object.entries(uses))("is noticed by %s", (name, use) => {
    for (const model of [new Average(), new Sequential(new Average())]) {
      // This looks at one module alone.
      if (name === "children" && model instanceof Sequential) continue;
      use(model);
      const average = model instanceof Sequential ? model.at(0) : model;
      assign(average, "running", zeros([2]).mul(0.9));
      const error = thrownBy(() => use(model));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message.split("\n  in ")[0]).toBe(`Average: field running was a Buffer and now holds a plain tensor, which is not saved
  running  [2]  float32
  hint: module.running.copy_(x) changes its values, module.running = new nn.Buffer(x) replaces it
  code: Module/replaced`);
    }
  });

  test("is noticed at the end of the forward that assigned it, with the module's path", () => {
    class Tracking extends Module {
      running = new Buffer(zeros([2]));

      override forward(x: Tensor): Tensor {
        assign(this, "running", this.running.mul(0.9));
        return x;
      }
    }
    const error = thrownBy(() => new Sequential(new ReLU(), new Tracking()).forward(ones([1, 2])));
    expect(error.code).toBe("Module/replaced");
    expect(error.message).toContain("\n  in 1 (Tracking)");
  });

  const layers: Readonly<Record<string, [module: () => AnyModule, fields: readonly string[]]>> = {
    Linear: [() => new Linear(2, 2), ["weight", "bias"]],
    Conv2d: [() => new Conv2d(1, 1, 1), ["weight", "bias"]],
    BatchNorm1d: [() => new BatchNorm1d(2), ["weight", "bias", "runningMean", "runningVar", "numBatchesTracked"]],
    LayerNorm: [() => new LayerNorm(2), ["weight", "bias"]],
    CrossEntropyLoss: [() => new CrossEntropyLoss({ weight: ones([2]) }), ["weight"]],
  };

  test.each(Object.entries(layers).flatMap(([name, [make, fields]]) => fields.map((field) => [name, field, make] as const)))(
    "is noticed in a fresh %s's %s",
    (name, field, make) => {
      const layer = make();
      assign(layer, field, ones([2]));
      expect(thrownBy(() => layer.parameters()).message).toMatch(new RegExp(`^${name}: field ${field} was a (Parameter|Buffer) and now holds a plain tensor`));
    },
  );

  test.each([
    ["a number", 3, "3"],
    ["a text", "w", '"w"'],
    ["a function", Math.max, "the function max"],
    ["a date", new Date(0), "a Date"],
  ])("%s counts as little", (_name, value, shown) => {
    const model = new Average();
    model.parameters();
    assign(model, "scale", value);
    expect(thrownBy(() => model.parameters()).message).toBe(`Average: field scale was a Parameter and now holds ${shown}, which is neither trained nor saved
  hint: noGrad(() => module.scale.copy_(x)) changes its values, module.scale = new nn.Parameter(x) replaces it
  code: Module/replaced`);
  });

  test("nor does a function in the place of a module", () => {
    const model = new Average();
    model.parameters();
    assign(model, "layer", Math.abs);
    expect(thrownBy(() => model.parameters()).message).toBe(`Average: field layer was a module and now holds the function abs, which is neither trained nor saved
  hint: null takes it away
  code: Module/replaced`);
  });

  test("other parameters, null, undefined, lists and no field at all are fine", () => {
    const model = new Average();
    for (const value of [new Parameter(zeros([2])), [new Parameter(zeros([2]))], null, undefined, new Buffer(zeros([2]))]) {
      model.parameters();
      assign(model, "scale", value);
      model.stateDict();
    }
    Reflect.deleteProperty(model, "running");
    expect(Object.keys(model.stateDict())).toEqual(["scale"]);
  });
});

describe("keys of a state", () => {
  test("two fields never share one", () => {
    class Twins extends Module {
      fooBar = new Parameter(zeros([1]));
      foo_bar = new Parameter(zeros([2]));

      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const message = `stateDict: fooBar and foo_bar of Twins would both be "foo_bar" in the state
  hint: rename one of the fields, or name it for the state: static stateNames = { field: "name" }
  code: stateDict/collision`;
    const error = thrownBy(() => new Twins().stateDict());
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toBe(message);
    expect(thrownBy(() => new Twins().loadStateDict({})).message).toBe(message);
    expect(thrownBy(() => new Sequential(new Twins()).stateDict()).message).toContain('0.fooBar and 0.foo_bar of Sequential would both be "0.foo_bar"');
    // By their own names they can be told apart.
    expect(new Twins().namedParameters().map(([name]) => name)).toEqual(["fooBar", "foo_bar"]);
  });

  test("nor do paths through lists and keys", () => {
    class Dotted extends Module {
      a = { "b.weight": new Parameter(zeros([1])), b: new Linear(1, 1) };

      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(thrownBy(() => new Dotted().stateDict()).code).toBe("stateDict/collision");
  });

  test("names with an underscore, and keys of objects and maps, stay as they are", () => {
    class Lora extends Module {
      lora_A = new Parameter(zeros([1]));
      lora_B = new Parameter(zeros([1]));
      q_projWeight = new Parameter(zeros([1]));
      heads = { clsHead: new Parameter(zeros([1])), seg_Head: new Parameter(zeros([1])) };
      byName = new Map([["fooBar", new Parameter(zeros([1]))]]);

      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(Object.keys(new Lora().stateDict())).toEqual(["lora_A", "lora_B", "q_projWeight", "heads.clsHead", "heads.seg_Head", "by_name.fooBar"]);
  });

  test("a class may have its own", () => {
    class Attention extends Module {
      static override readonly stateNames = { inProj: "inProj", blockList: "h" };
      inProj = new Linear(1, 1, { bias: false });
      outProj = new Linear(1, 1, { bias: false });
      blockList = [new Linear(1, 1, { bias: false })];

      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const names = ["0.inProj.weight", "0.out_proj.weight", "0.h.0.weight"];
    const [source, target] = [new Sequential(new Attention()), new Sequential(new Attention())];
    expect(Object.keys(source.stateDict())).toEqual(names);
    target.loadStateDict(source.stateDict());
    expect(target.parameters().map((x) => x.toArray())).toEqual(source.parameters().map((x) => x.toArray()));
    expect(source.namedParameters().map(([name]) => name)).toEqual(["0.inProj.weight", "0.outProj.weight", "0.blockList.0.weight"]);
  });
});

describe("modules that hold each other", () => {
  class Child extends Module {
    parent: Module | null = null;
    readonly fc = new Linear(2, 2);

    override forward(x: Tensor): Tensor {
      return this.fc.forward(x);
    }
  }

  class Parent extends Module {
    readonly first = new Child();
    readonly second = new Child();
    readonly all: unknown[] = [this.first];

    constructor() {
      super();
      this.first.parent = this;
      this.second.parent = this;
      // A list that holds itself.
      this.all.push(this.all, { all: this.all });
    }

    override forward(x: Tensor): Tensor {
      return this.second.forward(this.first.forward(x));
    }
  }

  test("are walked once, and to an end", () => {
    const model = new Parent();
    expect(model.namedParameters().map(([name]) => name)).toEqual(["first.fc.weight", "first.fc.bias", "second.fc.weight", "second.fc.bias"]);
    expect(Object.keys(model.stateDict())).toEqual(["first.fc.weight", "first.fc.bias", "second.fc.weight", "second.fc.bias", "all.0.fc.weight", "all.0.fc.bias"]);
    expect(model.namedModules().map(([name]) => name)).toEqual(["", "first", "first.fc", "second", "second.fc"]);
    expect(model.eval().modules().some(({ training }) => training)).toBe(false);
    expect(model.first.train().modules().every(({ training }) => training)).toBe(true);
    const visited: string[] = [];
    model.apply((module) => visited.push(module.constructor.name));
    expect(visited.at(-1)).toBe("Parent");
    expect(visited.filter((name) => name === "Parent")).toHaveLength(1);
    expect(model.to("float64").forward(ones([1, 2], { dtype: "float64" })).shape).toEqual([1, 2]);
    expect(model.toString()).toBe(`Parent(
  (first): Child(
    (fc): Linear(inFeatures=2, outFeatures=2, bias=true)
  )
  (second): Child(
    (fc): Linear(inFeatures=2, outFeatures=2, bias=true)
  )
  (all.0): Child(
    (fc): Linear(inFeatures=2, outFeatures=2, bias=true)
  )
)`);
    // Seen from a child, the parent is below.
    expect(model.first.namedModules().map(([name]) => name)).toEqual(["", "parent", "parent.second", "parent.second.fc", "fc"]);
  });
});

describe("a module that no field leads to", () => {
  class Hiding extends Module {
    readonly open = new Linear(2, 2);
    readonly #inner: Module;

    constructor(inner: Module) {
      super();
      this.#inner = inner;
    }

    override forward(x: Tensor): Tensor {
      return this.#inner.forward(this.open.forward(x));
    }
  }

  /** The warnings that a call gives. */
  function warnings(run: () => void): string[] {
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      run();
      return emit.mock.calls.map(([text, options]) => {
        expect(options).toEqual({ type: "TapegradWarning", code: "Module/hidden" });
        return String(text);
      });
    } finally {
      emit.mockRestore();
    }
  }

  const message = (owner: string, inner: string, count: number): string =>
    `${owner}: its forward runs a ${inner} that no field leads to: parameters(), stateDict() and to() pass over its ${count} parameters
  hint: keep it in a field, an array, a plain object, a Map or a Set, not in a #private field; run it inside noGrad if it is not to be trained here
  code: Module/hidden`;

  test("is told of once, where its parameters would be trained", () => {
    const model = new Sequential(new ReLU(), new Hiding(new Linear(2, 2)));
    expect(warnings(() => model.forward(ones([1, 2])))).toEqual([`${message("Hiding", "Linear", 2)}\n  in 1 (Hiding)`]);
    expect(warnings(() => model.forward(ones([1, 2])))).toEqual([]);
    const alone = new Hiding(new Linear(2, 2));
    expect(warnings(() => alone.forward(ones([1, 2])))).toEqual([message("Hiding", "Linear", 2)]);
  });

  test("stands for all that is below it", () => {
    const hidden = new Sequential(new Linear(2, 2), new Sequential(new Linear(2, 2)));
    expect(warnings(() => new Hiding(hidden).forward(ones([1, 2])))).toEqual([message("Hiding", "Sequential", 4)]);
  });

  test("is no matter where nothing is trained, or nothing could be", () => {
    const model = new Hiding(new Linear(2, 2));
    expect(warnings(() => noGrad(() => model.forward(ones([1, 2]))))).toEqual([]);
    expect(warnings(() => new Hiding(new ReLU()).forward(ones([1, 2])))).toEqual([]);
    expect(warnings(() => new Hiding(new Linear(2, 2).requiresGrad_(false)).forward(ones([1, 2])))).toEqual([]);
    // What was silent without recording is not forgotten.
    expect(warnings(() => model.forward(ones([1, 2])))).toHaveLength(1);
  });

  test.each<[where: string, place: (holder: object, layer: Linear) => void]>([
    ["a field", (holder, layer) => assign(holder, "layer", layer)],
    ["an array", (holder, layer) => assign(holder, "layers", [[layer]])],
    ["an object", (holder, layer) => assign(holder, "layers", { own: layer })],
    ["a map", (holder, layer) => assign(holder, "layers", new Map([["own", layer]]))],
    ["a set", (holder, layer) => assign(holder, "layers", new Set([layer]))],
  ])("is not one in %s, even of a module around", (_where, place) => {
    const layer = new Linear(2, 2);
    const inner = new Hiding(layer);
    const outer = new Sequential(inner);
    place(inner, layer);
    expect(warnings(() => outer.forward(ones([1, 2])))).toEqual([]);
    const other = new Linear(2, 2);
    const model = new Sequential(new Hiding(other));
    place(model, other);
    expect(warnings(() => model.forward(ones([1, 2])))).toEqual([]);
  });

  test("is not one that was put into a field later", () => {
    class Lazy extends Module {
      layer: Linear | null = null;

      override forward(x: Tensor): Tensor {
        return (this.layer ??= new Linear(2, 2)).forward(x);
      }
    }
    const model = new Sequential(new Lazy());
    model.parameters();
    expect(warnings(() => model.forward(ones([1, 2])))).toEqual([]);
    expect(model.parameters()).toHaveLength(2);
  });

  test("may stand below one model and not below another", () => {
    const shared = new Linear(2, 2);
    const [owner, user] = [new Sequential(shared), new Hiding(shared)];
    expect(warnings(() => owner.forward(ones([1, 2])))).toEqual([]);
    expect(warnings(() => user.forward(ones([1, 2])))).toEqual([message("Hiding", "Linear", 2)]);
    expect(warnings(() => owner.forward(ones([1, 2])))).toEqual([]);
  });
});

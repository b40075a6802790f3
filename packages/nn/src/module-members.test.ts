import { describe, expect, test } from "vitest";
import { noGrad } from "@tapegrad/autograd";
import { ones, relu, scope, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU } from "./activation.ts";
import { BatchNorm1d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { Sequential } from "./sequential.ts";

class Block extends Module {
  readonly fc = new Linear(2, 2);
  readonly norm = new BatchNorm1d(2);

  override forward(x: Tensor): Tensor {
    return this.norm.forward(relu(this.fc.forward(x)));
  }
}

class Net extends Module {
  readonly scale = new Parameter(ones([2]));
  readonly stem = new Block();
  readonly blocks = [new Block(), [new Linear(2, 2, { bias: false })]];
  readonly offsets = [new Parameter(zeros([2])), new Buffer(zeros([2]))] as const;
  readonly tied = this.stem.fc;
  readonly heads = { left: new Linear(3, 1), right: { deep: new Linear(3, 1, { bias: false }) } };
  readonly experts = new Map<string | number | Module, Linear>([["math", new Linear(4, 1, { bias: false })], [7, new Linear(4, 1, { bias: false })], [this.stem, new Linear(4, 1, { bias: false })]]);
  readonly bag = new Set([new Linear(5, 1, { bias: false }), new ReLU()]);
  readonly notes = { epochs: 3, tags: ["a"], dates: new Map([["start", new Date(0)]]), empty: null, self: {} };
  readonly #secret = new Linear(9, 9);

  override forward(x: Tensor): Tensor {
    return this.stem.forward(x).mul(this.scale).add(this.offsets[0]);
  }

  get secret(): Linear {
    return this.#secret;
  }
}

describe("what a module finds in its fields", () => {
  const net = new Net();

  test("parameters, in the order of the fields, arrays included, shared ones once", () => {
    expect(net.namedParameters().map(([name]) => name)).toEqual([
      "scale",
      "stem.fc.weight",
      "stem.fc.bias",
      "stem.norm.weight",
      "stem.norm.bias",
      "blocks.0.fc.weight",
      "blocks.0.fc.bias",
      "blocks.0.norm.weight",
      "blocks.0.norm.bias",
      "blocks.1.0.weight",
      "offsets.0",
      "heads.left.weight",
      "heads.left.bias",
      "heads.right.deep.weight",
      "experts.math.weight",
      "experts.7.weight",
      "experts.2.weight",
      "bag.0.weight",
    ]);
    expect(net.parameters()[1]).toBe(net.stem.fc.weight);
    expect(net.parameters()).toHaveLength(18);
  });

  test("buffers", () => {
    const own = ["runningMean", "runningVar", "numBatchesTracked"];
    expect(net.namedBuffers().map(([name]) => name)).toEqual([...own.map((name) => `stem.norm.${name}`), ...own.map((name) => `blocks.0.norm.${name}`), "offsets.1"]);
    expect(net.buffers().at(-1)).toBe(net.offsets[1]);
  });

  test("children and modules, those in several fields once", () => {
    const rest = ["heads.left", "heads.right.deep", "experts.math", "experts.7", "experts.2", "bag.0", "bag.1"];
    expect(net.namedChildren().map(([name]) => name)).toEqual(["stem", "blocks.0", "blocks.1.0", "tied", ...rest]);
    expect(net.children()[0]).toBe(net.stem);
    expect(net.namedModules().map(([name]) => name)).toEqual(["", "stem", "stem.fc", "stem.norm", "blocks.0", "blocks.0.fc", "blocks.0.norm", "blocks.1.0", ...rest]);
    expect(net.modules()[0]).toBe(net);
    const shared = new ReLU();
    expect(new Sequential(shared, new Dropout(), shared).namedChildren().map(([name]) => name)).toEqual(["0", "1"]);
  });

  test("not what stands in private fields, nor in objects that are no plain ones", () => {
    class Holder {
      readonly layer = new Linear(9, 9);
    }
    class Holding extends Net {
      readonly holder = new Holder();
    }
    expect(net.secret.parameters()).toHaveLength(2);
    expect(new Holding().parameters().every((parameter) => parameter.numel() < 81)).toBe(true);
  });

  test("what is put into a field later", () => {
    const model = new Sequential(new Linear(2, 2));
    model[0] = new Linear(2, 5);
    expect(model.namedParameters().map(([name, { shape }]) => [name, shape])).toEqual([["0.weight", [5, 2]], ["0.bias", [5]]]);
  });
});

describe("switches for a whole module", () => {
  test("train and eval reach every module below", () => {
    const net = new Net();
    expect(net.eval()).toBe(net);
    expect(net.modules().map(({ training }) => training)).toEqual(Array(15).fill(false));
    expect(net.train()).toBe(net);
    expect(net.modules().map(({ training }) => training)).toEqual(Array(15).fill(true));
    net.train(false);
    expect(net.stem.norm.training).toBe(false);
  });

  test("a module may refuse to be trained", () => {
    class Frozen extends BatchNorm1d {
      override train(): this {
        return super.train(false);
      }
    }
    const model = new Sequential(new Linear(2, 2), new Frozen(2)).train();
    expect(model.at(0).training).toBe(true);
    expect(model.at(1).training).toBe(false);
  });

  test("requiresGrad_ and zeroGrad", () => {
    const net = new Net();
    expect(net.requiresGrad_(false)).toBe(net);
    expect(net.parameters().some(({ requiresGrad }) => requiresGrad)).toBe(false);
    expect(net.forward(ones([3, 2])).requiresGrad).toBe(false);
    net.requiresGrad_();
    net.forward(ones([3, 2])).sum().backward();
    expect(net.scale.grad?.shape).toEqual([2]);
    net.zeroGrad();
    expect(net.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  test("apply visits children first, the module last", () => {
    const visited: string[] = [];
    const model = new Sequential(new Linear(1, 1), new Sequential(new ReLU()));
    expect(model.apply((module) => visited.push(module.constructor.name))).toBe(model);
    expect(visited).toEqual(["Linear", "ReLU", "Sequential", "Sequential"]);
  });
});

describe("to(dtype)", () => {
  test("converts floating parameters and buffers and leaves the rest", () => {
    const net = new Net();
    net.scale.requiresGrad = false;
    expect(net.to("float64")).toBe(net);
    expect(new Set(net.parameters().map(({ dtype }) => dtype))).toEqual(new Set(["float64"]));
    expect(net.stem.norm.runningVar?.dtype).toBe("float64");
    expect(net.stem.norm.runningVar).toBeInstanceOf(Buffer);
    expect(net.stem.norm.numBatchesTracked?.dtype).toBe("int64");
    expect(net.scale).toBeInstanceOf(Parameter);
    expect(net.scale.requiresGrad).toBe(false);
    expect(net.stem.fc.weight.requiresGrad).toBe(true);
    expect(net.forward(ones([3, 2], { dtype: "float64" })).dtype).toBe("float64");
  });

  test("keeps every tensor the one it is", () => {
    const net = new Net();
    const before = [...net.parameters(), ...net.buffers()];
    net.to("float64");
    const after = [...net.parameters(), ...net.buffers()];
    expect(after).toHaveLength(before.length);
    expect(after.every((x, i) => x === before[i])).toBe(true);
  });

  test("makes strided parameters dense, and takes nothing from those they were made of", () => {
    const source = tensor([[1, 2, 3], [4, 5, 6]]);
    class Strided extends Module {
      readonly w = new Parameter(source.narrow(1, 1, 2).transpose(0, 1));

      override forward(x: Tensor): Tensor {
        return x.matmul(this.w);
      }
    }
    const model = new Strided().to("float64");
    expect([model.w.dtype, model.w.isContiguous(), model.w.shape]).toEqual(["float64", true, [2, 2]]);
    expect(model.w.toArray()).toEqual([[2, 5], [3, 6]]);
    expect([source.dtype, source.toArray()]).toEqual(["float32", [[1, 2, 3], [4, 5, 6]]]);
    model.forward(ones([1, 2], { dtype: "float64" })).sum().backward();
    expect([model.w.grad?.dtype, model.w.grad?.toArray()]).toEqual(["float64", [[1, 1], [1, 1]]]);
  });

  test("between forward and backward is noticed, and leaves .grad as it was", () => {
    const layer = new Linear(2, 1);
    const out = layer.forward(tensor([[1, 2]], { requiresGrad: true })).sum();
    layer.to("float64");
    expect(thrownBy(() => out.backward()).code).toBe("backward/changed");
    expect(layer.weight.grad).toBeNull();
  });

  test("survives the scope it is called in", () => {
    const layer = new Linear(2, 1);
    layer.forward(tensor([[0.5, 2]])).sum().backward();
    scope(() => {
      layer.to("float64");
    });
    expect(layer.weight.grad?.toArray()).toEqual([[0.5, 2]]);
    expect(layer.forward(ones([1, 2], { dtype: "float64" })).shape).toEqual([1, 1]);
  });

  test("keeps values, gradients and what is already of the dtype", () => {
    const layer = new Linear(2, 1);
    layer.forward(tensor([[0.5, 2]])).sum().backward();
    const [weight, values] = [layer.weight, layer.weight.toArray()];
    layer.to("float32");
    expect(layer.weight).toBe(weight);
    layer.to("float64");
    expect(layer.weight.toArray()).toEqual(values);
    expect(layer.weight.grad?.dtype).toBe("float64");
    expect(layer.weight.grad?.toArray()).toEqual([[0.5, 2]]);
    expect(layer.weight.isLeaf).toBe(true);
  });

  test("a shared parameter stays shared", () => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 2));
    const [first, second] = [model.at(0), model.at(1)];
    if (!(first instanceof Linear) || !(second instanceof Linear)) throw new Error("not linear");
    second.weight = first.weight;
    model.to("float64");
    expect(second.weight).toBe(first.weight);
    expect(model.parameters()).toHaveLength(3);
  });

  test("float16 and back", () => {
    const layer = new Conv2d(1, 1, 1);
    const rounded = layer.weight.to("float16").to("float32").toArray();
    expect(layer.to("float16").weight.dtype).toBe("float16");
    expect(layer.forward(ones([1, 1, 1, 1], { dtype: "float16" })).dtype).toBe("float16");
    expect(layer.to("float32").weight.toArray()).toEqual(rounded);
  });

  test("refuses dtypes without gradients, and changes nothing", () => {
    const net = new Net();
    const error = thrownBy(() => net.to("int32"));
    expect(error.name).toBe("DTypeError");
    expect(error.message).toBe(`Module.to: parameters cannot be int32: they must be floating, to have gradients
  hint: use float32, float64, float16 or bfloat16
  code: Module/to`);
    expect(net.scale.dtype).toBe("float32");
  });
});

describe("forward hooks", () => {
  test("see module, inputs and output, run in order, and can replace the output", () => {
    const layer = new ReLU();
    const seen: unknown[][] = [];
    layer.registerForwardHook((module, inputs, output) => {
      seen.push([module, inputs, output]);
    });
    layer.registerForwardHook((_module, _inputs, output) => (output as Tensor).add(1));
    layer.registerForwardHook((_module, _inputs, output) => (output as Tensor).mul(10));
    const x = tensor([-1, 2]);
    expect(layer.forward(x).toArray()).toEqual([10, 30]);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.[0]).toBe(layer);
    expect(seen[0]?.[1]).toEqual([x]);
    expect((seen[0]?.[2] as Tensor).toArray()).toEqual([0, 2]);
  });

  test("are removed one by one, even from within, and even if registered twice", () => {
    const layer = new ReLU();
    let calls = 0;
    const count = (): void => {
      calls++;
    };
    const remove = layer.registerForwardHook(count);
    layer.registerForwardHook(count);
    remove();
    remove();
    layer.forward(ones([1]));
    expect(calls).toBe(1);

    const order: string[] = [];
    const removeOnce = layer.registerForwardHook(() => {
      order.push("once");
      removeOnce();
    });
    layer.registerForwardHook(() => {
      order.push("always");
    });
    layer.forward(ones([1]));
    layer.forward(ones([1]));
    expect(order).toEqual(["once", "always", "always"]);
  });

  test("run for modules inside others, and take part in the gradient", () => {
    const inner = new Linear(1, 1, { bias: false });
    inner.registerForwardHook((_module, _inputs, output) => (output as Tensor).mul(3));
    new Sequential(inner).forward(tensor([[2]])).sum().backward();
    expect(inner.weight.grad?.toArray()).toEqual([[6]]);
  });
});

describe("a module used twice", () => {
  test("adds up its gradients", () => {
    const layer = new Linear(1, 1, { bias: false });
    const model = new Sequential(layer, new ReLU(), layer);
    noGrad(() => layer.weight.fill_(0.5));
    model.forward(tensor([[3]])).sum().backward();
    // d/dw of w (w x) = 2 w x
    expect(layer.weight.grad?.item()).toBe(3);
    expect(model.parameters()).toHaveLength(1);
  });

  test("a forward may call super's, and itself", () => {
    class Doubling extends Linear {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(2);
      }
    }
    const layer = new Doubling(2, 1);
    expect(layer.forward(ones([1, 2])).item()).toBeCloseTo(2 * Linear.prototype.forward.call(layer, ones([1, 2])).item(), 6);
  });
});

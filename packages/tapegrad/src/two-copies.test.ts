import { describe, expect, test, vi } from "vitest";

/** The library, loaded anew: with a memory and classes of its own. */
async function load() {
  vi.resetModules();
  return {
    ...(await import("@tapegrad/tensor")),
    ...(await import("@tapegrad/autograd")),
    ...(await import("@tapegrad/data")),
    nn: await import("@tapegrad/nn"),
    optim: await import("@tapegrad/optim"),
  };
}

const [a, b] = [await load(), await load()];

/** Error of a call that must be refused, with the name of what is foreign. */
function foreignIn(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    expect({ name, code }).toEqual({ name: "ArgumentError", code: "tapegrad/two-copies" });
    return message;
  }
  throw new Error("nothing was thrown");
}

const foreign = (): InstanceType<typeof a.Tensor> => b.tensor([10, 20, 30]);
const foreignLayer = (): InstanceType<typeof a.nn.Linear> => new b.nn.Linear(3, 3) as never;
const own = a.tensor([1, 2, 3]);
const leaf = (): typeof own => a.tensor([1, 2, 3], { requiresGrad: true });

test("the two are two", () => {
  expect(a.Tensor).not.toBe(b.Tensor);
  expect(own).not.toBeInstanceOf(b.Tensor);
  expect(b.tensor([1]).add(1).item()).toBe(2);
});

test("an op names what is foreign, and where both were loaded from", () => {
  const lines = foreignIn(() => a.add(own, foreign())).split("\n");
  expect(lines[0]).toBe("add: b belongs to another copy of tapegrad, which has a memory and classes of its own");
  expect(lines[1]).toMatch(/^ {2}this copy {2}file:\/\/\/.*tensor.*$/);
  expect(lines[2]).toMatch(/^ {2}its copy {3}file:\/\/\/.*tensor.*$/);
  expect(lines.slice(3)).toEqual(["  hint: load one copy only: `npm ls @tapegrad/tensor` shows how many are installed, `npm dedupe` makes them one", "  code: tapegrad/two-copies"]);
});

describe("every op refuses a foreign tensor in the place of", () => {
  const { opTable, dispatch, zeros } = a;
  const rows = [...opTable.values()].flatMap((op) =>
    op.samples().slice(0, 2).flatMap((sample, s) => sample.inputs.flatMap((input, i) => (input === null ? [] : [{ op, sample, i, name: `${op.name}, sample ${s}: ${op.inputs[i]}` }]))),
  );

  test.each(rows)("$name", ({ op, sample, i }) => {
    for (const requiresGrad of [false, true]) {
      const inputs = sample.inputs.map((input, k) => {
        if (input === null) return null;
        const options = { dtype: input.dtype ?? "float32" } as const;
        const x = k === i ? b.zeros(input.shape, options) : zeros(input.shape, options);
        return x.dtype.startsWith("float") ? x.requiresGrad_(requiresGrad) : x;
      });
      const message = foreignIn(() => dispatch(op, inputs, sample.attrs));
      expect(message.split("\n")[0]).toBe(`${op.name}: ${a.inputName(op, i)} belongs to another copy of tapegrad, which has a memory and classes of its own`);
    }
  });
});

describe("whatever takes a tensor or a module refuses a foreign one", () => {
  const layer = (): InstanceType<typeof a.nn.Linear> => new a.nn.Linear(3, 3);
  class Holder extends a.nn.Module {
    readonly held: unknown;

    constructor(held: unknown) {
      super();
      this.held = held;
    }

    override forward(x: typeof own): typeof own {
      return x;
    }
  }
  const { add_, batchNorm, cat, copy_, fill_, stack, where, zero_ } = a;

  test.each<[name: string, call: () => unknown, first: string]>([
    ["the other way round", () => a.mul(foreign(), own), "mul: a"],
    ["a method", () => own.add(foreign()), "add: b"],
    ["a number and a tensor", () => a.sub(1, foreign()), "sub: b"],
    ["a view", () => a.transpose(b.zeros([2, 2]), 0, 1), "transpose: x"],
    ["a list", () => cat([own, foreign()]), "cat: tensors[1]"],
    ["a stack", () => stack([foreign(), own]), "stack: tensors[0]"],
    ["where's condition", () => where(b.tensor([true, false, true]), own, own), "where: condition"],
    ["a loss", () => a.crossEntropy(a.zeros([3, 2]), b.tensor([0, 1, 0], { dtype: "int32" })), "crossEntropy: targets"],
    ["running statistics", () => batchNorm(a.zeros([2, 3]), { training: true, runningMean: foreign() }), "batchNorm: runningMean"],
    ["a change in place", () => add_(foreign(), 1), "add_: x"],
    ["a filling", () => fill_(foreign(), 1), "fill_: x"],
    ["a zeroing", () => zero_(foreign()), "fill_: x"],
    ["a copy's source", () => copy_(a.zeros([3]), foreign()), "copy_: source"],
    ["a copy's target", () => copy_(foreign(), own), "copy_: x"],
    ["a gradient", () => { leaf().grad = foreign(); }, "grad: grad"],
    ["the gradient of backward", () => leaf().mul(2).backward(foreign()), "backward: gradient"],
    ["that of a leaf", () => leaf().backward(foreign()), "backward: gradient"],
    ["outputs of grad", () => a.grad([b.tensor(1, { requiresGrad: true }).mul(2)], [leaf()]), "grad: output 0"],
    ["inputs of grad", () => a.grad([leaf().sum()], [foreign()]), "grad: input 0"],
    ["what a hook returns", () => { const y = leaf().mul(2); y.registerHook(() => foreign()); y.sum().backward(); }, "registerHook: result"],
    ["inputs of gradcheck", () => a.gradcheck((x) => x, [foreign()]), "gradcheck: input 0"],
    ["a parameter's data", () => new a.nn.Parameter(foreign()), "Parameter: data"],
    ["a buffer's data", () => new a.nn.Buffer(foreign()), "Buffer: data"],
    ["a field of a module", () => new Holder(foreignLayer()).parameters(), "Holder: field held"],
    ["a list in a field", () => new Holder([new a.nn.ReLU(), foreignLayer()]).stateDict(), "Holder: field held.1"],
    ["a map in a field", () => new Holder(new Map([["x", foreignLayer()]])).train(), "Holder: field held.x"],
    ["a Sequential", () => new a.nn.Sequential(foreignLayer()).parameters(), "Sequential: field 0"],
    ["a Sequential that runs", () => new a.nn.Sequential(foreignLayer()).forward(a.zeros([1, 3])), "Sequential: field 0"],
    ["a parameter in a field", () => new Holder(new b.nn.Parameter(b.zeros([1]))).parameters(), "Holder: field held"],
    ["a buffer in a field", () => new Holder([new b.nn.Buffer(b.zeros([1]))]).buffers(), "Holder: field held.0"],
    ["a tensor in a field", () => new Holder(foreign()).parameters(), "Holder: field held"],
    ["a parameter assigned over another", () => { const own_ = layer(); own_.weight = new b.nn.Parameter(b.zeros([3, 3])); own_.forward(a.zeros([1, 3])); }, "Linear: field weight"],
    ["a layer's input", () => layer().forward(b.zeros([1, 3])), "linear: x"],
    ["a loss's weight", () => new a.nn.CrossEntropyLoss({ weight: foreign() }), "CrossEntropyLoss: weight"],
    ["layerNorm's weight", () => a.nn.functional.layerNorm(own, [3], { weight: foreign() }), "layerNorm: weight"],
    ["a state", () => layer().loadStateDict(new b.nn.Linear(3, 3).stateDict()), "loadStateDict: weight"],
    ["an optimizer's parameters", () => new a.optim.SGD(new b.nn.Linear(3, 3).parameters() as never, { lr: 1 }), "SGD: parameter 0"],
    ["a model for an optimizer", () => new a.optim.SGD(foreignLayer() as never, { lr: 1 }), "SGD: params"],
    ["a group's parameters", () => new a.optim.Adam([{ params: [foreign()] }]), "Adam: parameter 0"],
    [
      "an optimizer's state",
      () => {
        const optimizer = new a.optim.SGD([leaf()], { lr: 1, momentum: 0.5 });
        optimizer.loadStateDict({ ...optimizer.stateDict(), state: { 0: { momentumBuffer: foreign() } } });
      },
      "SGD.loadStateDict: momentumBuffer of parameter 0",
    ],
    ["a data set's tensors", () => new a.TensorDataset(own, foreign()), "TensorDataset: tensor 1"],
    ["what a data set gives", () => [...new a.DataLoader({ length: 2, get: () => [foreign(), 1] }, { batchSize: 2 })], "collate: a value"],
    ["what it gives among others", () => [...new a.DataLoader({ length: 2, get: (i) => (i === 0 ? own : foreign()) }, { batchSize: 2 })], "collate: a value"],
  ])("%s", (_name, call, first) => {
    expect(foreignIn(call).split("\n")[0]).toBe(`${first} belongs to another copy of tapegrad, which has a memory and classes of its own`);
  });

  test("before anything of a state is loaded", () => {
    const model = layer();
    const before = model.weight.toArray();
    foreignIn(() => model.loadStateDict({ weight: a.ones([3, 3]), bias: foreign() }));
    expect(model.weight.toArray()).toEqual(before);
  });
});

describe("what does not touch the memory works across copies", () => {
  test("values, comparisons, transforms, generators", () => {
    expect(a.equal(foreign(), a.tensor([10, 20, 30]))).toBe(true);
    expect(a.tensor(foreign().toArray()).toArray()).toEqual([10, 20, 30]);
    expect(a.normalize([0], [2])(b.ones([1, 1, 1]) as never).toArray()).toEqual([[[0.5]]]);
    expect(a.rand([3], { generator: new b.Generator(1) }).toArray()).toEqual(a.rand([3], { generator: new a.Generator(1) }).toArray());
  });
});

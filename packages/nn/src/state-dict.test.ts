import { describe, expect, test } from "vitest";
import { enterScope, leaveScope, ones, randn, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { Sigmoid, ReLU } from "./activation.ts";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { CrossEntropyLoss } from "./loss.ts";
import { Module } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { AvgPool2d } from "./pooling.ts";
import { Sequential } from "./sequential.ts";
import { snakeCase } from "./state-names.ts";
import { fixtures, type RecordedNames } from "./testing/fixtures.ts";

class ResidualBlock extends Module {
  readonly conv1 = new Conv2d(2, 2, 3, { padding: 1, bias: false });
  readonly bn1 = new BatchNorm2d(2);
  readonly shortcutConv = new Conv2d(2, 2, 1);

  override forward(x: Tensor): Tensor {
    return this.bn1.forward(this.conv1.forward(x)).add(this.shortcutConv.forward(x));
  }
}

/** The Net of fixtures/generate.py. */
class Net extends Module {
  readonly W1 = new Parameter(zeros([2, 3]));
  readonly features = new Sequential(new Conv2d(3, 2, 3), new BatchNorm2d(2), new ReLU(), new Sequential(new Dropout(), new Linear(4, 2)));
  readonly blocks = [new ResidualBlock(), [new Linear(2, 2)]];
  readonly scales = [new Parameter(zeros([1])), new Parameter(zeros([2]))];
  readonly finalNorm = new LayerNorm([2, 2]);
  readonly frozenNorm = new BatchNorm1d(2, { affine: false });
  readonly untrackedNorm = new BatchNorm1d(2, { trackRunningStats: false });
  readonly inProjWeightL0 = new Parameter(zeros([1]));
  readonly useBN = new Linear(1, 1);
  readonly tied = this.useBN;
  readonly loss = new CrossEntropyLoss({ weight: ones([4]) });
  readonly positionIds = new Buffer(zeros([3]));

  override forward(x: Tensor): Tensor {
    return x;
  }
}

function lenet(): Sequential {
  return new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }), new Sigmoid(), new AvgPool2d(2), new Conv2d(6, 16, 5), new Sigmoid(), new AvgPool2d(2), new Flatten(),
    new Linear(400, 120), new Sigmoid(), new Linear(120, 84), new Sigmoid(), new Linear(84, 10),
  );
}

const stateName = (path: string): string => path.split(".").map(snakeCase).join(".");
const shapesOf = (module: Module): Record<string, readonly number[]> => Object.fromEntries(Object.entries(module.stateDict()).map(([name, x]) => [name, x.shape]));

describe(`names are PyTorch ${fixtures.torch}'s`, () => {
  // PyTorch lists a module's own tensors before those of its children; here the order is that of the fields.
  const sorted = (names: readonly string[]): readonly string[] => names.toSorted();

  test("of a model with every kind of field", () => {
    const { state, parameters, buffers }: RecordedNames = fixtures.names;
    const net = new Net();
    expect(shapesOf(net)).toEqual(state);
    expect(sorted(net.namedParameters().map(([name]) => stateName(name)))).toEqual(sorted(parameters));
    expect(sorted(net.namedBuffers().map(([name]) => stateName(name)))).toEqual(sorted(buffers));
  });

  test("of a LeNet, in the same order", () => {
    const { state, parameters, modules, children } = fixtures.lenetNames;
    const model = lenet();
    expect(Object.entries(shapesOf(model))).toEqual(Object.entries(state));
    expect(model.namedParameters().map(([name]) => name)).toEqual(parameters);
    expect(model.namedModules().map(([name]) => name)).toEqual(modules);
    expect(model.namedChildren().map(([name]) => name)).toEqual(children);
  });

  test.each([
    ["weight", "weight"],
    ["bn1.runningMean", "bn1.running_mean"],
    ["layers.0.conv1", "layers.0.conv1"],
    ["numBatchesTracked", "num_batches_tracked"],
    ["weightIhL0", "weight_ih_l0"],
    ["useBN", "use_bn"],
    ["useBNLayer", "use_bn_layer"],
    ["aBC", "a_bc"],
    ["already_snake", "already_snake"],
    ["W1", "W1"],
    ["Mixed_5b.branch1x1", "Mixed_5b.branch1x1"],
  ])("%s becomes %s", (path, name) => {
    expect(stateName(path)).toBe(name);
  });
});

describe("stateDict", () => {
  test("gives the module's own tensors, off the tape", () => {
    const layer = new Linear(2, 1);
    const { weight } = layer.stateDict();
    expect(weight?.requiresGrad).toBe(false);
    expect(weight?.storage).toBe(layer.weight.storage);
  });
});

describe("loadStateDict", () => {
  test("copies a whole model, whatever the dtypes", () => {
    const [source, target] = [lenet().to("float64"), lenet()];
    expect(target.loadStateDict(source.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const weights = source.to("float32").stateDict();
    for (const [name, x] of Object.entries(target.stateDict())) {
      expect(x.toArray(), name).toEqual(weights[name]?.toArray());
      expect(x.dtype).toBe("float32");
    }
    const x = randn([1, 1, 28, 28]);
    expect(target.forward(x).toArray()).toEqual(source.forward(x).toArray());
  });

  test("writes into the parameters that the optimizer has, and keeps them leaves", () => {
    const layer = new Linear(1, 1);
    const { weight } = layer;
    layer.loadStateDict({ weight: tensor([[2]]), bias: tensor([3]) });
    expect(layer.weight).toBe(weight);
    expect(weight.isLeaf && weight.requiresGrad).toBe(true);
    expect(layer.forward(tensor([[5]])).item()).toBe(13);
  });

  test("brings batch norm its statistics and its counter", () => {
    const [source, target] = [new BatchNorm1d(2), new BatchNorm1d(2)];
    for (let batch = 0; batch < 3; batch++) source.forward(randn([4, 2]));
    target.loadStateDict(source.stateDict());
    expect(target.runningVar?.toArray()).toEqual(source.runningVar?.toArray());
    expect(target.numBatchesTracked?.item()).toBe(3);
  });

  // As PyTorch's load_state_dict: it puts the module's own counter into a state that has none.
  test.each([true, false])("a state without batch norm's counter loads, and the counter stays (strict %s)", (strict) => {
    const model = new Sequential(new BatchNorm1d(2), new BatchNorm1d(2, { trackRunningStats: false }));
    for (let batch = 0; batch < 2; batch++) model.forward(randn([4, 2]));
    const { "0.num_batches_tracked": counter, ...state } = new Sequential(new BatchNorm1d(2), new BatchNorm1d(2, { trackRunningStats: false })).stateDict();
    expect(counter?.item()).toBe(0);
    expect(model.loadStateDict(state, { strict })).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(model.stateDict()["0.num_batches_tracked"]?.item()).toBe(2);
    expect(model.stateDict()["0.running_mean"]?.toArray()).toEqual([0, 0]);
    const { "0.running_mean": mean, ...rest } = state;
    expect(mean?.shape).toEqual([2]);
    expect(model.loadStateDict(rest, { strict: false }).missingKeys).toEqual(["0.running_mean"]);
    expect(thrownBy(() => model.loadStateDict(rest)).code).toBe("loadStateDict/missing");
  });

  test("a buffer of a module of one's own may be optional too", () => {
    class Counted extends Module {
      readonly seen = new Buffer(zeros([2]), { optional: true });
      readonly sum = new Buffer(zeros([2]));
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(new Counted().loadStateDict({ sum: ones([2]) })).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(thrownBy(() => new Counted().loadStateDict({ seen: ones([2]) })).data).toEqual({ missingKeys: ["sum"], unexpectedKeys: [] });
  });

  test("[1] is loaded into a 0-d tensor, and nothing else of another shape", () => {
    const layer = new BatchNorm1d(2);
    expect(layer.loadStateDict({ num_batches_tracked: tensor([7], { dtype: "int64" }) }, { strict: false }).unexpectedKeys).toEqual([]);
    expect(layer.numBatchesTracked?.item()).toBe(7);
    expect(layer.numBatchesTracked?.shape).toEqual([]);
    for (const shape of [[2], [0], [1, 1]]) expect(thrownBy(() => layer.loadStateDict({ num_batches_tracked: zeros(shape) }, { strict: false })).code).toBe("loadStateDict/shape");
    expect(thrownBy(() => new Linear(1, 1).loadStateDict({ bias: tensor(1) }, { strict: false })).code).toBe("loadStateDict/shape");
  });

  test("names from a file are shown escaped and short, and no more than ten of each kind", () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `\u001b[2J\n  hint: name ${i}`);
    const state = Object.fromEntries([...names, "x".repeat(1_000_000)].map((name) => [name, zeros([])]));
    const error = thrownBy(() => new Linear(1, 1).loadStateDict(state));
    expect(error.message.split("\n").slice(0, 5)).toEqual([
      "loadStateDict: the state does not fit Linear: 2 names are missing, 100001 unexpected",
      "  missing     weight",
      "  missing     bias",
      "  unexpected  \\x1b[2J\\n  hint: name 0",
      "  unexpected  \\x1b[2J\\n  hint: name 1",
    ]);
    expect(error.message).toContain("\n  unexpected  \\x1b[2J\\n  hint: name 9\n  and 99991 more\n  hint: pass { strict: false } to load what fits\n");
    expect(error.data["unexpectedKeys"]).toHaveLength(100_001);
    const deep = Array.from({ length: 30 }, () => new Linear(1, 1));
    const wrong = Object.fromEntries(Object.keys(new Sequential(...deep).stateDict()).map((name) => [name, zeros([7])]));
    expect(thrownBy(() => new Sequential(...deep).loadStateDict(wrong)).message.split("\n")).toHaveLength(13);
  });

  // What a forged tensor says of itself must not be believed: its pointer would read other memory into the weights.
  test.each<[unknown, string]>([
    [{ shape: [1, 1], dtype: "float32", offset: 0, strides: [1, 1], storage: { pointer: 8, elements: [1], dtype: "float32" } }, "an object"],
    [{ __proto__: null, shape: [1, 1] }, "an object"],
    [[[1]], "[[1]]"],
    [7, "7"],
    [null, "null"],
    ["weight", '"weight"'],
  ])("values that are no tensors: %o", (weight, shown) => {
    const layer = new Linear(1, 1);
    const before = layer.weight.toArray();
    const error = thrownBy(() => layer.loadStateDict({ bias: zeros([1]), weight: weight as Tensor }));
    expect(error.message).toBe(`loadStateDict: weight must be a tensor, not ${shown}\n  code: tapegrad/not-a-tensor`);
    expect(layer.weight.toArray()).toEqual(before);
  });

  test("takes non-contiguous tensors", () => {
    const layer = new Linear(2, 3, { bias: false });
    layer.loadStateDict({ weight: tensor([[1, 2, 3], [4, 5, 6]]).T });
    expect(layer.weight.toArray()).toEqual([[1, 4], [2, 5], [3, 6]]);
  });

  test("names what is missing and what is unexpected", () => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 1));
    const { "0.weight": weight = zeros([]), "0.bias": bias = zeros([]) } = model.stateDict();
    const error = thrownBy(() => model.loadStateDict({ "0.weight": weight, "0.bias": bias, "fc.weight": weight }));
    expect(error.name).toBe("SerializationError");
    expect(error.message).toBe(`loadStateDict: the state does not fit Sequential: 2 names are missing, 1 unexpected
  missing     1.weight
  missing     1.bias
  unexpected  fc.weight
  hint: pass { strict: false } to load what fits
  code: loadStateDict/missing`);
    expect(error.data).toEqual({ missingKeys: ["1.weight", "1.bias"], unexpectedKeys: ["fc.weight"] });
    expect(thrownBy(() => new ReLU().loadStateDict({ weight })).code).toBe("loadStateDict/unexpected");
  });

  test("loads what fits when it need not be strict", () => {
    const layer = new Linear(1, 1);
    const before = layer.bias?.toArray();
    expect(layer.loadStateDict({ weight: tensor([[7]]), gain: tensor([1]) }, { strict: false })).toEqual({ missingKeys: ["bias"], unexpectedKeys: ["gain"] });
    expect(layer.weight.item()).toBe(7);
    expect(layer.bias?.toArray()).toEqual(before);
  });

  test.each([true, false])("refuses other shapes, all of which it names, and changes nothing (strict %s)", (strict) => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 3));
    const before = model.parameters().map((parameter) => parameter.toArray());
    const state = { ...new Sequential(new Linear(2, 2), new Linear(2, 5)).stateDict() };
    const error = thrownBy(() => model.loadStateDict(state, { strict }));
    expect(error.message).toBe(`loadStateDict: shapes differ between Sequential and the state, in 2 of 4 tensors
  1.weight  [3, 2] in the module, [5, 2] in the state
  1.bias  [3] in the module, [5] in the state
  code: loadStateDict/shape`);
    expect(model.parameters().map((parameter) => parameter.toArray())).toEqual(before);
  });

  test("changes nothing when a tensor of the state was freed", () => {
    const layer = new Linear(1, 1);
    const before = layer.weight.toArray();
    const outer = enterScope();
    const bias = zeros([1]);
    leaveScope(outer, { has: () => false });
    expect(thrownBy(() => layer.loadStateDict({ weight: ones([1, 1]), bias })).code).toBe("heap/freed");
    expect(layer.weight.toArray()).toEqual(before);
  });

  test("reads all of a state before it writes, also where that is the module's own tensors", () => {
    const n = 300;
    const layer = new Linear(n, n, { bias: false });
    const turned = layer.weight.detach().t().clone();
    layer.loadStateDict({ weight: layer.weight.detach().t() });
    expect(layer.weight.toTypedArray()).toEqual(turned.toTypedArray());
    const model = new Sequential(new Linear(2, 2), new Linear(2, 2));
    const { "0.weight": first, "0.bias": firstBias, "1.weight": second, "1.bias": secondBias } = model.stateDict() as Record<string, Tensor>;
    const expected = [second, secondBias, first, firstBias].map((x) => x?.toArray());
    model.loadStateDict({ "0.weight": second as Tensor, "0.bias": secondBias as Tensor, "1.weight": first as Tensor, "1.bias": firstBias as Tensor });
    expect(model.parameters().map((parameter) => parameter.toArray())).toEqual(expected);
  });

  test("is noticed by a pending backward", () => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 1));
    const out = model.forward(ones([1, 2])).sum();
    model.loadStateDict(new Sequential(new Linear(2, 2), new Linear(2, 1)).stateDict());
    expect(thrownBy(() => out.backward()).code).toBe("backward/changed");
  });
});

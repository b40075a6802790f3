import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  arange, compose, DataLoader, Generator, ImageDataset, nn, normalize, ones, optim, rand, randomCrop, randomHorizontalFlip, randomSplit, Subset, tensor, TensorDataset, type Dataset, type Tensor,
} from "tapegrad";

const pairs = new TensorDataset(rand([10, 3]), arange(10));
const images = (transform?: ConstructorParameters<typeof ImageDataset>[1]) =>
  new ImageDataset({ channels: 3, height: 4, width: 5, bytes: new Uint8Array(60_000), firstByte: 0, strideBytes: 60, labels: new Uint8Array(1000) }, transform);

class Squares implements Dataset<Tensor> {
  readonly length = 1;
  readonly values = new Float32Array(100_000);
  get(index: number): Tensor {
    return tensor([index ** 2]);
  }
}

const drawn = new Generator("seven");
rand([5], { generator: drawn });
const restored = new Generator(1);
restored.setState(drawn.getState());
const model = new nn.Linear(3, 2);
const grouped = new optim.SGD([{ params: [model.weight], lr: 0.5 }, { params: [model.bias ?? model.weight] }], { lr: 0.1, momentum: 0.9 });
Object.assign(grouped.paramGroups[1] ?? {}, { initialLr: 0.1 });

test.each<[value: object, text: string]>([
  [pairs, "TensorDataset(10 items: float32 [3], int32 [])"],
  [new TensorDataset(ones([1, 2])), "TensorDataset(1 item: float32 [2])"],
  [new Subset(pairs, [1]), "Subset(1 item of TensorDataset(10 items: float32 [3], int32 []))"],
  [randomSplit(pairs, [4, 6], { generator: new Generator(1) })[1], "Subset(6 items of TensorDataset(10 items: float32 [3], int32 []))"],
  [images(), "ImageDataset(1000 images [3, 4, 5])"],
  [images(compose(randomCrop({ size: 2 }), randomHorizontalFlip(), normalize([0, 0, 0], [1, 1, 1]))), "ImageDataset(1000 images [3, 4, 5], randomCrop, randomHorizontalFlip, normalize)"],
  [new DataLoader(pairs, { batchSize: 4, shuffle: true }), "DataLoader(3 batches of 4, shuffled, of TensorDataset(10 items: float32 [3], int32 []))"],
  [new DataLoader(new Squares()), "DataLoader(1 batch of 1, of Squares(1 item))"],
  [new DataLoader({ length: 5, get: (i: number) => i }, { batchSize: 2, dropLast: true }), "DataLoader(2 batches of 2, of Dataset(5 items))"],
  [new DataLoader([1, 2, 3] as never, { batchSize: 2 }), "DataLoader(2 batches of 2, of Array(3 items))"],
  [new Generator(), "Generator(seed 0, 0 drawn)"],
  [drawn, 'Generator(seed "seven", 5 drawn)'],
  [restored, "Generator(a state that was set, 5 drawn)"],
  [new optim.Adam(model.parameters()), `Adam(
  group 0: 2 parameters of 8 elements, lr 0.001, betas [0.9,0.999], eps 1e-8, weightDecay 0, amsgrad false, maximize false
)`],
  [grouped, `SGD(
  group 0: 1 parameter of 6 elements, momentum 0.9, dampening 0, weightDecay 0, nesterov false, maximize false, lr 0.5
  group 1: 1 parameter of 2 elements, momentum 0.9, dampening 0, weightDecay 0, nesterov false, maximize false, lr 0.1, initialLr 0.1
)`],
  [model, "Linear(inFeatures=3, outFeatures=2, bias=true)"],
  [tensor([1, 2]), "tensor([1., 2.])"],
])("console.log shows a short text (%#)", (value, text) => {
  expect(inspect(value)).toBe(text);
  expect(String(value)).toBe(text);
});

describe("JSON has the values of tensors", () => {
  test.each<[x: Tensor, json: string]>([
    [tensor([[1, 2], [3, 4]]), "[[1,2],[3,4]]"],
    [tensor(2.5), "2.5"],
    [tensor([true, false]), "[true,false]"],
    [tensor(BigInt64Array.of(5n, -6n)), "[5,-6]"],
    [tensor([1, 2, 3]).narrow(0, 1, 2), "[2,3]"],
    [tensor([NaN, Infinity, -0]), "[null,null,0]"],
    [tensor(new Float32Array(0), { shape: [2, 0] }), "[[],[]]"],
    [tensor([0.5], { dtype: "float16", requiresGrad: true }).mul(3), "[1.5]"],
  ])("%s", (x, json) => {
    expect(JSON.stringify(x)).toBe(json);
    expect(JSON.stringify({ x: [x] })).toBe(`{"x":[${json}]}`);
  });

  test("also inside of a module", () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    layer.weight.detach().fill_(3);
    expect(JSON.stringify(layer)).toBe('{"training":true,"inFeatures":1,"outFeatures":1,"weight":[[3]],"bias":null}');
  });
});

test.each<[name: string, value: unknown]>([
  ["a tensor", tensor([1])],
  ["a large tensor", ones([100_000])],
  ["a view", ones([10, 10]).select(0, 1)],
  ["a parameter", model.weight],
  ["a model", new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU())],
  ["an optimizer", grouped],
  ["a data set of tensors", pairs],
  ["an item of a state", { state: model.stateDict() }],
])("structuredClone of %s says what to do instead", (_name, value) => {
  expect(() => structuredClone(value)).toThrow(/tensors stay in their thread and process: x\.clone\(\) and module\.clone\(\) copy, x\.toTypedArray\(\) gives what can be sent/);
});

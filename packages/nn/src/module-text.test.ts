import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Tensor } from "@tapegrad/tensor";
import { ReLU, Sigmoid, Tanh } from "./activation.ts";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { LocalResponseNorm } from "./local-response-norm.ts";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "./loss.ts";
import { Module } from "./module.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";
import { Sequential } from "./sequential.ts";
import { fixtures } from "./testing/fixtures.ts";
import { layerTable } from "./testing/layers/layer-table.ts";

/** PyTorch's text with the names and literals of JavaScript. */
function inJavaScript(text: string): string {
  return text
    .replaceAll(/\b[a-z]+(?:_[a-z]+)+(?==)/g, (name) => name.replaceAll(/_[a-z]/g, (hump) => hump.slice(1).toUpperCase()))
    .replaceAll(/\((\d+(?:, \d+)*),?\)(?!:)/g, "[$1]")
    .replaceAll("1e-05", "0.00001")
    .replaceAll("k=2.0", "k=2")
    .replaceAll(", inplace=False", "")
    .replaceAll("True", "true")
    .replaceAll("False", "false")
    .replaceAll("None", "null");
}

class Block extends Module {
  readonly inner = new Sequential(new Linear(3, 2, { bias: false }));
  readonly act = new Tanh();

  override forward(x: Tensor): Tensor {
    return this.act.forward(this.inner.forward(x));
  }

  override extraRepr(): string {
    return "width=3";
  }
}

describe("a module's text", () => {
  const layers: Module[] = [
    new Conv2d(3, 6, 5),
    new Conv2d(4, 6, [3, 2], { stride: 2, padding: [1, 2], dilation: [1, 2], groups: 2, bias: false }),
    new Conv2d(2, 2, 3, { padding: "same" }),
    new BatchNorm2d(6),
    new BatchNorm1d(4, { eps: 0.01, momentum: null, affine: false }),
    new MaxPool2d(2),
    new MaxPool2d([3, 2], { stride: 2, padding: 1, dilation: 2, ceilMode: true }),
    new AvgPool2d(2),
    new AvgPool2d(3, { stride: [2, 1], padding: 1 }),
    new LayerNorm(4),
    new LayerNorm([2, 3], { elementwiseAffine: false }),
    new LocalResponseNorm(5, { k: 2 }),
    new Dropout(0.3),
    new ReLU(),
    new Sigmoid(),
    new Tanh(),
    new Flatten(),
    new Linear(3, 2),
    new Sequential(),
    new Sequential(new Sequential(new ReLU()), new Block()),
  ];

  test(`is PyTorch ${fixtures.torch}'s, in the words of JavaScript`, () => {
    class Model extends Sequential {
      readonly losses = [new CrossEntropyLoss(), new NLLLoss(), new MSELoss()] as const;
    }
    const text = new Model(...layers).toString().replace("Model", "Sequential").replaceAll(/\(losses\.(\d)\)/g, (_, i) => `(${20 + Number(i)})`);
    expect(text).toBe(inJavaScript(fixtures.printed));
  });

  test.each(Object.keys(layerTable))("is compared of %s", (name) => {
    expect(fixtures.printed).toContain(`): ${name}(`);
  });

  test("is what the console shows", () => {
    expect(inspect(new Sequential(new ReLU()))).toBe("Sequential(\n  (0): ReLU()\n)");
    expect(`${new Linear(1, 2)}`).toBe("Linear(inFeatures=1, outFeatures=2, bias=true)");
  });

  test("lists a module under each of its names", () => {
    const shared = new ReLU();
    expect(new Sequential(shared, shared).toString()).toBe("Sequential(\n  (0): ReLU()\n  (1): ReLU()\n)");
  });
});

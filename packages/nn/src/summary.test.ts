import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { onMeta, ones, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU, Sigmoid } from "./activation.ts";
import { BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import { Linear } from "./linear.ts";
import { CrossEntropyLoss, MSELoss } from "./loss.ts";
import type { ForwardHook } from "./any-module.ts";
import { Module } from "./module.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";
import { Sequential } from "./sequential.ts";
import { summary } from "./summary.ts";

/** d2l.ai, section 7.6. */
function lenet(): Sequential {
  return new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }), new Sigmoid(), new AvgPool2d(2), new Conv2d(6, 16, 5), new Sigmoid(), new AvgPool2d(2), new Flatten(),
    new Linear(400, 120), new Sigmoid(), new Linear(120, 84), new Sigmoid(), new Linear(84, 10),
  );
}

describe("summary", () => {
  test("counts d2l's LeNet: 156, 2416, 48120, 10164, 850", () => {
    const { layers, parameters, trainable } = summary(lenet(), zeros([1, 1, 28, 28]));
    expect(layers.map((layer) => layer.parameters).filter((count) => count > 0)).toEqual([156, 2416, 48120, 10164, 850]);
    expect(layers.map(({ outputShape }) => outputShape)).toEqual([
      [1, 6, 28, 28], [1, 6, 28, 28], [1, 6, 14, 14], [1, 16, 10, 10], [1, 16, 10, 10], [1, 16, 5, 5], [1, 400], [1, 120], [1, 120], [1, 84], [1, 84], [1, 10],
    ]);
    expect(layers[0]).toEqual({ name: "0", type: "Conv2d", outputShape: [1, 6, 28, 28], outputShapes: [[1, 6, 28, 28]], parameters: 156, flops: 2 * 6 * 28 * 28 * 25 });
    expect([parameters, trainable]).toEqual([61706, 61706]);
  });

  test("counts the convolutions of VGG-11: 9,220,480 of its 132,863,336 parameters", () => {
    // The dense layers, 123,642,856 parameters, would only take memory.
    const widths = [[64], [128], [256, 256], [512, 512], [512, 512]];
    let channels = 3;
    const modules = widths.flatMap((block) => [
      ...block.flatMap((width) => {
        const conv = new Conv2d(channels, width, 3, { padding: 1 });
        channels = width;
        return [conv, new ReLU()];
      }),
      new MaxPool2d(2),
    ]);
    const { parameters, layers } = summary(new Sequential(...modules), zeros([1, 3, 32, 32]));
    expect(parameters).toBe(9_220_480);
    expect(layers.at(-1)?.outputShape).toEqual([1, 512, 1, 1]);
    const dense = [[512 * 7 * 7, 4096], [4096, 4096], [4096, 1000]].reduce((total, [inputs = 0, outputs = 0]) => total + (inputs + 1) * outputs, 0);
    expect(parameters + dense).toBe(132_863_336);
  });

  test("prints a table, through the console too", () => {
    const model = new Sequential(new Linear(4, 300), new Sequential(new ReLU(), new Linear(300, 2, { bias: false })));
    model.parameters()[0]?.requiresGrad_(false);
    const result = summary(model, zeros([5, 4]));
    const table = `Sequential
Layer           Output shape  Parameters   FLOPs
------------------------------------------------
0 (Linear)      [5, 300]           1,500  12,000
1 (Sequential)  [5, 2]               600   6,000
1.0 (ReLU)      [5, 300]               0       0
1.1 (Linear)    [5, 2]               600   6,000
------------------------------------------------
2,100 parameters, 900 of them trainable; 18,000 FLOPs`;
    expect(result.toString()).toBe(table);
    expect(inspect(result)).toBe(table);
  });

  test("takes shapes for tensors, in the model's dtype", () => {
    expect(summary(lenet().to("float16"), [2, 1, 28, 28]).layers.at(-1)?.outputShape).toEqual([2, 10]);
    expect(summary(new CrossEntropyLoss(), [4, 3], tensor(Int32Array.from([0, 1, 2, 0]))).layers[0]?.outputShape).toEqual([]);
    expect(summary(new ReLU(), []).layers[0]?.outputShape).toEqual([]);
    // @ts-expect-error One input is missing.
    expect(() => summary(new MSELoss(), [2])).toThrow();
    // @ts-expect-error Text is no tensor.
    expect(() => summary(new ReLU(), "x")).toThrow();
  });

  test("computes nothing, and leaves running statistics alone", () => {
    const model = new Sequential(new Conv2d(3, 4, 3), new BatchNorm2d(4, { momentum: null }), new ReLU());
    const before = JSON.stringify(model.stateDict());
    // A terabyte for every layer: what computed it would fail.
    const x = onMeta(() => ones([1]).expand([1, 3, 1, 1]).expand([1, 3, 200_000, 300_000]));
    const { layers, flops } = summary(model, x);
    expect(layers.map(({ outputShape }) => outputShape)).toEqual(Array.from({ length: 3 }, () => [1, 4, 199_998, 299_998]));
    expect(flops).toBe(2 * 4 * 199_998 * 299_998 * 27);
    expect(JSON.stringify(model.stateDict())).toBe(before);
  });

  test("computes where a model decides by what it has computed", () => {
    class Deciding extends Module {
      readonly fc = new Linear(2, 3);
      override forward(x: Tensor): Tensor {
        const out = this.fc.forward(x);
        return out.sum().item() < Infinity ? out.flatten() : out;
      }
    }
    const { layers, flops } = summary(new Deciding(), [4, 2]);
    expect([layers[0]?.outputShape, flops]).toEqual([[4, 3], 48]);
  });

  test("prints a single layer", () => {
    expect(String(summary(new Linear(4, 300), [5, 4]))).toBe(`Linear
Layer   Output shape  Parameters   FLOPs
----------------------------------------
Linear  [5, 300]           1,500  12,000
----------------------------------------
1,500 parameters, 1,500 of them trainable; 12,000 FLOPs`);
  });

  test("takes several inputs and other options, and prints several outputs", () => {
    class Attention extends Module {
      readonly key = new Linear(4, 2);
      override forward(x: Tensor, y: Tensor, options: { readonly scale: number }): { out: Tensor; rest: [Tensor] } {
        return { out: this.key.forward(x).mul(options.scale), rest: [y] };
      }
    }
    class Pair extends Module {
      readonly inner = new Attention();
      override forward(x: Tensor): Tensor {
        return this.inner.forward(x, x.sum(), { scale: 2 }).out;
      }
    }
    const { layers } = summary(new Pair(), [3, 4]);
    expect(layers[0]).toEqual({ name: "inner", type: "Attention", outputShape: null, outputShapes: [[3, 2], []], parameters: 10, flops: 48 });
    expect(String(summary(new Pair(), [3, 4]))).toContain("inner (Attention)   [3, 2], []            10     48\ninner.key (Linear)  [3, 2]                10     48\n");
    expect(summary(new Attention(), [1, 4], zeros([1]), { scale: 1 }).layers).toHaveLength(1);
  });

  test("refuses what is no module, and shapes that are none", () => {
    const error = thrownBy(() => summary([2, 3] as never));
    expect([error.name, error.message]).toEqual(["ArgumentError", "summary: model must be a module, not [2,3]\n  code: summary/model"]);
    const shape = thrownBy(() => summary(new ReLU(), [2, -1]));
    expect([shape.name, shape.message.split("\n")[0]]).toEqual(["ShapeError", "summary: shape [2, -1] must be a list of integers, 0 or more"]);
  });

  test("tells layers that did not run, and counts shared parameters once", () => {
    class Partial extends Module {
      readonly used = new Linear(2, 2);
      readonly unused = new Linear(2, 2);
      readonly again = this.used;

      override forward(x: Tensor): Tensor {
        return this.again.forward(this.used.forward(x));
      }
    }
    const { layers, parameters } = summary(new Partial(), zeros([1, 2]));
    expect(layers.map(({ name, outputShape }) => [name, outputShape])).toEqual([["used", [1, 2]], ["unused", null]]);
    expect(parameters).toBe(12);
    expect(summary(new Partial(), zeros([1, 2])).toString()).toContain("unused (Linear)  not run ");
  });

  test("leaves the model as it was: modes layer by layer, statistics", () => {
    const model = new Sequential(new Conv2d(1, 2, 1), new BatchNorm2d(2), new Dropout());
    model.at(1).eval();
    const before = JSON.stringify(Object.values(model.stateDict()).map((x) => x.toArray()));
    summary(model, zeros([1, 1, 1, 1]));
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, false, true]);
    expect(JSON.stringify(Object.values(model.stateDict()).map((x) => x.toArray()))).toBe(before);
    expect(model.forward(zeros([1, 1, 1, 1])).requiresGrad).toBe(true);
  });

  test("removes its hooks, and restores modes, after an error too", () => {
    class Counted extends Linear {
      hooks = 0;

      override registerForwardHook(hook: ForwardHook): () => void {
        const remove = super.registerForwardHook(hook);
        this.hooks++;
        return () => {
          remove();
          this.hooks--;
        };
      }
    }
    const layer = new Counted(2, 2);
    const seen: number[] = [];
    layer.registerForwardHook(() => {
      seen.push(layer.hooks);
    });
    summary(new Sequential(layer), zeros([1, 2]));
    const broken = new Sequential(layer, new Linear(3, 2));
    expect(thrownBy(() => summary(broken, zeros([1, 2]))).message).toContain("in 1 (Linear)");
    expect(broken.modules().every(({ training }) => training)).toBe(true);
    // The test's own hook and the summary's during the runs; then the test's alone.
    expect([...seen, layer.hooks]).toEqual([2, 2, 1]);
  });
});

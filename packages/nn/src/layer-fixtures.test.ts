import { describe, expect, test } from "vitest";
import { tensor, type DType, type Pair, type Tensor } from "@tapegrad/tensor";
import { nearLargest, pattern } from "@tapegrad/test-support";
import { expectClose } from "@tapegrad/testing";
import { ReLU, Sigmoid, Tanh } from "./activation.ts";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Flatten } from "./flatten.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { LocalResponseNorm } from "./local-response-norm.ts";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "./loss.ts";
import type { AnyModule } from "./any-module.ts";
import type { Module } from "./module.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";
import { fixtures, type LayerCase, type LossCase, type RecordedPass } from "./testing/fixtures.ts";
import { leaf, setParameters } from "./testing/pattern.ts";
import { toleranceOf } from "./testing/tolerance.ts";

const dtypes: readonly DType[] = ["float64", "float32"];

/** A fixture has the elements row by row, without a shape. */
function expectRecorded(actual: Tensor | null | undefined, recorded: readonly number[], name: string): void {
  if (actual === null || actual === undefined) throw new Error(`there is no ${name}`);
  expectClose(actual, Float64Array.from(recorded), nearLargest(recorded, toleranceOf(actual.dtype), name));
}

/** Gradients of a loss's own class weights are not wanted anywhere. */
function expectPass(module: AnyModule, x: Tensor, out: Tensor, recorded: RecordedPass, dtype: DType): void {
  expect(out.shape).toEqual(recorded.outShape);
  expect(out.dtype).toBe(dtype);
  expectRecorded(out, recorded.out, "out");
  out.backward(tensor(pattern(out.shape, 9), { shape: out.shape, dtype }));
  expectRecorded(x.grad, recorded.dX, "dX");
  const parameters = new Map(module.namedParameters());
  expect([...parameters.keys()]).toEqual(Object.keys(recorded.gradients));
  for (const [name, gradient] of Object.entries(recorded.gradients)) expectRecorded(parameters.get(name)?.grad, gradient, `gradient of ${name}`);
}

function number(value: number | Pair | undefined): number {
  if (typeof value !== "number") throw new Error(`${value} is not a number`);
  return value;
}

function makeLayer({ args: [a, b, c], ...recorded }: LayerCase): Module {
  if (recorded.layer === "Conv2d") return new Conv2d(number(a), number(b), c ?? 0, recorded.options);
  const { options } = recorded;
  switch (recorded.layer) {
    case "Linear": return new Linear(number(a), number(b), options);
    case "MaxPool2d": return new MaxPool2d(a ?? 0, options);
    case "AvgPool2d": return new AvgPool2d(a ?? 0, options);
    case "LayerNorm": return new LayerNorm(a ?? 0, options);
    case "LocalResponseNorm": return new LocalResponseNorm(number(a), options);
    case "ReLU": return new ReLU();
    case "Sigmoid": return new Sigmoid();
    case "Tanh": return new Tanh();
    case "Flatten": return new Flatten(...[a, b].flatMap((value) => (value === undefined ? [] : [number(value)])));
  }
}

describe(`layers equal PyTorch ${fixtures.torch}'s`, () => {
  const cases = fixtures.layers.flatMap((recorded) => dtypes.map((dtype) => [recorded.layer, recorded.args, recorded.options, recorded.xShape, dtype, recorded] as const));
  test.each(cases)("%s %j %j of %j in %s", (_layer, _args, _options, _shape, dtype, recorded) => {
    const module = makeLayer(recorded).to(dtype);
    setParameters(module);
    const x = leaf(pattern(recorded.xShape, 1), recorded.xShape, dtype);
    expectPass(module, x, module.forward(x), recorded, dtype);
  });
});

describe(`batch norm over three batches, then in evaluation, equals PyTorch ${fixtures.torch}'s`, () => {
  const cases = fixtures.batchNorms.flatMap((recorded) => dtypes.map((dtype) => [recorded.layer, recorded.options, recorded.xShape, dtype, recorded] as const));
  test.each(cases)("%s %j of %j in %s", (layer, options, shape, dtype, { args: [features], trained, buffers, evaluated }) => {
    const module = layer === "BatchNorm1d" ? new BatchNorm1d(features, options) : new BatchNorm2d(features, options);
    setParameters(module.to(dtype));
    for (const seed of [1, 4]) module.forward(leaf(pattern(shape, seed), shape, dtype));
    const x = leaf(pattern(shape, 5), shape, dtype);
    expectPass(module, x, module.forward(x), trained, dtype);

    const state = module.stateDict();
    const bufferKeys = Object.keys(state).filter((key) => key !== "weight" && key !== "bias");
    expect(bufferKeys).toEqual(Object.keys(buffers));
    for (const key of bufferKeys) expectRecorded(state[key], buffers[key] ?? [], key);

    module.eval().zeroGrad();
    const later = leaf(pattern(shape, 1), shape, dtype);
    expectPass(module, later, module.forward(later), evaluated, dtype);
    for (const key of bufferKeys) expectRecorded(module.stateDict()[key], buffers[key] ?? [], `${key} after evaluation`);
  });
});

describe(`losses equal PyTorch ${fixtures.torch}'s`, () => {
  function makeLoss({ layer, options, weight }: LossCase): Module<[input: Tensor, target: Tensor]> {
    const weighted = weight === null ? options : { ...options, weight: tensor(Float64Array.from(weight)) };
    if (layer === "CrossEntropyLoss") return new CrossEntropyLoss(weighted);
    return layer === "NLLLoss" ? new NLLLoss(weighted) : new MSELoss(options);
  }

  const cases = fixtures.losses.flatMap((recorded) => dtypes.map((dtype) => [recorded.layer, recorded.options, recorded.weight, recorded.xShape, dtype, recorded] as const));
  test.each(cases)("%s %j weight %j of %j in %s", (_layer, _options, _weight, shape, dtype, recorded) => {
    const module = makeLoss(recorded).to(dtype);
    const { targets, targetShape } = recorded;
    const target = targets === null ? tensor(pattern(shape, 2), { shape, dtype }) : tensor(Int32Array.from(targets), { shape: targetShape });
    const x = leaf(pattern(shape, 1), shape, dtype);
    expectPass(module, x, module.forward(x, target), recorded, dtype);
  });
});

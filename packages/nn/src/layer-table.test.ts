import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contiguous, copy_, manualSeed, permute, select, stack, tensor, type DType, type ElementArray, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import * as nn from "@tapegrad/nn";
import { nearLargest } from "@tapegrad/test-support";
import { checkGradients, expectClose } from "@tapegrad/testing";
import { Module } from "./module.ts";
import { array, type LayerCase, type LayerEntry } from "./testing/layers/layer-case.ts";
import { layerTable } from "./testing/layers/layer-table.ts";
import { dyadic, setParameters } from "./testing/pattern.ts";
import { toleranceOf } from "./testing/tolerance.ts";

const containers = ["Module", "Sequential"];
const layersOf = (exported: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(exported).flatMap(([name, value]) => (typeof value === "function" && value.prototype instanceof Module && !containers.includes(name) ? [name] : []));

describe("the table of layers", () => {
  test("has all that is exported", () => {
    const missing = layersOf(nn).filter((name) => !Object.hasOwn(layerTable, name));
    expect(missing, `nn exports ${missing.join(", ")}: add an entry to src/testing/layers/layer-table.ts`).toEqual([]);
    expect(Object.keys(layerTable).filter((name) => !layersOf(nn).includes(name))).toEqual([]);
  });

  test("would miss one that it does not have", () => {
    expect(layersOf({ ...nn, Fresh: class Fresh extends nn.ReLU {} })).toContain("Fresh");
  });

  test.each(Object.entries(layerTable))("has %s under its own name", (name, entry) => {
    fc.assert(fc.property(entry.cases, ({ make }) => make("float32").constructor.name === name), { numRuns: 3 });
  });
});

/** A module in training whose parameters have values of their own. */
function made(layer: LayerCase, dtype: DType): Module<Tensor[]> {
  const module = layer.make(dtype);
  setParameters(module, dyadic);
  return module;
}

/** The same numbers are drawn in each. */
function run(module: Module<Tensor[]>, inputs: readonly Tensor[]): Tensor {
  manualSeed(11);
  return module.forward(...inputs);
}

const upstream = (out: Tensor): Tensor => tensor(array(out.shape, 9).data, { shape: out.shape, dtype: out.dtype });

interface Pass {
  readonly out: Tensor;
  /** Of `dX`, `dTarget` and the parameters' names. */
  readonly gradients: Readonly<Record<string, Tensor | null>>;
}

/** One pass; `given` is what the module gets of the inputs. */
function pass(module: Module<Tensor[]>, inputs: readonly Tensor[], given: (x: Tensor) => Tensor = (x) => x): Pass {
  module.zeroGrad();
  const out = run(module, inputs.map(given));
  out.backward(upstream(out));
  const [x, target] = inputs;
  const own = Object.fromEntries(module.namedParameters().map(([name, parameter]) => [name, parameter.grad]));
  return { out, gradients: { dX: x?.grad ?? null, ...(target?.requiresGrad === true ? { dTarget: target.grad } : {}), ...own } };
}

function expectNear(actual: Tensor | null | undefined, expected: ElementArray | undefined, name: string, tolerance?: number): void {
  if (actual === null || actual === undefined || expected === undefined) throw new Error(`there is no ${name}`);
  expectClose(actual, expected, nearLargest(expected, tolerance ?? toleranceOf(actual.dtype), name));
}

function expectEqualPasses(actual: Pass, expected: Pass): void {
  expect(actual.out.shape).toEqual(expected.out.shape);
  expectNear(actual.out, expected.out.toTypedArray(), "out");
  expect(Object.keys(actual.gradients)).toEqual(Object.keys(expected.gradients));
  for (const [name, gradient] of Object.entries(expected.gradients)) expectNear(actual.gradients[name], gradient?.toTypedArray(), name);
}

function forAll({ cases }: LayerEntry, numRuns: number, property: (layer: LayerCase) => void): void {
  fc.assert(fc.property(cases, property), { numRuns });
}

/** Every other element of memory of twice the length. */
const spread = (x: Tensor): Tensor => select(stack([x, x], x.ndim), x.ndim, 0);

/** Columns where rows were. */
function turned(x: Tensor): Tensor {
  const order = x.shape.map((_, i) => x.ndim - 1 - i);
  return permute(contiguous(permute(x, order)), order);
}

describe.each(Object.entries(layerTable))("%s", (_name, entry) => {
  test.each(["float64", "float32"] as const)("equals plain loops in %s, in training and in evaluation", (dtype) => {
    forAll(entry, 40, (layer) => {
      const module = made(layer, dtype);
      for (const isTraining of [true, false]) {
        module.train(isTraining);
        const inputs = layer.inputs(dtype);
        const { out, gradients } = pass(module, inputs);
        const expected = layer.expected(module, out);
        expect(out.dtype).toBe(dtype);
        expect(out.shape).toEqual(expected.out.shape);
        expectNear(out, expected.out.data, "out");
        const dOut = array(out.shape, 9);
        const wanted = expected.backward(dOut);
        for (const [name, gradient] of Object.entries(gradients)) expectNear(gradient, wanted[name]?.data, name);
      }
    });
  });

  test("has the gradients that differences give, of first and second order, in training and in evaluation", () => {
    forAll(entry, 4, (layer) => {
      const module = made(layer, "float64");
      // One that counts batches evaluates with what it has seen.
      run(module, layer.inputs("float64"));
      for (const isTraining of [true, false]) expect(checkGradients(module.train(isTraining), layer.inputs("float64"), { order: 2, step: 1e-4, rtol: 1e-6, atol: 1e-7 })).toBe(true);
    });
  });

  test("takes tensors of any strides", () => {
    forAll(entry, 15, (layer) => {
      const module = made(layer, "float64");
      const plain = pass(module, layer.inputs("float64"));
      for (const view of [spread, turned]) expectEqualPasses(pass(module, layer.inputs("float64"), view), plain);
    });
  });

  test.each([["float16", 2 ** -10], ["bfloat16", 2 ** -7]] as const)("takes %s and gives it, as near to float32 as that is", (dtype, ulp) => {
    forAll(entry, 15, (layer) => {
      const rounded = made(layer, "float32").to(dtype);
      const exact = made(layer, "float32");
      noGrad(() => exact.parameters().forEach((parameter, i) => copy_(parameter, (rounded.parameters()[i] as Tensor).to("float32"))));
      const inputs = layer.inputs("float32");
      const given = (to: DType): Tensor[] => inputs.map((x) => (x.requiresGrad ? x.detach().to(dtype).to(to).clone().requiresGrad_(true) : x));
      const [half, full] = [pass(rounded, given(dtype)), pass(exact, given("float32"))];
      expect(half.out.dtype).toBe(dtype);
      expectNear(half.out, full.out.toTypedArray(), "out", 16 * ulp);
      for (const [name, gradient] of Object.entries(full.gradients)) {
        expect(half.gradients[name]?.dtype).toBe(dtype);
        expectNear(half.gradients[name], gradient?.toTypedArray(), name, 16 * ulp);
      }
    });
  });

  test(entry.hasModes ? "changes nothing of its state in evaluation" : "is the same in training and in evaluation", () => {
    forAll(entry, 15, (layer) => {
      const module = made(layer, "float64");
      const trained = pass(module, layer.inputs("float64"));
      const before = JSON.stringify(module.stateDict());
      module.eval();
      const evaluated = pass(module, layer.inputs("float64"));
      expect(JSON.stringify(module.stateDict())).toBe(before);
      if (!entry.hasModes) expectEqualPasses(evaluated, trained);
      expectEqualPasses(pass(module, layer.inputs("float64")), evaluated);
    });
  });

  test("comes back from its state, and is copied whole", () => {
    forAll(entry, 15, (layer) => {
      const module = made(layer, "float64");
      run(module, layer.inputs("float64"));
      module.eval();
      const evaluated = pass(module, layer.inputs("float64"));
      const fresh = layer.make("float64").eval();
      const result = fresh.loadStateDict(module.stateDict());
      expect(result).toEqual({ missingKeys: [], unexpectedKeys: [] });
      for (const other of [fresh, module.clone()]) {
        expectEqualPasses(pass(other, layer.inputs("float64")), evaluated);
        expect(JSON.stringify(other.stateDict())).toBe(JSON.stringify(module.stateDict()));
        expect(String(other)).toBe(String(module));
      }
    });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { avgPool2d, exp, leakyRelu, linearBefore, randn, type Epilogue, type Tensor } from "@tapegrad/tensor";
import { Linear } from "./linear.ts";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";
import { layerTable } from "./testing/layers/layer-table.ts";
import { setParameters } from "./testing/pattern.ts";
import { traitChecks, type Checked } from "./testing/trait-checks.ts";

const names = Object.keys(traitChecks) as (keyof LayerTraits)[];

describe.each(Object.entries(layerTable))("%s", (_name, { cases, traits }) => {
  const samples = fc.sample(cases, { numRuns: 8, seed: 20 }).map(({ make, inputs }) => {
    const layer = make("float64");
    setParameters(layer);
    return { layer, input: (): Tensor => inputs("float64")[0] as Tensor };
  });

  test("declares what the table says", () => {
    for (const { layer } of samples) {
      const { passesOn, ...known } = layer.knownTraits;
      expect(passesOn).toBe(false);
      expect(known).toEqual({ ...Object.fromEntries(names.map((name) => [name, false])), ...traits });
    }
  });

  const declared = names.filter((name) => traits[name] === true);
  if (declared.length > 0) {
    test.each(declared)("holds to %s, in training and in evaluation", async (name) => {
      for (const { layer, input } of samples) {
        for (const isTraining of [true, false]) {
          layer.train(isTraining);
          await traitChecks[name]({ layer, input });
        }
      }
    });
  }
});

/** Calls a function in the place of a layer. */
function liar(forward: (this: { kept: unknown }, x: Tensor, epilogue: Epilogue) => Tensor, traits: LayerTraits, given?: Tensor): Checked {
  class Liar extends Module {
    static override readonly traits = traits;
    kept: unknown = null;
    readonly fc = new Linear(4, 4, { dtype: "float64" });
    override forward(x: Tensor): Tensor;
    override forward(x: Tensor, epilogue: Epilogue = "none"): Tensor {
      return forward.call(this, x, epilogue);
    }
  }
  return { layer: new Liar(), input: () => (given ?? randn([2, 2, 4, 4], { dtype: "float64" })).clone().detach().requiresGrad_(true) };
}

describe("a layer that does not hold to what it declares is noticed", () => {
  const hidden = new WeakMap<object, Tensor>();
  const lies: readonly (readonly [lie: string, name: keyof LayerTraits, checked: Checked])[] = [
    ["keeps its input in a field", "keepsNothing", liar(function keep(x) { this.kept = x; return x.neg(); }, { keepsNothing: true })],
    ["keeps its output where no field leads", "keepsNothing", liar(function hide(x) { const out = x.neg(); hidden.set(this, out); return out; }, { keepsNothing: true })],
    ["keeps a view of its input", "keepsNothing", liar(function view(x) { this.kept = [x.view([-1])]; return x.neg(); }, { keepsNothing: true })],
    ["gives what its gradient reads", "givesOutputAway", liar((x) => exp(x), { givesOutputAway: true })],
    ["gives its input in another shape", "givesOutputAway", liar((x) => x.flatten(), { givesOutputAway: true })],
    ["does not end with what it hands the epilogue to", "fusesRelu", liar((x, epilogue) => linearBefore(x, x.detach().reshape([-1, 4]), null, epilogue).neg(), { fusesRelu: true })],
    ["is another rectifier", "isRelu", liar((x) => leakyRelu(x), { isRelu: true })],
    ["means instead of picking", "picksLargest", liar((x) => avgPool2d(x, 2), { picksLargest: true })],
  ];

  test.each(lies)("one that %s (%s)", async (_lie, name, checked) => {
    await expect((async () => traitChecks[name](checked))()).rejects.toThrow(expect.objectContaining({ name: "AssertionError" }));
  });

  test("and one that does is not", async () => {
    await traitChecks.keepsNothing(liar((x) => x.neg(), { keepsNothing: true }));
    await traitChecks.givesOutputAway(liar((x) => x.neg(), { givesOutputAway: true }));
  });
});

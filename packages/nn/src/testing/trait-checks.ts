import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import { manualSeed, mul, neg, relu, square, sum, tensor, type Tensor } from "@tapegrad/tensor";
import { grad, noGrad } from "@tapegrad/autograd";
import { pattern } from "@tapegrad/test-support";
import { ReLU } from "../activation.ts";
import type { LayerTraits } from "../layer-traits.ts";
import { Module } from "../module.ts";
import { Sequential } from "../sequential.ts";

type Layer = Module<Tensor[]>;

/** A layer and a fresh leaf of float64 for it. */
export interface Checked {
  readonly layer: Layer;
  readonly input: () => Tensor;
}

/** Stands before or behind a layer, gives new memory and forgets all. */
class Negate extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  override forward(x: Tensor): Tensor {
    return neg(x);
  }
}

const asModule = (layer: Layer): Module => layer;

function run(layer: Layer, x: Tensor): Tensor {
  manualSeed(3);
  return layer.forward(x);
}

/** Output and derivatives of first and second order, where `spoil` may do to the output what it likes before. */
function derivatives({ layer, input }: Checked, forward: (x: Tensor) => Tensor, spoil: (out: Tensor) => void = () => undefined): unknown {
  const x = input();
  const inputs = [x, ...layer.parameters()];
  const out = forward(x);
  const values = out.toArray();
  const weights = tensor(pattern(out.shape, 7), { shape: out.shape, dtype: "float64" });
  const scalar = sum(mul(out, weights));
  spoil(out);
  const first = grad([scalar], inputs, { createGraph: true, allowUnused: true });
  const slope = sum(square(first[0] as Tensor));
  const second = slope.requiresGrad ? grad([slope], [x], { allowUnused: true }) : [];
  return [values, ...[...first, ...second].map((gradient) => gradient?.toArray() ?? null)];
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** A reference that the collector clears to the input, the output and their memory, once the layer has returned. */
function traces({ layer, input }: Checked): WeakRef<object>[] {
  const x = input().detach();
  const out = noGrad(() => run(layer, x));
  return [x, x.storage, out, out.storage].map((object) => new WeakRef(object));
}

/** What each trait says, tried: fails if it does not hold. */
export const traitChecks: Readonly<Record<keyof LayerTraits, (checked: Checked) => void | Promise<void>>> = {
  keepsNothing: async (checked) => {
    const { layer, input } = checked;
    const given = input().detach();
    const gives = noGrad(() => run(layer, given));
    const own = [...layer.parameters(), ...layer.buffers()].map(({ storage }) => storage);
    expect(own, "the output is the layer's").not.toContain(gives.storage);
    const left = traces(checked);
    // What a WeakRef was made of stays until the running task ends.
    await setImmediate();
    collect();
    expect(left.map((reference) => reference.deref() === undefined), "input, its memory, output and its memory are forgotten").toEqual([true, true, true, true]);
    const [before, behind] = [new Negate(), new Negate()];
    const between = new Sequential(before, asModule(layer), behind);
    const apart = (x: Tensor): Tensor => behind.forward(run(layer, before.forward(x)));
    const together = (x: Tensor): Tensor => {
      manualSeed(3);
      return between.forward(x);
    };
    expect(derivatives(checked, together)).toEqual(derivatives(checked, apart));
    noGrad(() => expect(together(input()).toArray()).toEqual(apart(input()).toArray()));
  },
  givesOutputAway: (checked) => {
    const x = checked.input();
    expect(run(checked.layer, x).storage, "the output has memory of its own").not.toBe(x.storage);
    const forward = (given: Tensor): Tensor => run(checked.layer, given);
    expect(derivatives(checked, forward, (out) => out.storage.elements.fill(NaN as never))).toEqual(derivatives(checked, forward));
  },
  fusesRelu: (checked) => {
    const fused = new Sequential(asModule(checked.layer), new ReLU());
    expect(derivatives(checked, (x) => fused.forward(x))).toEqual(derivatives(checked, (x) => relu(run(checked.layer, x))));
  },
  isRelu: (checked) => {
    const odd = special(checked);
    expect(derivatives(odd, (x) => run(odd.layer, x))).toEqual(derivatives(odd, relu));
  },
  picksLargest: (checked) => {
    const odd = special(checked);
    // Of zeros of both signs either is the largest.
    const unsigned = (values: unknown): unknown => JSON.parse(JSON.stringify(values, (_, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value)));
    expect(unsigned(derivatives(odd, (x) => relu(run(odd.layer, x))))).toEqual(unsigned(derivatives(odd, (x) => run(odd.layer, relu(x)))));
  },
};

/** The same with numbers below zero, zeros of both signs, equal ones, NaN and infinities. */
function special({ layer, input }: Checked): Checked {
  const odd = [-1, -2, 0, -0, 3, 3, -1, 2, NaN, 1, -Infinity, -1, Infinity, 1, -3, -3];
  return {
    layer,
    input: () => {
      const x = input();
      return tensor(Float64Array.from({ length: x.numel() }, (_, i) => odd[(i * 7 + 3) % odd.length] as number), { shape: x.shape, requiresGrad: true });
    },
  };
}

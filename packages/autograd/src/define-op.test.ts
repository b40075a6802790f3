import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defineUserOp as defineOp, keep, opTable, tensor, zeros, type Tensor, type UserOp } from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import { enableGrad, noGrad } from "./grad-mode.ts";
import { gradcheck } from "./gradcheck.ts";

const leaf = (values: number | readonly number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

/** x y + scale y, forward by typed arrays. */
const weighted = defineOp({
  name: "test/weighted",
  inputs: ["x", "y"],
  saves: ["x", "y"],
  infer: ([x, y]) => ({ shape: x.add(y).shape, dtype: x.dtype }),
  forward: ([x, y], { scale }: { readonly scale: number }, out) => {
    const [a, b] = [x.expand(out.shape), y.expand(out.shape)].map((z) => z.to("float64").toTypedArray("float64")) as [Float64Array, Float64Array];
    return tensor(a.map((value, i) => (value + scale) * (b[i] ?? NaN)), { shape: out.shape, dtype: out.dtype });
  },
  backward: { x: (dOut, { y }) => dOut.mul(y), y: (dOut, { x, attrs }) => dOut.mul(x.add(attrs.scale)) },
});

/** The softmax of a vector out of ordinary ops, and its logarithm. */
const twoSoftmaxes = defineOp({
  name: "test/twoSoftmaxes",
  inputs: ["x"],
  outputs: ["p", "logP"],
  saves: ["p"],
  infer: ([x]) => [x, x],
  forward: ([x]) => {
    const e = x.sub(x.amax()).exp();
    const p = e.div(e.sum());
    return [p, p.log()];
  },
  backward: {
    x: ([dP, dLogP], { p }) => {
      const fromP = dP === null ? p.mul(0) : p.mul(dP.sub(dP.mul(p).sum()));
      return dLogP === null ? fromP : fromP.add(dLogP.sub(p.mul(dLogP.sum())));
    },
  },
});

/** A sum of any number of tensors with a weight, whose gradient is an array's work: the second one comes from the composite. */
const weightedSum = defineOp({
  name: "test/weightedSum",
  inputs: ["weight", "bias?", "terms..."],
  saves: ["weight", "bias", "terms"],
  createGraphByComposite: true,
  infer: ([weight]) => weight,
  forward: ([weight, bias, ...terms]) => sumOf(weight, bias, terms),
  composite: ([weight, bias, ...terms]) => sumOf(weight, bias, terms),
  backward: {
    weight: (dOut, { weight, terms }) => dOut.mul(tensor(terms.reduce((total, x) => total + 2 * weight.item() * x.item(), 0), "float64")),
    bias: (dOut) => dOut,
    terms: (dOut, { weight }) => dOut.mul(tensor(weight.item() ** 2, "float64")),
  },
});

const sumOf = (weight: Tensor, bias: Tensor | null, terms: readonly Tensor[]): Tensor =>
  terms.reduce((total, x) => total.add(weight.square().mul(x)), weight.mul(0).add(bias ?? 0));

const derivative = (run: (...xs: Tensor[]) => Tensor, of: number) => (...xs: Tensor[]): Tensor =>
  enableGrad(() => {
    const inputs = xs.map((x) => (x.requiresGrad ? x : x.detach().requiresGrad_()));
    return grad([run(...inputs).square().sum()], [inputs[of] as Tensor], { createGraph: true })[0];
  });

const values = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.3 + Math.sin(seed + 2.3 * i)), { shape, dtype: "float64", requiresGrad: true });

describe("first and second derivatives of a program's own ops are right", () => {
  test("of operands that broadcast, strided or not", () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
    fc.assert(fc.property(shapes, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.nat(3), fc.nat(99), fc.boolean(), (shape, ones, dropped, seed, isStrided) => {
      const other = shape.map((size, i) => (ones[i] === true ? 1 : size)).slice(Math.min(dropped, shape.length));
      const turned = (x: Tensor): Tensor => (isStrided ? x.permute(shape.map((_, i) => shape.length - 1 - i)).permute(shape.map((_, i) => shape.length - 1 - i)) : x);
      const run = (...[x, y]: Tensor[]): Tensor => weighted.run([turned(x as Tensor), y as Tensor], { scale: 2 });
      const inputs = [values(shape, seed), values(other, seed + 1)];
      gradcheck(run, inputs);
      for (const of of [0, 1]) gradcheck(derivative(run, of), inputs);
    }), { seed: 5, numRuns: 25 });
  });

  test("of several outputs", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(99), fc.constantFrom("p", "logP", "both"), (length, seed, which) => {
      const run = (...[x]: Tensor[]): Tensor => {
        const [p, logP] = twoSoftmaxes.run([x as Tensor]);
        return which === "p" ? p : which === "logP" ? logP : p.mul(logP);
      };
      gradcheck(run, [values([length], seed)]);
      gradcheck(derivative(run, 0), [values([length], seed)]);
    }), { seed: 6, numRuns: 20 });
  });

  test("of any number of inputs, one that may be left out, and gradients that only a composite differentiates", () => {
    fc.assert(fc.property(fc.nat(3), fc.boolean(), fc.nat(99), (count, hasBias, seed) => {
      const run = (...[weight, ...others]: Tensor[]): Tensor => {
        const [bias, terms] = hasBias ? [others[0] as Tensor, others.slice(1)] : [null, others];
        return weightedSum.run([weight as Tensor, bias, ...terms]);
      };
      const inputs = Array.from({ length: count + (hasBias ? 2 : 1) }, (_, i) => values([], seed + i));
      gradcheck(run, inputs);
      for (const of of inputs.keys()) gradcheck(derivative(run, of), inputs);
    }), { seed: 7, numRuns: 20 });
  });
});

describe("they are treated as the library's own", () => {
  test("float16 is computed in float32 and rounded once; hooks, versions and released graphs are checked", () => {
    const x = tensor([1, 2], { dtype: "float16", requiresGrad: true });
    const out = weighted.run([x, tensor([3], "float16")], { scale: 0.5 });
    out.sum().backward();
    expect([out.dtype, x.grad?.dtype, x.grad?.to("float32").toArray()]).toEqual(["float16", "float16", [3, 3]]);
    const [a, b] = [leaf(2), leaf(3).mul(1)];
    const product = weighted.run([a, b], { scale: 0 });
    const seen: number[] = [];
    product.registerHook((gradient) => void seen.push(gradient.item()));
    product.backward({ retainGraph: true });
    expect([a.grad?.item(), seen]).toEqual([3, [1]]);
    b.mul_(2);
    expect(() => product.backward()).toThrow("y [], saved by test/weighted at version 0, was changed in place");
    const released = weighted.run([a, leaf(1)], { scale: 0 });
    released.backward();
    expect(() => released.backward()).toThrow("the graph was already used up at test/weighted");
  });

  test("nothing is recorded inside forward, whatever it does to the tensors that it makes", () => {
    const doubled = defineOp({
      name: "test/doubled", inputs: ["x"], infer: ([x]) => x,
      forward: ([x]) => x.clone().mul_(2),
      backward: { x: (dOut) => dOut.mul(100) },
    });
    const x = leaf([1, 2]);
    const h = x.mul(1);
    const out = doubled.run([h]);
    out.sum().add(h.sum()).backward();
    expect([out.toArray(), x.grad?.toArray()]).toEqual([[2, 4], [101, 101]]);
  });

  test("an input that forward changes keeps its place on the tape", () => {
    const changing = defineOp({ name: "test/changing", inputs: ["x"], changes: ["x"], infer: ([x]) => x, forward: ([x]) => x.mul_(2) });
    const x = leaf([1, 2]);
    const h = x.mul(3);
    const { node } = h;
    changing.run([h]);
    expect([h.toArray(), h.node === node]).toEqual([[6, 12], true]);
    expect(x.isLeaf).toBe(true);
    expect(noGrad(() => changing.run([x])).toArray()).toEqual([2, 4]);
  });

  test("what forward makes on its way is freed, kept, or with scoped: false left alone, strided inputs or not", () => {
    for (const options of [{}, { scoped: true }, { scoped: false }]) {
      let inner: Tensor | null = null;
      const op = defineOp({
        name: "test/scoped", inputs: ["x"], ...options, infer: ([x]) => x,
        forward: ([x]) => {
          inner = x.mul(3);
          keep(x.mul(4));
          return inner.add(1);
        },
      });
      for (const x of [tensor([[1, 2], [3, 4]]), tensor([[1, 2], [3, 4]]).t()]) {
        op.run([x]);
        const read = (): unknown => (inner)?.toArray(2)[0]?.[0];
        if (options.scoped !== false) expect(read).toThrow("heap/freed");
        else expect(read()).toBe(3);
      }
    }
  });

  test("inputs that come back are tensors of their own; declared changes count", () => {
    const counted = defineOp({
      name: "test/counted", inputs: ["count"], changes: ["count"], infer: ([count]) => count,
      forward: ([count]) => count.add_(1),
    });
    const count = zeros([1]);
    const { version } = count.storage;
    const out = counted.run([count]);
    expect([out === count, out.storage === count.storage, count.toArray(), count.storage.version > version]).toEqual([false, true, [1], true]);
    expect(noGrad(() => counted.run([leaf([1])])).toArray()).toEqual([2]);
  });
});

describe("defining a name again", () => {
  const factor = (value: number): UserOp<readonly ["x"], null> =>
    defineOp({ name: "test/factor", inputs: ["x"], infer: ([x]) => x, forward: ([x]) => x.mul(value), backward: { x: (dOut) => dOut.mul(value) } });

  test("replaces the op; what was recorded before goes on as it began", () => {
    const former = factor(2);
    const x = leaf(1);
    const out = former.run([x]);
    const latter = factor(3);
    expect(opTable.get("test/factor")).toBe(latter.op);
    out.add(latter.run([x])).backward();
    expect(x.grad?.item()).toBe(5);
    expect([...opTable.keys()].filter((name) => name === "test/factor")).toHaveLength(1);
  });

  test("may change everything about it", () => {
    factor(2);
    const both = defineOp({ name: "test/factor", inputs: ["a", "b"], saves: ["b"], infer: ([a]) => a, forward: ([a, b]) => a.mul(b), backward: { a: (dOut, { b }) => dOut.mul(b), b: null } });
    const [a, b] = [leaf(2), leaf(3)];
    both.run([a, b]).backward();
    expect([a.grad?.item(), b.grad]).toEqual([3, null]);
  });

  test("is refused for every op of the library's, which stays as it is", () => {
    for (const [name, op] of [...opTable].filter(([other]) => !other.startsWith("test/"))) {
      expect(() => defineOp({ name, inputs: ["x"], infer: ([x]) => x, forward: ([x]) => x })).toThrow("defineOp/built-in");
      expect(opTable.get(name)).toBe(op);
    }
  });
});

test("types follow the declaration", () => {
  const wrong = (): void => {
    // @ts-expect-error No gradient for y.
    defineOp({ name: "test/wrong", inputs: ["x", "y"], infer: ([x]) => x, forward: ([x]) => x, backward: { x: null } });
    // @ts-expect-error z is no input.
    defineOp({ name: "test/wrong", inputs: ["x"], saves: ["z"], infer: ([x]) => x, forward: ([x]) => x });
    // @ts-expect-error The attributes are missing.
    weighted.run([leaf(1), leaf(1)]);
    // @ts-expect-error An input is missing.
    twoSoftmaxes.run([]);
  };
  expect(wrong).toThrow();
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { add, arange, equal, mul, ones, sum, type Shape, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { numbersOf } from "./expect-values.ts";
import { sizeOf } from "./operands.ts";

/** A tensor as a shape and the numbers in row-major order: what a view must show. */
interface Model {
  readonly shape: Shape;
  readonly values: readonly number[];
}

function strides(shape: Shape): number[] {
  return shape.map((_, i) => sizeOf(shape.slice(i + 1)));
}

/** The model whose element at each index is another's at `from(index)`. */
function remap(x: Model, shape: Shape, from: (index: readonly number[]) => readonly number[]): Model {
  const own = strides(shape);
  const other = strides(x.shape);
  const values = Array.from({ length: sizeOf(shape) }, (_, position) => {
    const index = shape.map((size, dim) => Math.floor(position / (own[dim] as number)) % size);
    return x.values[from(index).reduce((total, i, dim) => total + i * (other[dim] as number), 0)] as number;
  });
  return { shape, values };
}

/** One step: on the tensor, and on the model. `pick` is a number from which the step takes its arguments. */
type Step = (pick: number) => readonly [run: (x: Tensor) => Tensor, show: (x: Model) => Model];

/** A divisor of a size. */
const divisor = (size: number, pick: number): number => {
  const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((d) => size % d === 0);
  return divisors[pick % divisors.length] ?? 1;
};

const steps: Readonly<Record<string, Step>> = {
  transpose: (pick) => {
    const dims = (rank: number): [number, number] => [pick % rank, Math.floor(pick / 7) % rank];
    return [
      (x) => (x.ndim === 0 ? x : x.transpose(...dims(x.ndim))),
      (x) => {
        if (x.shape.length === 0) return x;
        const [a, b] = dims(x.shape.length);
        const swap = <T>(list: readonly T[]): T[] => list.with(a, list[b] as T).with(b, list[a] as T);
        return remap(x, swap(x.shape), swap);
      },
    ];
  },
  slice: (pick) => {
    const place = (shape: Shape): [dim: number, start: number, step: number, length: number] => {
      const dim = pick % shape.length;
      const size = shape[dim] as number;
      const start = Math.floor(pick / 3) % Math.max(size, 1);
      const step = 1 + (Math.floor(pick / 11) % 2);
      return [dim, start, step, Math.ceil(Math.max(0, size - start) / step)];
    };
    return [
      (x) => {
        if (x.ndim === 0) return x;
        const [dim, start, step] = place(x.shape);
        return x.slice(dim, start, Infinity, step);
      },
      (x) => {
        if (x.shape.length === 0) return x;
        const [dim, start, step, length] = place(x.shape);
        return remap(x, x.shape.with(dim, length), (index) => index.with(dim, start + (index[dim] as number) * step));
      },
    ];
  },
  unsqueezeAndExpand: (pick) => {
    const size = 1 + (pick % 3);
    return [
      (x) => x.unsqueeze(pick % (x.ndim + 1)).expand(x.shape.toSpliced(pick % (x.ndim + 1), 0, size)),
      (x) => {
        const dim = pick % (x.shape.length + 1);
        return remap(x, x.shape.toSpliced(dim, 0, size), (index) => index.toSpliced(dim, 1));
      },
    ];
  },
  reshape: (pick) => {
    const target = (shape: Shape): Shape => {
      const size = sizeOf(shape);
      const first = divisor(size, pick);
      const second = divisor(size / Math.max(first, 1), Math.floor(pick / 5));
      return size === 0 ? [...shape, 1] : [first, 1, second, size / first / second];
    };
    return [(x) => x.reshape(target(x.shape)), (x) => ({ shape: target(x.shape), values: x.values })];
  },
  squeeze: () => [(x) => x.squeeze(), (x) => ({ shape: x.shape.filter((size) => size !== 1), values: x.values })],
  flatten: () => [(x) => x.flatten(), (x) => ({ shape: [sizeOf(x.shape)], values: x.values })],
  select: (pick) => [
    (x) => (x.ndim === 0 || x.shape[pick % x.ndim] === 0 ? x : x.select(pick % x.ndim, -1)),
    (x) => {
      const rank = x.shape.length;
      if (rank === 0 || x.shape[pick % rank] === 0) return x;
      const dim = pick % rank;
      return remap(x, x.shape.toSpliced(dim, 1), (index) => index.toSpliced(dim, 0, (x.shape[dim] as number) - 1));
    },
  ],
};

const chains = fc.record({
  shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  chain: fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(10_000)), { maxLength: 7 }),
});

/** Chains may expand without end; those that grow too long are cut. */
const roomy = (x: Model): boolean => x.values.length <= 2000 && x.shape.length <= 8;

test("any chain of views shows the right elements, copies well, and sends gradients back to where they came from", () => {
  fc.assert(fc.property(chains, ({ shape, chain }) => {
    const size = sizeOf(shape);
    const base = ones(shape, { dtype: "float64" }).mul(0).add(arange(size).to("float64").reshape(shape)).detach().requiresGrad_();
    let x: Tensor = base;
    let model: Model = { shape, values: Array.from({ length: size }, (_, i) => i) };
    for (const [name, pick] of chain) {
      const [run, show] = (steps[name] as Step)(pick);
      if (!roomy(show(model))) continue;
      x = run(x);
      model = show(model);
    }
    expect([...x.shape]).toEqual(model.shape);
    expect([...numbersOf(x)]).toEqual(model.values);
    expect(equal(x.clone(), x.detach())).toBe(true);
    expect([...numbersOf(add(x, x))]).toEqual(model.values.map((value) => 2 * value));
    expect(sum(x).item()).toBe(model.values.reduce((a, b) => a + b, 0));
    const counts = new Array<number>(size).fill(0);
    for (const value of model.values) counts[value] = (counts[value] as number) + 3;
    const [found] = grad([sum(mul(x, 3))], [base], { allowUnused: true });
    expect([...numbersOf(found as Tensor)]).toEqual(counts);
  }), { seed: 31, numRuns: 400 });
});

import { describe, expect, test } from "vitest";
import { amax, amin, argmax, argmin, clamp, logsumexp, max, mean, min, norm, prod, std, sum, tensor, variance, type Tensor } from "@tapegrad/tensor";

type Options = { readonly dim?: number | readonly number[]; readonly keepdim?: boolean; readonly correction?: number };
type Reduction = (x: Tensor, dim?: never, options?: never) => Tensor;

const values = (): Tensor => tensor(Array.from({ length: 24 }, (_, i) => Math.sin(i) + 2), { shape: [2, 3, 4] });
const functions: Readonly<Record<string, Reduction>> = { sum, mean, prod, amax, amin, std, var: variance, norm, logsumexp };
const ofOneDim: Readonly<Record<string, Reduction>> = { argmax, argmin };

const call = (run: Reduction, ...args: readonly unknown[]): unknown => (run as (x: Tensor, ...args: readonly unknown[]) => Tensor)(values(), ...args).toArray();
const callMethod = (name: string, ...args: readonly unknown[]): unknown => {
  const x = values();
  return (x as Tensor & Readonly<Record<string, (...args: readonly unknown[]) => Tensor>>)[name]?.(...args).toArray();
};

/** The arguments behind the tensor, and the options that say the same. */
const forms: readonly (readonly [args: readonly unknown[], options: Options])[] = [
  [[], {}],
  [[undefined], {}],
  [[1], { dim: 1 }],
  [[-1], { dim: 2 }],
  [[0, { keepdim: true }], { dim: 0, keepdim: true }],
  [[0, { keepdim: false }], { dim: 0 }],
  [[0, {}], { dim: 0 }],
  [[0, undefined], { dim: 0 }],
  [[undefined, { keepdim: true }], { keepdim: true }],
];
const formsOfSeveral: typeof forms = [
  [[[]], {}],
  [[[1]], { dim: [1] }],
  [[[0, 2]], { dim: [0, 2] }],
  [[[-1, 0], { keepdim: true }], { dim: [0, 2], keepdim: true }],
];

describe("dimensions come first or among the options", () => {
  test.each(Object.entries({ ...functions, ...ofOneDim }))("%s", (name, run) => {
    for (const [args, options] of [...forms, ...(name in functions ? formsOfSeveral : [])]) {
      const expected = call(run, options);
      expect(call(run, ...args), JSON.stringify(args)).toEqual(expected);
      expect(callMethod(name, ...args), JSON.stringify(args)).toEqual(expected);
      expect(callMethod(name, options), JSON.stringify(options)).toEqual(expected);
    }
  });

  test.each(["std", "var"])("%s takes its correction behind them, too", (name) => {
    const [run] = [functions[name] as Reduction];
    expect(call(run, 1, { correction: 0, keepdim: true })).toEqual(call(run, { dim: 1, correction: 0, keepdim: true }));
    expect(call(run, 1, { correction: 0 })).not.toEqual(call(run, 1));
  });
});

describe("max and min with positions", () => {
  test.each([["max", max], ["min", min]] as const)("%s is taken apart by name and by place", (name, run) => {
    for (const keepdim of [undefined, false, true, {}, { keepdim: true }, { keepdim: false }] as const) {
      const x = values();
      const named = run(x, 1, keepdim);
      const [first, second, ...rest] = x[name](1, keepdim);
      expect(named.values.shape).toEqual(keepdim === true || (typeof keepdim === "object" && keepdim.keepdim === true) ? [2, 1, 4] : [2, 4]);
      expect(first?.toArray()).toEqual(named.values.toArray());
      expect(second?.toArray()).toEqual(named.indices.toArray());
      expect(rest).toEqual([]);
    }
    const [value, index] = run(tensor(3), 0);
    expect([value?.toArray(), index?.toArray()]).toEqual([3, 0]);
  });
});

describe("limits come one after the other or as options", () => {
  const x = (): Tensor => tensor([-2, 0.5, 2]);
  test.each([
    [[-1, 1], { min: -1, max: 1 }],
    [[0], { min: 0 }],
    [[0, undefined], { min: 0 }],
    [[undefined, 1], { max: 1 }],
  ] as const)("%j", ([min, max], bounds) => {
    const expected = clamp(x(), bounds).toArray();
    expect(clamp(x(), min, max).toArray()).toEqual(expected);
    expect(x().clamp(min, max).toArray()).toEqual(expected);
    expect(x().clamp_(min, max).toArray()).toEqual(expected);
    expect(x().clamp_(bounds).toArray()).toEqual(expected);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultGenerator, equal, rand, tensor, type DType, type Shape, type Tensor } from "@tapegrad/tensor";
import { everyLayout, laidOut, tensorIn } from "./layouts.ts";
import { shapes } from "./shapes.ts";
import { tensors, type TensorsOptions } from "./tensors.ts";

const everyDType: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"];
const sampleOf = (options: TensorsOptions = {}, seed = 1): Tensor[] => fc.sample(tensors(options), { seed, numRuns: 1500 });
const numbersOf = (x: Tensor): number[] => Array.from<number | bigint, number>(x.toTypedArray(), Number);
/** What a property that fails is reduced to. */
const shrunk = (options: TensorsOptions, fails: (x: Tensor) => boolean, seed: number): string => {
  const { counterexample } = fc.check(fc.property(tensors(options), (x) => !fails(x)), { seed, numRuns: 1000 });
  return fc.stringify(counterexample?.[0]);
};

describe("tensors", () => {
  const found = sampleOf();
  const every = (is: (x: Tensor) => boolean): number => found.filter(is).length;

  test("of every dtype, rank and layout come often", () => {
    for (const dtype of everyDType) expect(every((x) => x.dtype === dtype), dtype).toBeGreaterThan(50);
    for (const rank of [0, 1, 2, 3, 4]) expect(every((x) => x.ndim === rank), `rank ${rank}`).toBeGreaterThan(50);
    expect(every((x) => x.numel() === 0)).toBeGreaterThan(30);
    expect(every((x) => x.isContiguous() && x.offset > 0), "narrowed").toBeGreaterThan(50);
    expect(every((x) => x.numel() > 1 && x.strides.includes(0)), "expanded").toBeGreaterThan(50);
    expect(every((x) => x.ndim > 0 && x.strides.at(-1) === 2), "strided").toBeGreaterThan(50);
    expect(every((x) => x.ndim > 1 && x.numel() > 1 && x.strides.at(-1) !== 1 && x.strides.at(0) === 1), "transposed").toBeGreaterThan(50);
  });

  const special: readonly (readonly [string, DType, number])[] = [
    ...(["float32", "float64", "float16", "bfloat16"] as const).flatMap((dtype) => [NaN, Infinity, -Infinity, -0, 0].map((value) => [String(value), dtype, value] as const)),
    ["subnormal", "float32", 2 ** -149], ["subnormal", "float64", 2 ** -1074], ["subnormal", "float16", 2 ** -24], ["subnormal", "bfloat16", 2 ** -133],
    ["largest", "float32", (2 - 2 ** -23) * 2 ** 127], ["largest", "float64", Number.MAX_VALUE], ["largest", "float16", 65504], ["largest", "bfloat16", (2 - 2 ** -7) * 2 ** 127],
    ["next to 1", "float32", 1 + 2 ** -23], ["next to 1", "float16", 1 + 2 ** -10], ["next to 1", "bfloat16", 1 + 2 ** -7], ["next to 1", "float64", 1 + 2 ** -52],
    ["least", "int32", -(2 ** 31)], ["greatest", "int32", 2 ** 31 - 1], ["greatest", "int64", 2 ** 53 - 1], ["greatest", "uint8", 255], ["true", "bool", 1], ["false", "bool", 0],
  ];
  test.each(special)("hold %s in %s", (_, dtype, value) => {
    expect(found.some((x) => x.dtype === dtype && numbersOf(x).some((element) => Object.is(element, value)))).toBe(true);
  });

  test("have ties, and are finite where that is asked for", () => {
    const floats = found.filter((x) => x.dtype === "float32" && x.numel() > 3 && !x.strides.includes(0));
    expect(floats.filter((x) => new Set(numbersOf(x)).size < x.numel()).length).toBeGreaterThan(floats.length / 4);
    expect(sampleOf({ values: "finite" }).every((x) => numbersOf(x).every(Number.isFinite))).toBe(true);
  });

  test("apart are farther from each other and from 0 than a numeric derivative steps", () => {
    for (const dtype of ["float64", "float32", "float16", "bfloat16"] as const) {
      // Of 16 bits not more than 200 are so far apart.
      const most = dtype.includes("16") ? 200 : 1500;
      for (const x of sampleOf({ dtype, values: "apart", shape: { maxSize: most, maxLength: most } }).slice(0, 300)) {
        const sorted = [...numbersOf(x), 0].sort((a, b) => a - b);
        expect(sorted.every((value, i) => i === 0 || value - (sorted[i - 1] as number) > 0.0025)).toBe(true);
      }
    }
    for (const dtype of ["int64", "int32", "uint8"] as const) for (const x of sampleOf({ dtype, values: "apart" })) expect(new Set(numbersOf(x)).size).toBe(x.numel());
  });

  test("are what options say", () => {
    expect(new Set(sampleOf({ dtype: ["int32", "bool"] }).map(({ dtype }) => dtype))).toEqual(new Set(["int32", "bool"]));
    expect(sampleOf({ shape: [2, 0, 3] }).every(({ shape }) => String(shape) === "2,0,3")).toBe(true);
    expect(sampleOf({ shape: shapes({ minRank: 3, maxRank: 3 }) }).every(({ ndim }) => ndim === 3)).toBe(true);
    expect(sampleOf({ layout: "contiguous" }).every((x) => x.isContiguous() && x.offset === 0)).toBe(true);
    expect(sampleOf({ dtype: "float64", values: fc.constant(7) }).every((x) => numbersOf(x).every((value) => value === 7))).toBe(true);
    expect(sampleOf({ requiresGrad: true }).every((x) => x.requiresGrad === x.dtype.includes("float") && x.node === null)).toBe(true);
    expect(sampleOf().some((x) => x.requiresGrad)).toBe(false);
  });

  test("follow from fast-check's seed alone, and draw nothing from the default generator", () => {
    const once = sampleOf({}, 9).map((x) => fc.stringify(x));
    rand([10]);
    const state = defaultGenerator.getState();
    expect(sampleOf({}, 9).map((x) => fc.stringify(x))).toEqual(once);
    expect(defaultGenerator.getState()).toEqual(state);
  });
});

describe("tensors shrink", () => {
  const seeds = [1, 2, 3, 4, 5];
  test.each(seeds)("to one element that matters (seed %i)", (seed) => {
    expect(shrunk({}, (x) => numbersOf(x).some(Number.isNaN), seed)).toBe("Tensor [] float32: NaN");
    expect(shrunk({}, (x) => numbersOf(x).some((value) => value > 50), seed)).toBe("Tensor [] float32: 51");
    expect(shrunk({}, (x) => numbersOf(x).some((value) => Object.is(value, -0)), seed)).toBe("Tensor [] float32: -0");
  });

  test.each(seeds)("to the shape, the layout and the dtype that matter (seed %i)", (seed) => {
    expect(shrunk({}, (x) => x.ndim === 3, seed)).toMatch(/^Tensor \[(1|0), (1|0), (1|0)\] float32: /);
    expect(["Tensor [2, 2] float32, strides [1, 2]: [[0, 0], [0, 0]]", "Tensor [2] float32, strides [2], offset 1: [0, 0]"]).toContain(shrunk({}, (x) => !x.isContiguous(), seed));
    expect(shrunk({ layout: ["contiguous", "expanded"] }, (x) => x.numel() > 0 && !x.isContiguous(), seed)).toBe("Tensor [2] float32, strides [0]: [0, 0]");
    expect(shrunk({}, (x) => x.dtype === "int32" && x.numel() > 0, seed)).toBe("Tensor [] int32: 0");
    expect(shrunk({ dtype: ["float64", "float32"], values: "apart" }, (x) => x.numel() > 1, seed)).toBe("Tensor [2] float64: [0.00390625, 0.01171875]");
  });

  test.each(seeds)("within limits and a given arbitrary of elements (seed %i)", (seed) => {
    const values = fc.integer({ min: 3, max: 90 });
    expect(shrunk({ dtype: "int32", shape: { minRank: 1, minLength: 2 }, layout: "contiguous", values }, (x) => numbersOf(x).some((value) => value > 6), seed)).toMatch(/^Tensor \[2\] int32: \[(3, 7|7, 3)\]$/);
    expect(shrunk({ shape: [2, 2], dtype: "float64", layout: "contiguous" }, (x) => x.numel() > 0, seed)).toBe("Tensor [2, 2] float64: [[0, 0], [0, 0]]");
    expect(shrunk({ shape: fc.constantFrom<Shape>([2], [3, 2]), dtype: "float64", layout: "contiguous" }, (x) => x.numel() > 0, seed)).toBe("Tensor [2] float64: [0, 0]");
  });
});

describe("layouts", () => {
  const cases = fc.sample(tensors({ values: "finite", layout: "contiguous" }), { seed: 2, numRuns: 300 });

  test.each(everyLayout.filter((layout) => layout !== "expanded"))("%s holds the same elements", (layout) => {
    for (const x of cases) expect(equal(laidOut(x, layout) ?? x, x)).toBe(true);
  });

  test("expanded repeats the first entry along a dimension", () => {
    expect(tensorIn("expanded", [1, 2, 3, 4, 5, 6], [2, 3], "float32").toArray()).toEqual([[1, 2, 3], [1, 2, 3]]);
    expect(tensorIn("expanded", [1, 2, 3, 4, 5, 6], [1, 3, 2], "int32").toArray()).toEqual([[[1, 2], [1, 2], [1, 2]]]);
  });

  test("are null where a shape has none, and keep int64 exact", () => {
    expect(laidOut(tensor(1), "strided")).toBeNull();
    expect(laidOut(tensor([1, 2]), "transposed")).toBeNull();
    expect(laidOut(tensor([[1]]), "expanded")).toBeNull();
    const large = tensor(BigInt64Array.of(2n ** 62n + 1n, 3n));
    for (const layout of ["narrowed", "strided"] as const) expect(equal(laidOut(large, layout) ?? tensor(0), large)).toBe(true);
  });

  test("views lie among other numbers", () => {
    const around = (layout: "narrowed" | "strided"): number[] => Array.from(tensorIn(layout, [1, 2], [2], "float32").storage.elements as Float32Array);
    expect(around("narrowed").slice(0, 6)).toEqual([77.5, 77.5, 77.5, 1, 2, 77.5]);
    expect(around("strided").slice(0, 4)).toEqual([77.5, 1, 77.5, 2]);
  });
});

test("a counterexample is printed as it was, with what cannot be seen in its values", () => {
  const text = (x: Tensor): string => fc.stringify(x);
  const [x] = fc.sample(tensors({ dtype: "float64", shape: [2], layout: "strided", values: fc.constant(-0) }), 1) as [Tensor];
  x.fill_(5);
  expect(text(x)).toBe("Tensor [2] float64, strides [2], offset 1: [-0, -0]");
  const [large] = fc.sample(tensors({ dtype: "bool", shape: [3, 50], layout: "contiguous", values: fc.constant(1) }), 1) as [Tensor];
  expect(text(large)).toBe(`Tensor [3, 50] bool: [${Array.from({ length: 100 }, () => "true").join(", ")}, ... 50 more]`);
  // Others print as tensors do.
  expect(text(tensor([1]))).toContain("tensor([1.])");
});

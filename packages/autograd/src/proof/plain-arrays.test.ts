import {
  arange, crossEntropy, empty, eye, full, fullLike, gather, indexSelect, linspace, nllLoss, ones, onesLike, rand, randint, randLike, randn, randnLike, tensor, zeros, zerosLike,
  type DType, type IntegerData, type Tensor,
} from "@tapegrad/tensor";
import { describe, expect, test } from "vitest";
import "../backward.ts";

const matrix = (): Tensor => tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true });

describe("indices and labels may be plain arrays", () => {
  const calls: readonly (readonly [title: string, run: (x: Tensor, indices: IntegerData) => Tensor, indices: readonly (number | readonly number[])[]])[] = [
    ["gather", (x, indices) => gather(x, 1, indices), [[0, -1], [2, 2]]],
    ["gather of none", (x, indices) => gather(x, 1, indices), [[], []]],
    ["x.gather", (x, indices) => x.gather(1, indices), [[0], [1]]],
    ["indexSelect", (x, indices) => indexSelect(x, 0, indices), [1, -2, 1]],
    ["indexSelect of none", (x, indices) => indexSelect(x, 0, indices), []],
    ["x.indexSelect", (x, indices) => x.indexSelect(1, indices), [2, 0]],
    ["crossEntropy", (x, indices) => crossEntropy(x, indices), [2, 0]],
    ["nllLoss", (x, indices) => nllLoss(x, indices, { ignoreIndex: -1 }), [1, -1]],
  ];
  test.each(calls)("%s", (_, run, indices) => {
    const results = [indices, tensor(indices, "int32"), tensor(indices, "int64")].map((given) => {
      const x = matrix();
      const out = run(x, given);
      out.sum().backward();
      return [out.toArray(), x.grad?.toArray()];
    });
    expect(results[0]).toEqual(results[1]);
    expect(results[0]).toEqual(results[2]);
  });

  test("and typed arrays", () => {
    expect(matrix().indexSelect(1, Int32Array.of(2, 0)).toArray()).toEqual([[3, 1], [6, 4]]);
    expect(matrix().indexSelect(1, BigInt64Array.of(1n)).toArray()).toEqual([[2], [5]]);
    expect(crossEntropy(matrix(), Uint8Array.of(0, 1)).item()).toBe(crossEntropy(matrix(), tensor([0, 1], "int64")).item());
  });

  test("arrays of the logits' shape are the classes' probabilities, in the logits' dtype", () => {
    const shares = [[0.2, 0.3, 0.5], [1, 0, 0]];
    for (const dtype of ["float32", "float64", "float16"] as const) {
      const out = crossEntropy(matrix().to(dtype), shares);
      expect(out.dtype).toBe(dtype);
      expect(out.item()).toBe(crossEntropy(matrix().to(dtype), tensor(shares, dtype)).item());
    }
  });
});

describe("a dtype may stand in the place of options", () => {
  const x = ones([2], "float64");
  const creations: Readonly<Record<string, (options: DType | { readonly dtype: DType }) => Tensor>> = {
    tensor: (options) => tensor([0, 1, 2], options), "tensor of elements": (options) => tensor(Float32Array.of(1, 2), options),
    zeros: (options) => zeros([2], options), ones: (options) => ones([2], options), empty: (options) => empty([2], options), full: (options) => full([2], 3, options),
    zerosLike: (options) => zerosLike(x, options), onesLike: (options) => onesLike(x, options), fullLike: (options) => fullLike(x, 3, options),
    arange: (options) => arange(3, options), "arange from": (options) => arange(1, 3, options), "arange in steps": (options) => arange(1, 3, 2, options), "arange of an end": (options) => arange(3, undefined, 1, options),
    linspace: (options) => linspace(0, 4, 3, options), eye: (options) => eye(2, 3, options), randint: (options) => randint(0, 3, [2], options),
  };
  const random: typeof creations = { rand: (options) => rand([2], options), randn: (options) => randn([2], options), randLike: (options) => randLike(x, options), randnLike: (options) => randnLike(x, options) };
  test.each(Object.entries(creations))("%s", (name, make) => {
    for (const dtype of ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"] as const) {
      const made = make(dtype);
      expect(made.dtype).toBe(dtype);
      if (name !== "empty") expect(made.toArray()).toEqual(name === "randint" ? expect.any(Array) : make({ dtype }).toArray());
    }
  });
  test.each(Object.entries(random))("%s", (_, make) => {
    for (const dtype of ["float32", "float64", "float16", "bfloat16"] as const) expect(make(dtype).dtype).toBe(dtype);
    expect(() => make("int32")).toThrow("must be floating");
  });
});

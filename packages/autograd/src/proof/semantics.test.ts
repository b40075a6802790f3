import { describe, expect, test } from "vitest";
import {
  abs, add, amax, amin, argmax, avgPool2d, batchNorm, clamp, conv2d, crossEntropy, div, dropout, equal, floorDivide, full, Generator, gt, leakyRelu,
  logsumexp, logSoftmax, matmul, max, maximum, maxPool2d, mean, min, minimum, mul, neg, nllLoss, norm, ones, pow, prod, rand, randint, randn, randperm,
  relu, sign, softmax, sqrt, std, sub, sum, tensor, to, variance, where, zeros, type NestedArray, type Tensor,
} from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { noGrad } from "../grad-mode.ts";

const leaf = (data: NestedArray): Tensor => tensor(data, { dtype: "float64", requiresGrad: true });

/** The gradient of the sum of f at some numbers. */
function gradientOf(f: (x: Tensor) => Tensor, data: NestedArray): NestedArray {
  const x = leaf(data);
  return grad([sum(f(x))], [x])[0].toArray();
}

/** Gradients of the sum of f for two operands. */
function gradientsOf(f: (a: Tensor, b: Tensor) => Tensor, first: NestedArray, second: NestedArray): NestedArray[] {
  const [a, b] = [leaf(first), leaf(second)];
  return grad([sum(f(a, b))], [a, b]).map((gradient) => gradient.toArray());
}

describe("kinks", () => {
  test("relu'(0) = 0", () => expect(gradientOf(relu, [-1, -0, 0, 1])).toEqual([0, 0, 0, 1]));
  test("relu passes the gradient at NaN, as PyTorch does", () => expect(gradientOf(relu, [NaN, Infinity, -Infinity])).toEqual([1, 1, 0]));
  test("clamp passes nothing where its bounds cross or are NaN", () => {
    for (const bounds of [{ min: 1, max: -1 }, { min: NaN }, { max: NaN }, { min: NaN, max: 1 }]) expect(gradientOf((x) => clamp(x, bounds), [-2, -1, 0, 1, NaN])).toEqual([0, 0, 0, 0, 0]);
  });
  test("abs'(0) = 0", () => expect(gradientOf(abs, [-1, 0, 1])).toEqual([-1, 0, 1]));
  test("sign' = 0", () => expect(gradientOf(sign, [-1, 0, 1])).toEqual([0, 0, 0]));
  test("leaky relu takes the negative slope at 0", () => expect(gradientOf((x) => leakyRelu(x, { negativeSlope: 0.25 }), [-1, 0, 1])).toEqual([0.25, 0.25, 1]));
  test("clamp passes the gradient at its bounds", () => expect(gradientOf((x) => clamp(x, { min: -1, max: 1 }), [-2, -1, 0, 1, 2])).toEqual([0, 1, 1, 1, 0]));
});

describe("ties", () => {
  test("max and min along a dimension: the first index gets the gradient", () => {
    expect(gradientOf((x) => max(x, 1).values, [[3, 1, 3], [2, 2, 2]])).toEqual([[1, 0, 0], [1, 0, 0]]);
    expect(gradientOf((x) => min(x, 0).values, [[1, 2], [1, 3], [4, 2]])).toEqual([[1, 1], [0, 0], [0, 0]]);
  });
  test("maximum and minimum of two tensors share it evenly", () => {
    expect(gradientsOf(maximum, [1, 2, 3], [2, 2, 2])).toEqual([[0, 0.5, 1], [1, 0.5, 0]]);
    expect(gradientsOf(minimum, [1, 2, 3], [2, 2, 2])).toEqual([[1, 0.5, 0], [0, 0.5, 1]]);
  });
  test("full amax and amin share it evenly", () => {
    expect(gradientOf((x) => amax(x), [1, 4, 4, 4, 4])).toEqual([0, 0.25, 0.25, 0.25, 0.25]);
    expect(gradientOf((x) => min(x), [2, 1, 1, 5])).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf((x) => amin(x, { dim: 1 }), [[1, 1], [2, 3]])).toEqual([[0.5, 0.5], [1, 0]]);
  });
});

describe("sqrt and norm", () => {
  test("sqrt'(0) = +inf", () => expect(gradientOf(sqrt, [0, 4])).toEqual([Infinity, 0.25]));
  test("norm'(0) = 0", () => expect(gradientOf((x) => norm(x), [0, 0])).toEqual([0, 0]));
  test("norm along a dimension, one of them zero", () => {
    expect(gradientOf((x) => norm(x, { dim: 1 }), [[0, 0], [0, 4]])).toEqual([[0, 0], [0, 1]]);
  });
  test("std of constants has gradient 0", () => expect(gradientOf((x) => std(x), [2, 2, 2])).toEqual([0, 0, 0]));
});

describe("pow and prod", () => {
  test("0^0 = 1", () => {
    expect(pow(tensor([0]), tensor([0])).toArray()).toEqual([1]);
    expect(pow(tensor([0]), 0).toArray()).toEqual([1]);
  });
  test("d/db 0^b = 0 for b > 0", () => expect(gradientsOf(pow, [0, 0], [2, 0.5])[1]).toEqual([0, 0]));
  test("d/da a^0 = 0, at 0 too", () => {
    expect(gradientsOf(pow, [0, 3], [0, 0])[0]).toEqual([0, 0]);
    expect(gradientOf((x) => pow(x, 0), [0, 3])).toEqual([0, 0]);
  });
  test("prod with zeros has the exact gradient", () => {
    expect(gradientOf((x) => prod(x), [2, 3, 4])).toEqual([12, 8, 6]);
    expect(gradientOf((x) => prod(x), [2, 0, 4])).toEqual([0, 8, 0]);
    expect(gradientOf((x) => prod(x), [0, 0, 4])).toEqual([0, 0, 0]);
    expect(gradientOf((x) => prod(x, { dim: 1 }), [[0, 5], [2, 3]])).toEqual([[5, 0], [3, 2]]);
  });
});

describe("where", () => {
  test("the branch not taken leaks a NaN only if it computed one from the same input", () => {
    expect(gradientOf((x) => where(gt(x, 0), sqrt(x), 0), [0, 4])).toEqual([NaN, 0.25]);
  });
  test("making the input safe first is the remedy", () => {
    expect(gradientOf((x) => where(gt(x, 0), sqrt(where(gt(x, 0), x, 1)), 0), [0, 4])).toEqual([0, 0.25]);
  });
  test("an infinite value in the branch not taken does no harm", () => {
    expect(gradientsOf((a, b) => where(tensor([true, false]), a, b), [1, Infinity], [NaN, 2])).toEqual([[1, 0], [0, 1]]);
  });
});

describe("logsumexp and softmax", () => {
  test.each(["float32", "float64"] as const)("%s logits of +-1e4 stay finite", (dtype) => {
    const x = tensor([1e4, -1e4, 1e4], { dtype });
    expect(softmax(x, 0).toArray()).toEqual([0.5, 0, 0.5]);
    expect(logSoftmax(x, 0).select(0, 1).item()).toBeCloseTo(-2e4 - Math.LN2, 1);
    expect(logsumexp(x).item()).toBeCloseTo(1e4 + Math.LN2, 2);
  });
  test("logsumexp of all -inf is -inf, with gradient 0", () => {
    expect(logsumexp(tensor([-Infinity, -Infinity])).item()).toBe(-Infinity);
    expect(gradientOf((x) => logsumexp(x), [-Infinity, -Infinity])).toEqual([0, 0]);
    expect(gradientOf((x) => logsumexp(x), [-Infinity, 0])).toEqual([0, 1]);
  });
  test("softmax of an all -inf row is NaN; other rows are untouched", () => {
    expect(softmax(tensor([[-Infinity, -Infinity], [0, 0]]), 1).toArray()).toEqual([[NaN, NaN], [0.5, 0.5]]);
  });
});

describe("max pooling", () => {
  const image = (rows: number[][]): Tensor => tensor([[rows]]);
  test("the first of equal elements wins", () => expect(gradientOf((x) => maxPool2d(x, 2), [[[[5, 5], [5, 5]]]])).toEqual([[[[1, 0], [0, 0]]]]));
  test("NaN propagates", () => expect(maxPool2d(image([[1, NaN], [3, 2]]), 2).toArray()).toEqual([[[[NaN]]]]));
  test("padding counts as -inf", () => expect(maxPool2d(image([[-5]]), 2, { padding: 1, stride: 1 }).toArray()).toEqual([[[[-5, -5], [-5, -5]]]]));
  test("-inf may win where there is nothing else", () => expect(maxPool2d(image([[-Infinity, -Infinity]]), [1, 2]).toArray()).toEqual([[[[-Infinity]]]]));
});

describe("average pooling", () => {
  const x = tensor([[[[4, 8], [12, 16]]]]);
  test("explicit padding is counted unless told otherwise", () => {
    expect(avgPool2d(x, 2, { padding: 1 }).toArray()).toEqual([[[[1, 2], [3, 4]]]]);
    expect(avgPool2d(x, 2, { padding: 1, countIncludePad: false }).toArray()).toEqual([[[[4, 8], [12, 16]]]]);
  });
  test("the overhang of ceilMode is not", () => expect(avgPool2d(tensor([[[[2, 4, 6]]]]), [1, 2], { ceilMode: true }).toArray()).toEqual([[[[3, 6]]]]));
  test("divisorOverride wins", () => expect(avgPool2d(x, 2, { divisorOverride: 10 }).toArray()).toEqual([[[[4]]]]));
  test("no window lies fully outside", () => {
    expect(avgPool2d(ones([1, 1, 3, 3]), 2, { ceilMode: true, padding: 1 }).shape).toEqual([1, 1, 2, 2]);
    expect(maxPool2d(ones([1, 1, 2, 2]), 1, { stride: 2, ceilMode: true }).shape).toEqual([1, 1, 1, 1]);
  });
});

test("convolution rounds its output size down; pooling too unless ceilMode", () => {
  expect(conv2d(ones([1, 1, 6, 6]), ones([1, 1, 3, 3]), null, { stride: 2 }).shape).toEqual([1, 1, 2, 2]);
  expect(maxPool2d(ones([1, 1, 6, 6]), 3, { stride: 2 }).shape).toEqual([1, 1, 2, 2]);
  expect(maxPool2d(ones([1, 1, 6, 6]), 3, { stride: 2, ceilMode: true }).shape).toEqual([1, 1, 3, 3]);
});

describe("batch norm", () => {
  const x = tensor([[1], [3]], { dtype: "float64" });
  test("normalises with the biased variance, keeps the unbiased one, and moves by the momentum", () => {
    const [runningMean, runningVar] = [tensor([10], { dtype: "float64" }), tensor([1], { dtype: "float64" })];
    expect(batchNorm(x, { training: true, eps: 0, runningMean, runningVar }).toArray()).toEqual([[-1], [1]]);
    expect(runningMean.item()).toBeCloseTo(0.9 * 10 + 0.1 * 2, 12);
    expect(runningVar.item()).toBeCloseTo(0.9 * 1 + 0.1 * 2, 12);
  });
  test("evaluation uses the running statistics, and leaves them", () => {
    const [runningMean, runningVar] = [tensor([2], { dtype: "float64" }), tensor([4], { dtype: "float64" })];
    expect(batchNorm(x, { eps: 0, runningMean, runningVar }).toArray()).toEqual([[-0.5], [0.5]]);
    expect([runningMean.item(), runningVar.item()]).toEqual([2, 4]);
  });
  test.each(["float32", "float64"] as const)("running statistics of another dtype or with strides are updated too: %s", (dtype) => {
    const statistics = zeros([3, 2], { dtype }).add(1);
    const column = statistics.select(1, 0);
    batchNorm(tensor([[1, 2, 3], [3, 4, 5]], { dtype: "float64" }), { training: true, runningMean: column });
    const kept = (mean: number): number => 0.9 + 0.1 * mean;
    const expected = [[kept(2), 1], [kept(3), 1], [kept(4), 1]];
    (statistics.toArray() as number[][]).forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]?.[j] as number, 6)));
  });
});

describe("variance and sums", () => {
  test("a large mean does not cancel the variance", () => {
    const x = tensor([1e6, 1e6 + 1, 1e6 + 2]);
    expect(variance(x).item()).toBe(1);
    const far = tensor([1e8, 1e8 + 1, 1e8 + 2], { dtype: "float64" });
    expect(variance(far, { correction: 0 }).item()).toBeCloseTo(2 / 3, 12);
  });
  test("a float32 sum of a million tenths is good to five parts in ten million", () => {
    const total = sum(full([1_000_000], 0.1)).item();
    expect(Math.abs(total / (1_000_000 * Math.fround(0.1)) - 1)).toBeLessThan(5e-7);
  });
});

describe("dropout", () => {
  test("p = 0 and evaluation are the identity", () => {
    const x = ones([3]);
    expect(dropout(x, { p: 0 })).toBe(x);
    expect(dropout(x, { p: 0.9, training: false })).toBe(x);
  });
  test("p is the probability to drop, and what is kept is scaled by 1 / (1 - p)", () => {
    const y = dropout(ones([100_000]), { p: 0.8, generator: new Generator(1) }).toTypedArray();
    const kept = y.filter((value) => value !== 0);
    expect([...new Set(kept)]).toEqual([Math.fround(Math.fround(1 / (1 - 0.8)))]);
    expect(Math.abs(kept.length / y.length - 0.2)).toBeLessThan(0.005);
  });
  test("p = 1 drops all, with gradient 0", () => expect(gradientOf((x) => dropout(x, { p: 1 }), [1, 2])).toEqual([0, 0]));
  test("the gradient goes through the same mask", () => {
    const x = ones([50], { dtype: "float64", requiresGrad: true });
    const y = dropout(x, { p: 0.5, generator: new Generator(3) });
    expect(equal(grad([sum(y)], [x])[0], y.detach())).toBe(true);
  });
});

describe("cross-entropy", () => {
  const logits = tensor([[0, Math.log(3)], [0, 0], [5, 1]], { dtype: "float64" });
  const targets = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });
  test("the mean is over the weights of the kept targets", () => {
    const weight = tensor([1, 3], { dtype: "float64" });
    const expected = (3 * -Math.log(0.75) + 1 * Math.LN2) / 4;
    expect(crossEntropy(logits, targets(1, 0, -100), { weight }).item()).toBeCloseTo(expected, 12);
    expect(nllLoss(logSoftmax(logits, 1), targets(1, 0, -100), { weight }).item()).toBeCloseTo(expected, 12);
  });
  test("every target ignored gives NaN", () => {
    expect(crossEntropy(logits, targets(7, 7, 7), { ignoreIndex: 7 }).item()).toBeNaN();
    expect(crossEntropy(logits, targets(7, 7, 7), { ignoreIndex: 7, reduction: "sum" }).item()).toBe(0);
  });
  test("label smoothing skips ignored targets", () => {
    const one = crossEntropy(logits.narrow(0, 0, 1), targets(1), { labelSmoothing: 0.2 }).item();
    expect(crossEntropy(logits, targets(1, 1, 1).mul(tensor([1, 0, 0], { dtype: "int32" })).sub(tensor([0, 9, 9], { dtype: "int32" })), { labelSmoothing: 0.2, ignoreIndex: -9 }).item()).toBeCloseTo(one, 12);
  });
  test("logits of +-1e4 stay finite", () => {
    expect(crossEntropy(tensor([[1e4, -1e4]]), targets(1)).item()).toBeCloseTo(2e4, 0);
    const x = tensor([[1e4, -1e4]], { requiresGrad: true });
    expect(grad([crossEntropy(x, targets(1))], [x])[0].toArray()).toEqual([[1, -1]]);
  });
});

describe("broadcasting and empty tensors", () => {
  test("size 0 broadcasts with 1 to 0, and the gradient is summed over it", () => {
    expect(gradientsOf(add, [[1], [2]], zeros([1, 0]).toArray())).toEqual([[[0], [0]], [[]]]);
    const [a, b] = [ones([3, 1], { requiresGrad: true }), ones([0], { requiresGrad: true })];
    const found = grad([sum(mul(a, b))], [a, b]);
    expect(found.map((gradient) => gradient.toArray())).toEqual([[[0], [0], [0]], []]);
  });
  test("sum 0, prod 1, mean NaN", () => {
    expect([sum(zeros([0])).item(), prod(zeros([0])).item(), mean(zeros([0])).item()]).toEqual([0, 1, NaN]);
    expect(sum(zeros([2, 0]), { dim: 1 }).toArray()).toEqual([0, 0]);
  });
  test("products over an empty dimension are zeros, with empty gradients", () => {
    const [a, b] = [zeros([2, 0], { requiresGrad: true }), zeros([0, 3], { requiresGrad: true })];
    const y = matmul(a, b);
    expect(y.toArray()).toEqual([[0, 0, 0], [0, 0, 0]]);
    expect(grad([sum(y)], [a, b]).map((gradient) => gradient.shape)).toEqual([[2, 0], [0, 3]]);
  });
});

describe("integers", () => {
  test("int32 wraps as PyTorch's casts do", () => {
    expect(to(tensor([255.9, 256, -1, 70000]), "uint8").toArray()).toEqual([255, 0, 255, 112]);
    expect(add(tensor([2147483647], { dtype: "int32" }), 1).toArray()).toEqual([-2147483648]);
  });
  test("integer results carry no gradient", () => {
    expect(argmax(ones([2], { requiresGrad: true })).requiresGrad).toBe(false);
    expect(to(ones([2], { requiresGrad: true }), "int32").requiresGrad).toBe(false);
    expect(floorDivide(ones([2], { requiresGrad: true }), 2).requiresGrad).toBe(false);
  });
  test("float division by zero is none", () => expect(div(tensor([1, -1, 0]), 0).toArray()).toEqual([Infinity, -Infinity, NaN]));
});

describe("negative zero and NaN", () => {
  test("are preserved", () => {
    expect(Object.is(neg(tensor(0)).item(), -0)).toBe(true);
    expect(Object.is(tensor([-0]).reshape([1, 1]).clone().item(), -0)).toBe(true);
    expect(Object.is(mul(tensor(-1), 0).item(), -0)).toBe(true);
    expect(Object.is(relu(tensor(-0)).item(), -0)).toBe(true);
    for (const f of [relu, abs, sqrt, neg]) expect(f(tensor(NaN)).item()).toBeNaN();
    expect(clamp(tensor(NaN), { min: 0, max: 1 }).item()).toBeNaN();
    expect(maximum(tensor(NaN), 1).item()).toBeNaN();
    expect(amax(tensor([1, NaN, 2])).item()).toBeNaN();
    expect(argmax(tensor([1, NaN, NaN])).item()).toBe(1);
  });
  test("NaN equals nothing, infinity neither", () => {
    expect(tensor([NaN]).eq(NaN).toArray()).toEqual([false]);
    expect(tensor([NaN]).eq(Infinity).toArray()).toEqual([false]);
    expect(equal(tensor([NaN]), tensor([NaN]))).toBe(true);
    expect(equal(tensor([0]), tensor([-0]))).toBe(false);
  });
});

describe("seeds", () => {
  const draws: Readonly<Record<string, (generator: Generator) => Tensor>> = {
    rand: (generator) => rand([1001], { generator }),
    "rand float64": (generator) => rand([1001], { dtype: "float64", generator }),
    randn: (generator) => randn([1001], { generator }),
    randint: (generator) => randint(-5, 5, [1001], { generator }),
    randperm: (generator) => randperm(101, { generator }),
    dropout: (generator) => dropout(ones([1001]), { generator }),
  };
  test.each(Object.keys(draws))("%s: one seed gives one stream, another another, and it moves on", (name) => {
    const draw = draws[name] as (generator: Generator) => Tensor;
    const generator = new Generator("seed");
    const first = draw(generator);
    const state = generator.getState();
    const second = draw(generator);
    expect(equal(first, draw(new Generator("seed")))).toBe(true);
    expect(equal(first, draw(new Generator("other")))).toBe(false);
    expect(equal(first, second)).toBe(false);
    generator.setState(state);
    expect(equal(second, draw(generator))).toBe(true);
  });
  test("uniform and normal numbers have their moments, and integers their range", () => {
    const generator = new Generator(2);
    const [u, n] = [rand([100_000], { dtype: "float64", generator }), randn([100_000], { dtype: "float64", generator })];
    expect(mean(u).item()).toBeCloseTo(0.5, 2);
    expect(variance(u).item()).toBeCloseTo(1 / 12, 2);
    expect(mean(n).item()).toBeCloseTo(0, 1);
    expect(std(n).item()).toBeCloseTo(1, 1);
    expect([...new Set(randint(2, 5, [1000], { generator }).toTypedArray())].sort()).toEqual([2, 3, 4]);
    expect([...randperm(50, { generator }).toTypedArray()].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});

test("a whole tensor may be changed in place outside the tape, by every function", () => {
  const x = tensor([1, -2, 3], { requiresGrad: true });
  noGrad(() => {
    x.add_(1).mul_(2).sub_(tensor([1, 1, 1])).div_(3).relu_().clamp_({ max: 2 });
  });
  expect(x.toArray()).toEqual([1, 0, 2]);
  expect(noGrad(() => x.fill_(4)).toArray()).toEqual([4, 4, 4]);
  expect(noGrad(() => x.copy_(tensor([1]))).toArray()).toEqual([1, 1, 1]);
  expect(noGrad(() => x.zero_()).toArray()).toEqual([0, 0, 0]);
  expect(x.isLeaf && x.requiresGrad).toBe(true);
  expect(sub(x, 0).requiresGrad).toBe(true);
});

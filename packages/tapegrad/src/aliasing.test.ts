import { describe, expect, test } from "vitest";
import * as tapegrad from "tapegrad";
import { grad, nn, noGrad, ones, tensor, Tensor, zeros } from "tapegrad";

const matrix = (values: readonly number[][] = [[1, -2], [3, 4]]): Tensor => tensor(values, { dtype: "float64" });
const classes = tensor([0, 1], { dtype: "int32" });
const image = (): Tensor => matrix([[1, 2], [3, 4]]).reshape([1, 1, 2, 2]);

/** An operand of a function, and calls of it, those among them that change nothing. */
type Calls = readonly [operand: () => Tensor, ...calls: ((x: Tensor) => Tensor)[]];

const unary = [
  "abs", "amax", "amin", "argmax", "argmin", "ceil", "clone", "cos", "erf", "exp", "expm1", "floor", "isfinite", "isinf", "isnan", "leakyRelu", "log", "log10", "log1p",
  "log2", "logicalNot", "logsumexp", "max", "mean", "min", "neg", "norm", "prod", "reciprocal", "relu", "round", "rsqrt", "sigmoid", "sign", "sin", "softplus", "sqrt", "square", "std", "sum", "tan", "tanh", "trunc", "variance",
] as const;
const binary = [
  "add", "div", "eq", "ge", "gt", "le", "logicalAnd", "logicalOr", "logicalXor", "lt", "maximum", "minimum", "mul", "ne", "pow", "remainder", "sub", "floorDivide",
] as const;

const own: Readonly<Record<string, Calls>> = {
  ...Object.fromEntries(unary.map((name): [string, Calls] => [name, [matrix, (x) => tapegrad[name](x)]])),
  ...Object.fromEntries(binary.map((name): [string, Calls] => [name, [matrix, (x) => tapegrad[name](x, 1), (x) => tapegrad[name](x, 0.5)]])),
  avgPool2d: [image, (x) => tapegrad.avgPool2d(x, 1)],
  batchNorm: [matrix, (x) => tapegrad.batchNorm(x, { training: true }), (x) => tapegrad.batchNorm(x, { runningMean: zeros([2]), runningVar: ones([2]), eps: 0 })],
  cat: [matrix, (x) => tapegrad.cat([x]), (x) => tapegrad.cat([x], 1), (x) => tapegrad.cat([x, zeros([0, 2], { dtype: "float64" })])],
  clamp: [matrix, (x) => tapegrad.clamp(x, {}), (x) => tapegrad.clamp(x, { min: -9 })],
  conv2d: [image, (x) => tapegrad.conv2d(x, ones([1, 1, 1, 1], { dtype: "float64" }))],
  crossEntropy: [matrix, (x) => tapegrad.crossEntropy(x, classes), (x) => tapegrad.crossEntropy(x, classes, { reduction: "none" })],
  expand: [matrix, (x) => tapegrad.expand(x, [2, 2]), (x) => tapegrad.expand(x, [-1, -1]), (x) => tapegrad.expand(x, [3, 2, 2])],
  expandAs: [matrix, (x) => tapegrad.expandAs(x, zeros([2, 2]))],
  gather: [matrix, (x) => tapegrad.gather(x, 0, tensor([[0, 0], [1, 1]], { dtype: "int32" }))],
  indexSelect: [matrix, (x) => tapegrad.indexSelect(x, 0, classes)],
  linear: [matrix, (x) => tapegrad.linear(x, ones([2, 2], { dtype: "float64" }))],
  logSoftmax: [matrix, (x) => tapegrad.logSoftmax(x, 0)],
  matmul: [matrix, (x) => tapegrad.matmul(x, ones([2, 2], { dtype: "float64" }))],
  bmm: [() => matrix().unsqueeze(0), (x) => tapegrad.bmm(x, ones([1, 2, 2], "float64"))],
  dot: [() => tensor([1, 2], "float64"), (x) => tapegrad.dot(x, ones([2], "float64"))],
  mm: [matrix, (x) => tapegrad.mm(x, ones([2, 2], "float64"))],
  mv: [matrix, (x) => tapegrad.mv(x, ones([2], "float64"))],
  rdiv: [matrix, (x) => tapegrad.rdiv(x, 1), (x) => tapegrad.rdiv(1, x)],
  rsub: [matrix, (x) => tapegrad.rsub(x, 0), (x) => tapegrad.rsub(0, x)],
  max: [matrix, (x) => tapegrad.max(x), (x) => tapegrad.max(x, 0).values, (x) => tapegrad.max(x.sum(), 0).values],
  maxPool2d: [image, (x) => tapegrad.maxPool2d(x, 1)],
  mseLoss: [matrix, (x) => tapegrad.mseLoss(x, zeros([2, 2])), (x) => tapegrad.mseLoss(x, zeros([2, 2]), { reduction: "none" })],
  narrow: [matrix, (x) => tapegrad.narrow(x, 0, 0, 2), (x) => tapegrad.narrow(x, 1, 1, 1)],
  nllLoss: [matrix, (x) => tapegrad.nllLoss(x, classes), (x) => tapegrad.nllLoss(x, classes, { reduction: "none" })],
  permute: [matrix, (x) => tapegrad.permute(x, [0, 1]), (x) => tapegrad.permute(x, [1, 0])],
  reshape: [matrix, (x) => tapegrad.reshape(x, [2, 2]), (x) => tapegrad.reshape(x, [-1, 2]), (x) => tapegrad.reshape(x, [4])],
  select: [() => matrix([[1, 2]]), (x) => tapegrad.select(x, 0, 0)],
  slice: [matrix, (x) => tapegrad.slice(x, 0), (x) => tapegrad.slice(x, 1, 0, 1)],
  softmax: [matrix, (x) => tapegrad.softmax(x, 0)],
  squeeze: [matrix, (x) => tapegrad.squeeze(x), (x) => tapegrad.squeeze(x, 0), (x) => tapegrad.squeeze(x, [])],
  stack: [matrix, (x) => tapegrad.stack([x]), (x) => tapegrad.stack([x, x], 1)],
  t: [() => tensor([1, 2], { dtype: "float64" }), (x) => tapegrad.t(x)],
  transpose: [matrix, (x) => tapegrad.transpose(x, 0, 0), (x) => tapegrad.transpose(x, -1, 1), (x) => tapegrad.transpose(x, 0, 1)],
  unsqueeze: [matrix, (x) => tapegrad.unsqueeze(x, 0)],
  view: [matrix, (x) => tapegrad.view(x, [2, 2]), (x) => tapegrad.view(x, [4])],
  where: [matrix, (x) => tapegrad.where(tensor([true]), x, 0), (x) => tapegrad.where(tensor([false]), 0, x)],
  // What tensors alone have.
  detach: [matrix, (x) => x.detach()],
  mT: [matrix, (x) => x.mT],
  T: [() => tensor([1, 2], { dtype: "float64" }), (x) => x.T],
  // Layers and losses that are functions, too.
  layerNorm: [matrix, (x) => nn.functional.layerNorm(x, [2])],
};

/** Those whose result is the input where nothing changes, as in PyTorch. */
const mayReturnInput: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  contiguous: (x) => tapegrad.contiguous(x),
  dropout: (x) => tapegrad.dropout(x, { training: false }),
  flatten: (x) => tapegrad.flatten(x, 1),
  keep: (x) => tapegrad.keep(x),
  to: (x) => tapegrad.to(x, "float64"),
};

/** What makes no tensor out of a tensor. */
const others = new Set([
  "allclose", "arange", "collectGarbage", "defaultGenerator", "empty", "enableGrad", "equal", "eye", "full", "fullLike", "getNumThreads", "grad", "gradcheck",
  "inferenceMode", "isGradEnabled", "kernelInfo", "linspace", "loadCheckpoint", "manualSeed", "memoryStats", "noGrad", "onMeta", "ones", "onesLike", "openScope", "rand", "randLike",
  "randint", "randn", "randnLike", "randperm", "resetPeakMemory", "saveCheckpoint", "scope", "setBlasEnabled", "setGradEnabled", "setHeapBudget", "setMemoryDebug",
  "setNumThreads", "tensor", "withAddress", "zeros", "zerosLike",
  // Of data: these give what they are given where there is nothing to do.
  "collate", "compose", "normalize", "randomCrop", "randomHorizontalFlip", "randomSplit",
]);

const isFunction = (name: string): boolean => /^[a-z]/.test(name) && typeof (tapegrad as Readonly<Record<string, unknown>>)[name] === "function";

describe("the list above", () => {
  test("has every function of the package, of nn.functional, and every method", () => {
    const known = new Set([...Object.keys(own), ...Object.keys(mayReturnInput), ...others]);
    const strangers = Object.keys(tapegrad).filter((name) => isFunction(name) && !known.has(name));
    expect(strangers).toEqual([]);
    expect(Object.keys(nn.functional).filter((name) => !known.has(name))).toEqual([]);
    const notOps = ["constructor", "adopt", "backward", "currentNode", "data", "dim", "dims", "dropGrad", "isContiguous", "item", "numel", "ownGrad", "peekGrad", "registerHook", "requiresGrad_", "retainGrad", "size", "toArray", "toJSON", "toString", "toTypedArray", "var"];
    const methods = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => {
      const { value } = Object.getOwnPropertyDescriptor(Tensor.prototype, name) ?? {};
      return typeof value === "function" && !(/[^_]_$/.test(name) && name !== "requiresGrad_");
    });
    expect(methods.filter((name) => !known.has(name) && !notOps.includes(name))).toEqual([]);
  });
});

describe.each(Object.keys(own))("%s", (name) => {
  const [operand, ...calls] = own[name] as Calls;
  test("returns a tensor of its own, recorded or not", () => {
    for (const call of calls) {
      const constant = operand();
      expect(call(constant)).not.toBe(constant);
      const leaf = operand().requiresGrad_();
      const out = call(leaf);
      expect(out).not.toBe(leaf);
      expect(leaf.isLeaf).toBe(true);
      const again = call(leaf);
      expect(again).not.toBe(out);
      const middle = operand().requiresGrad_().mul(1);
      const { node } = middle;
      expect(call(middle)).not.toBe(middle);
      expect(middle.node).toBe(node);
    }
  });
  test("gives a constant inside noGrad", () => {
    for (const call of calls) {
      const middle = operand().requiresGrad_().mul(1);
      const out = noGrad(() => call(middle));
      expect(out).not.toBe(middle);
      expect(out.requiresGrad).toBe(false);
      expect(middle.requiresGrad).toBe(true);
    }
  });
});

test.each(Object.keys(mayReturnInput))("%s returns its input where nothing changes", (name) => {
  const x = matrix();
  expect((mayReturnInput[name] as (x: Tensor) => Tensor)(x)).toBe(x);
});

describe("what follows from it", () => {
  const same: Readonly<Record<string, (h: Tensor) => Tensor>> = {
    reshape: (h) => h.reshape([2]), expand: (h) => h.expand([2]), expandAs: (h) => h.expandAs(h), squeeze: (h) => h.squeeze(), transpose: (h) => h.transpose(0, 0),
    t: (h) => h.t(), permute: (h) => h.permute([0]), narrow: (h) => h.narrow(0, 0, 2), slice: (h) => h.slice(0), view: (h) => h.view([2]), cat: (h) => tapegrad.cat([h]),
  };
  test.each(Object.keys(same))("%s inside noGrad is a constant factor", (name) => {
    const x = tensor([1, 2], { requiresGrad: true });
    const h = x.mul(3);
    const z = noGrad(() => (same[name] as (h: Tensor) => Tensor)(h));
    z.mul(h).sum().backward();
    expect(x.grad?.toArray()).toEqual([9, 18]);
  });
  test.each(Object.keys(same))("%s: gradients and hooks of the result are not the input's", (name) => {
    const x = tensor([1, 2], { requiresGrad: true });
    const h = x.mul(3);
    const z = (same[name] as (h: Tensor) => Tensor)(h);
    let seen: unknown = null;
    z.registerHook((gradient) => {
      seen = gradient.toArray();
    });
    const [dz, dh] = grad([z.mul(2).add(h).sum()], [z, h]);
    expect([dz?.toArray(), dh?.toArray(), seen]).toEqual([[2, 2], [3, 3], [2, 2]]);
  });
  test("a copy of one part is a copy", () => {
    const x = tensor([1, 2]);
    tapegrad.cat([x]).mul_(10);
    tapegrad.stack([x]).mul_(10);
    expect(x.toArray()).toEqual([1, 2]);
  });
});

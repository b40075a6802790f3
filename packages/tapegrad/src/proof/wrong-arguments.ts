import { ones, tensor, type Tensor } from "tapegrad";

/** What an argument may be; `?` at the end where it may be left out. */
export type Kind =
  | "tensor" | "tensor?" | "operand" | "operand?" | "tensors" | "anyTensors" | "number" | "integer" | "integer?" | "shape" | "dims" | "dims?" | "boolean?" | "dtype" | "pair"
  | "dimsOrOptions?" | "dimOrOptions?" | "keepdimOrOptions?" | "limitOrOptions" | "limit" | "alpha?" | "rank?" | "number?" | "integers" | "optionsOrDType?" | "options?" | "data" | "count" | "function" | "boolean" | "numbers";

/** A right call: for each argument what it is called in errors, what it may be, and a value that is right. */
export type Call = readonly (readonly [name: string, kind: Kind, value: unknown])[];

const matrix = (): Tensor => tensor([[1, 2], [3, 4]]);
const labels = (): Tensor => tensor([0, 1], { dtype: "int32" });
const x = ["x", "tensor", matrix()] as const;
const options = ["option", "options?", {}] as const;
const unary: Call = [x];
const binary: Call = [["a", "operand", matrix()], ["b", "operand", matrix()]];
const reversed: Call = [["b", "operand", matrix()], ["a", "operand", matrix()]];
const scaled: Call = [["(x|a)", "operand", matrix()], ["(other|b)", "operand", matrix()], ["(alpha|option)", "alpha?", { alpha: 2 }]];
const product = (a: Tensor, b: Tensor): Call => [["a", "tensor", a], ["b", "tensor", b]];
/** Errors speak of the dimension or of the options, whichever of the two the value is more like. */
const reduction: Call = [x, ["(dim|option)", "dimsOrOptions?", 0], options];
const arg: Call = [x, ["(dim|option)", "dimOrOptions?", 0], options];
const extremum: Call = [x, ["dim", "integer?", 0], ["(keepdim|option)", "keepdimOrOptions?", false]];
const clamp: Call = [x, ["(min|option)", "limitOrOptions", { min: 0 }]];
const clampBetween: Call = [x, ["min", "limit", 0], ["max", "number?", 1]];

/** A word in the place of options is taken for a dtype. */
const creationOptions = ["(dtype|option)", "optionsOrDType?", "float32"] as const;

let y: Tensor;

/** Every function that the umbrella exports. Those that are methods, too, are tested as both. */
export const calls: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(["abs", "ceil", "clone", "contiguous", "cos", "erf", "exp", "expm1", "floor", "isfinite", "isinf", "isnan", "log", "log10", "log1p", "log2", "logicalNot", "neg", "reciprocal", "relu", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "square", "t", "tan", "tanh", "trunc"].map((name) => [name, unary])),
  ...Object.fromEntries(["add", "sub", "mul", "div", "floorDivide", "remainder", "eq", "ne", "lt", "le", "gt", "ge", "logicalAnd", "logicalOr", "logicalXor", "maximum", "minimum"].map((name) => [name, binary])),
  ...Object.fromEntries(["sum", "mean", "prod", "amax", "amin", "logsumexp", "norm", "std", "variance"].map((name) => [name, reduction])),
  ...Object.fromEntries(["argmax", "argmin"].map((name) => [name, arg])),
  ...Object.fromEntries(["max", "min"].map((name) => [name, extremum])),
  ...Object.fromEntries(["softmax", "logSoftmax"].map((name) => [name, [x, ["dim", "integer", 0]] satisfies Call])),
  ...Object.fromEntries(["leakyRelu", "softplus", "dropout", "batchNorm"].map((name) => [name, [x, options] satisfies Call])),
  ...Object.fromEntries(["view", "reshape"].map((name) => [name, [x, ["shape", "shape", [4]]] satisfies Call])),
  ...Object.fromEntries(["fullLike"].map((name) => [name, [x, ["value", "number", 1], creationOptions] satisfies Call])),
  ...Object.fromEntries(["zerosLike", "onesLike", "randLike", "randnLike"].map((name) => [name, [x, creationOptions] satisfies Call])),
  ...Object.fromEntries(["zeros", "ones", "empty", "rand", "randn"].map((name) => [name, [["shape", "shape", [2]], creationOptions] satisfies Call])),
  ...Object.fromEntries(["cat", "stack"].map((name) => [name, [["tensors", "tensors", [matrix(), matrix()]], ["dim", "integer?", 0]] satisfies Call])),
  ...Object.fromEntries(["crossEntropy", "nllLoss"].map((name) => [name, [[name === "crossEntropy" ? "logits" : "logp", "tensor", matrix()], ["targets", "integers", labels()], options] satisfies Call])),
  ...Object.fromEntries(["maxPool2d", "avgPool2d"].map((name) => [name, [["x", "tensor", ones([1, 1, 4, 4])], ["kernelSize", "pair", 2], options] satisfies Call])),
  rsub: reversed,
  rdiv: reversed,
  mm: product(matrix(), matrix()),
  bmm: product(ones([1, 2, 2]), ones([1, 2, 2])),
  mv: product(matrix(), ones([2])),
  dot: product(ones([2]), ones([2])),
  pow: [["base", "operand", matrix()], ["exponent", "operand", 2]],
  clamp,
  conv2d: [["x", "tensor", ones([1, 1, 3, 3])], ["weight", "tensor", ones([1, 1, 2, 2])], ["bias", "tensor?", ones([1])], options],
  linear: [x, ["weight", "tensor", matrix()], ["bias", "tensor?", ones([2])]],
  matmul: [["a", "tensor", matrix()], ["b", "tensor", matrix()]],
  mseLoss: [["input", "tensor", matrix()], ["target", "tensor", matrix()], options],
  expand: [x, ["shape", "shape", [3, 2, 2]]],
  expandAs: [x, ["other", "tensor", matrix()]],
  flatten: [x, ["start", "integer?", 0], ["end", "integer?", 1]],
  gather: [x, ["dim", "integer", 0], ["indices", "integers", tensor([[0, 1]], { dtype: "int32" })]],
  indexSelect: [x, ["dim", "integer", 0], ["indices", "integers", labels()]],
  narrow: [x, ["dim", "integer", 0], ["start", "integer", 0], ["length", "integer", 1]],
  select: [x, ["dim", "integer", 0], ["index", "integer", 0]],
  slice: [x, ["dim", "integer", 0], ["start", "integer?", 0], ["end", "integer?", 1], ["step", "integer?", 1]],
  permute: [x, ["dim", "dims", [1, 0]]],
  transpose: [x, ["dim0", "integer", 0], ["dim1", "integer", 1]],
  squeeze: [x, ["dim", "dims?", 0]],
  unsqueeze: [x, ["dim", "integer", 0]],
  to: [x, ["dtype", "dtype", "float64"]],
  where: [["condition", "tensor", matrix().gt(2)], ["a", "operand", matrix()], ["b", "operand", matrix()]],
  allclose: [["a", "tensor", matrix()], ["b", "tensor", matrix()], options],
  equal: [["a", "tensor", matrix()], ["b", "tensor", matrix()]],
  arange: [["end", "number", 3]],
  linspace: [["start", "number", 0], ["end", "number", 1], ["count", "count", 3], creationOptions],
  eye: [["rows", "count", 2], ["columns", "integer?", 2], creationOptions],
  full: [["shape", "shape", [2]], ["value", "number", 1], creationOptions],
  randint: [["low", "integer", 0], ["high", "integer", 3], ["shape", "shape", [2]], ["(dtype|option)", "optionsOrDType?", "int32"]],
  randperm: [["n", "count", 3], options],
  tensor: [["data", "data", [1, 2]], creationOptions],
  keep: [x],
  // What is not about single tensors.
  scope: [["run", "function", () => 1]],
  noGrad: [["run", "function", () => 1]],
  enableGrad: [["run", "function", () => 1]],
  inferenceMode: [["run", "function", () => 1]],
  onMeta: [["run", "function", () => 1]],
  setGradEnabled: [["on", "boolean", true]],
  grad: [["output", "anyTensors", [(y = matrix().requiresGrad_()).sum()]], ["input", "anyTensors", [y]], options],
  gradcheck: [["run", "function", (v: Tensor) => v.mul(v)], ["input", "anyTensors", [tensor(1.5, { dtype: "float64", requiresGrad: true })]], options],
  normalize: [["mean", "numbers", [0.5]], ["std", "numbers", [0.5]]],
  setNumThreads: [["count", "count", 1]],
};

/** Functions that take nothing. */
export const withoutArguments = ["collectGarbage", "getNumThreads", "isGradEnabled", "kernelInfo", "memoryStats", "openScope", "resetPeakMemory"];

/** Functions with checks and tests of their own: of settings, data sets and images. */
export const testedElsewhere = ["collate", "compose", "loadCheckpoint", "manualSeed", "randomCrop", "randomHorizontalFlip", "randomSplit", "saveCheckpoint", "setBlasEnabled", "setHeapBudget", "setMemoryDebug", "withAddress"];

/** Methods that are not functions of the umbrella. */
export const methodCalls: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(["add_", "sub_", "mul_", "div_"].map((name) => [name, [x, ["other", "operand", 2]] satisfies Call])),
  copy_: [x, ["source", "tensor", matrix()]],
  dims: [x, ["rank", "count", 2]],
  toArray: [x, ["rank", "rank?", 2]],
  fill_: [x, ["value", "number", 1]],
  clamp_: clamp,
  backward: [["output", "tensor", matrix().requiresGrad_().sum()], ["gradient", "tensor?", ones([])], options],
  registerHook: [["x", "tensor", matrix().requiresGrad_()], ["hook", "function", () => undefined]],
};

const withDim: Call = [x, ["(dim|option)", "dimsOrOptions?", { dim: 0, keepdim: true }]];

/** Right calls of another form, by the same names. */
export const otherForms: readonly (readonly [name: string, call: Call])[] = [
  ...["sum", "mean", "prod", "amax", "amin", "logsumexp", "norm", "std", "variance"].map((name) => [name, withDim] as const),
  ...["argmax", "argmin"].map((name) => [name, [x, ["(dim|option)", "dimOrOptions?", { dim: 0 }]]] as const),
  ...["max", "min"].map((name) => [name, [x, ["dim", "integer?", 0], ["(keepdim|option)", "keepdimOrOptions?", { keepdim: true }]]] as const),
  ...["crossEntropy", "nllLoss"].map((name) => [name, [["(logits|logp)", "tensor", matrix()], ["targets", "integers", [0, 1]]]] as const),
  ["gather", [x, ["dim", "integer", 0], ["indices", "integers", [[0, 1]]]]],
  ["indexSelect", [x, ["dim", "integer", 0], ["indices", "integers", [0, 1]]]],
  ...["zeros", "ones", "empty", "rand", "randn"].map((name) => [name, [["shape", "shape", [2]], ["(dtype|option)", "optionsOrDType?", { dtype: "float64" }]]] as const),
  ...["add", "sub"].map((name) => [name, scaled] as const),
  ...["add_", "sub_"].map((name) => [name, [x, ...scaled.slice(1)]] as const),
  ["rsub", [...reversed, ["(alpha|option)", "alpha?", { alpha: 2 }]]],
  ["clamp", clampBetween],
  ["clamp_", clampBetween],
];

const object = {};
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  tensor: [undefined, null, "0", 3, [1, 2], object],
  operand: [undefined, null, "0", [1, 2], object, true],
  tensors: [undefined, null, "0", 3, object, [], [undefined], [matrix(), "0"], [matrix(), 3]],
  anyTensors: [undefined, null, "0", 3, object, [undefined], [matrix(), "0"]],
  number: [undefined, null, "0", [1], object],
  integer: [undefined, null, "0", [1], object, 0.5, NaN],
  alpha: [null, "x", 3, [1], { nonsense: 1 }, { alpha: "2" }],
  rank: [null, "0", [1], object, 0.5, NaN, -1],
  count: [undefined, null, "0", [1], object, 0.5, NaN, -1],
  shape: [undefined, null, "0", 3, object, ["2"], [undefined], [0.5]],
  dims: [undefined, null, "0", object, ["0"], [undefined]],
  boolean: [undefined, null, "yes", 1],
  dimsOrOptions: [null, "0", true, ["0"], [undefined], { axis: 0 }, { dim: "0" }],
  dimOrOptions: [null, "0", true, [0], { axis: 0 }, { dim: [0] }],
  keepdimOrOptions: [null, "yes", 1, [1], { keepDims: true }, { keepdim: 1 }],
  limitOrOptions: [undefined, null, "0", true, [1], { min: "0" }],
  integers: [undefined, null, "0", 3, object, ["0"], [0.5, 1], [true, false], [[0], 1], [0, [1]], [2 ** 60, 0]],
  optionsOrDType: [null, "float", "x", 3, [1], { nonsense: 1 }, { dtype: "float" }],
  limit: [null, "0", true, [1], object],
  function: [undefined, null, "f", 3, object],
  numbers: [undefined, null, "0", 3, object, ["0"]],
  dtype: [undefined, null, "float", 32, object],
  pair: [undefined, null, "2", object, [1], ["2", 2]],
  options: [null, "x", 3, [1], { nonsense: 1 }],
  data: [undefined, null, object, "3"],
};

/** Values that an argument of a kind cannot have. */
export function wrongValues(kind: Kind): readonly unknown[] {
  const isOptional = kind.endsWith("?");
  const values = wrong[kind.replace("?", "")] ?? [];
  const nullable = kind === "tensor?";
  return values.filter((value) => !(isOptional && value === undefined) && !(nullable && value === null));
}

import type { Accepted } from "./accepted.ts";
import type { Part } from "./compare.ts";

const parts = (of: readonly Part[], entry: Omit<Accepted, "part">): readonly Accepted[] => of.map((part) => ({ ...entry, part }));

/** In the text of a case: an operand of an integer dtype or bool. */
const integral = /int64|int32|uint8|bool/;

/** Where tapegrad means to differ from PyTorch, and why. */
export const explained: readonly Accepted[] = [
  // Kinks. The docstrings of the ops tell them; most are tests of autograd's semantics.test.ts, too.
  {
    ops: ["clamp", "clamp_"], part: "gradient", some: true,
    cases: ({ entry: { options }, numbers }) => Array.from(numbers("x")).some((x) => x === options["min"] || x === options["max"]),
    reason: "at a bound the gradient passes, as in PyTorch 1.13; PyTorch 2.15 stops it there",
  },
  { ops: ["softplus"], part: "second", some: true, cases: /"threshold":[01]/, reason: "at the threshold itself PyTorch's second derivative is 0, though its first is sigmoid's" },
  {
    ops: ["pow"], part: "second", some: true, cases: ({ numbers }) => Array.from(numbers("a")).some((a) => a === 0),
    reason: "base 0: PyTorch's second derivative meets log 0, and is NaN where that has no influence",
  },
  { ops: ["variance"], part: "second", some: true, cases: /\[\]|\[1\]|"correction":[57]/, reason: "no degrees of freedom: the gradient is infinite or NaN, and PyTorch counts it as a constant" },
  { ops: ["variance", "std"], part: "gradient", cases: /"dim":\[\]/, reason: "an empty list of dimensions means all; PyTorch's gradient takes it for none" },
  { ops: ["std"], part: "second", cases: /"dim":\[\]/, reason: "an empty list of dimensions means all; PyTorch's gradient takes it for none" },
  { ops: ["variance"], part: "gradient", cases: /x: float32\[5\].*"correction":5/, reason: "an infinite gradient has the sign of the distance from the mean; PyTorch's is always positive" },
  { ops: ["variance"], part: "gradient", cases: /\[2,5\], .*"correction":7/, reason: "a variance that is infinite for want of degrees of freedom; PyTorch's gradient divides by their negative number" },

  // Masks: what an ignored target or a weight of 0 excludes has no influence.
  ...parts(["gradient", "second"], { ops: ["crossEntropy"], cases: / specials, target: int32\[4\] \{-100/, reason: "a row that is ignored has no influence and no gradient, also where it is NaN; PyTorch's is NaN" }),
  ...parts(["gradient", "second"], { ops: ["crossEntropy", "nllLoss"], cases: /target: int32\[2\] \{0 0\}, weight: \S+ \{0 2\}.*"mean"/, some: true, reason: "every row has the weight 0: nothing has a gradient; PyTorch's is NaN" }),
  { ops: ["crossEntropy", "nllLoss"], part: "value", cases: /\{-Infinity 1 2 3\}/, reason: "a class of weight 0 does not count, also where its loss is infinite; PyTorch multiplies" },
  { ops: ["nllLoss"], part: "value", cases: /target: int32\[2\] \{0 0\}, weight: \S+ \{0 2\}.*"none"/, reason: "what does not count is 0; PyTorch's product with 0 is -0" },
  ...parts(["value", "gradient", "second"], { ops: ["crossEntropy of probabilities"], cases: / (infinite|specials).*weight: \S+ \{0 /, some: true, reason: "a class of weight 0 does not count, also where its logit or probability is infinite or NaN; PyTorch multiplies" }),
  ...parts(["value", "gradient"], { ops: ["dropout"], cases: /"p":1,"training":true/, some: true, reason: "what is dropped is 0; PyTorch's product with 0 is -0 or NaN" }),

  // Where PyTorch's gradient loses what the value has.
  { ops: ["amax", "amin"], part: "gradient", cases: ({ numbers }) => Array.from(numbers("x")).includes(NaN), reason: "the gradient goes to the NaN elements, as in max and min of everything; PyTorch's spreads NaN over all elements" },
  ...parts(["gradient", "second"], { ops: ["std"], cases: / (large|small)/, some: true, reason: "PyTorch differentiates the variance, which overflows or vanishes where its root does not" }),
  ...parts(["gradient", "second"], { ops: ["std"], cases: /\[2,5\], .*"correction":7/, reason: "a deviation that is infinite for want of degrees of freedom; PyTorch's gradient divides by their negative number" }),
  { ops: ["std"], part: "second", cases: /\[2,3(,4)?\], \{"dim":(0|-3)\}/, some: true, reason: "of two numbers the second derivative is 0: what is left is rounding" },
  ...parts(["value", "gradient", "second"], { ops: ["norm"], cases: /float32\S* (large|small|\{1e)/, some: true, reason: "a length overflows or vanishes only if it must; PyTorch's squares do before" }),
  { ops: ["norm"], part: "second", cases: / small|\{0 0 0\}/, some: true, reason: "the derivatives at length 0 are 0; PyTorch's second one is NaN" },

  // Wider than PyTorch.
  { ops: ["leakyRelu", "softplus"], part: "raises", cases: integral, reason: "integers are taken as float32" },
  { ops: ["sub", "rsub", "sub_"], part: "raises", cases: /^(a|x): (?!bool|u?int.*"alpha":0.5).*b: bool/, reason: "a truth value is subtracted as 0 or 1" },
  { ops: ["norm"], part: "raises", cases: integral, reason: "integers are taken as float32" },
  { ops: ["clamp"], part: "raises", cases: ({ entry: { options } }) => options["min"] === undefined && options["max"] === undefined, reason: "either bound may be left out, or both" },
  { ops: ["clamp"], part: "raises", cases: /float16.*1099511627776/, reason: "a bound need not fit into float16" },
  { ops: ["remainder"], part: "gradient", cases: /^a: -?[\d.]+, b: float/, reason: "PyTorch has no derivative of a number's remainder" },
  { ops: ["gather", "indexSelect"], part: "raises", cases: /\{-1\}/, reason: "indices may count from the end" },
  { ops: ["logsumexp"], part: "raises", cases: /"dim":\[\]/, reason: "an empty list of dimensions means all of them, as in other reductions; PyTorch fails here" },
  { ops: ["conv2d"], part: "raises", cases: /kernel: float32\[0,/, reason: "no output channels are an empty result" },
  { ops: ["maxPool2d", "avgPool2d"], part: "raises", cases: /\[1,0,4,4\]/, reason: "no channels are an empty result" },
  { ops: ["batchNorm"], part: "raises", cases: /x: float.*mean: none.*"training":false/, reason: "without running statistics the batch's own are used; PyTorch's layer does so, its function refuses" },
  { ops: ["batchNorm"], part: "raises", cases: /"training":true,"eps":0\}/, reason: "eps may be 0" },
  { ops: ["batchNorm"], part: "raises", cases: /x: float32\[2,0\].*"training":false/, reason: "no channels are an empty result" },
  { ops: ["batchNorm", "layerNorm"], part: "second", cases: /weight: none, bias: float(?!.*"training":false)/, reason: "PyTorch has no second derivative of a bias without a weight" },
  { ops: ["allclose"], part: "raises", cases: /a: float32\[2\].*b: (float64|int32)|a: int64\[2\] .*b: int32/, reason: "numbers of two dtypes can be compared" },
  { ops: ["nllLoss"], part: "raises", cases: /x: int32/, reason: "integers can be log-probabilities: 0" },

  // Narrower than PyTorch: an error says so.
  { ops: ["matmul", "mm", "bmm", "mv", "dot", "linear", "maxPool2d", "avgPool2d"], part: "raises", cases: /^\w+: (int64|int32|uint8)\S* ?\w*, (b: (int64|int32|uint8)|kernel|\{)/, some: true, reason: "products and windows of integers are not offered" },
  { ops: ["linear"], part: "raises", cases: /kernel: float32\[3\], bias: none|bias: float32\[1?\]$/, some: true, reason: "the weight is a matrix, the bias has one entry for each output" },
  { ops: ["mT"], part: "raises", cases: /\[\]/, reason: "deprecated in PyTorch: a 0-d tensor has no matrix" },
  { ops: ["crossEntropy"], part: "raises", cases: /"labelSmoothing":-0.1/, some: true, reason: "labelSmoothing is a share: from 0 to 1" },

  { ops: ["dropout"], part: "raises", cases: /(int64|int32|uint8|bool)\S*, \{"p":1,"training":true\}/, reason: "integers cannot be scaled up; in PyTorch they can where all of them are dropped" },

  // Integers.
  ...parts(["dtype", "value"], { ops: ["clamp"], cases: /^x: (int|uint8|bool).*("-0"|"-Infinity")/, some: true, reason: "-0 is the integer 0, and an infinite bound limits nothing: integers stay integers; in PyTorch both are floats" }),
  { ops: ["argmax", "argmin"], part: "dtype", some: true, reason: "positions are int32: they are read as numbers, and no dimension has 2^31 entries" },
  { ops: ["max", "min"], part: "dtype", cases: /"dim"/, some: true, reason: "positions are int32" },
  { ops: ["arange"], part: "dtype", cases: /^(?!.*("dtype"|0\.\d|2\.5|NaN|Infinity|"step":0|"start":3,"end":1|"start":1,"end":3))/, reason: "whole numbers are counted in int32" },
  { ops: ["lt", "le", "gt", "ge"], part: "value", cases: /a: uint8\[5\], b: -3/, reason: "a number that the dtype does not hold is compared as it is; PyTorch's wraps" },

  // Equal means bit for bit here, and shapes must agree.
  { ops: ["equal"], part: "value", cases: /\{NaN 1\}|\{-0\}|a: float32\[2\] \{1 2\}, b: (float64|int32)|a: int64\[2\] \S+ \S+ b: int32/, reason: "NaN equals NaN, 0 differs from -0, dtypes must agree" },
  { ops: ["allclose"], part: "value", cases: /a: float32\[2\] \{1 1\}, b: float32\[(2,1)?\]/, reason: "shapes must agree" },

  // In place.
  {
    ops: ["fill_", "zero_", "copy_"], part: "requiresGrad", cases: ({ entry: { inputs: { x, b } } }) =>
      typeof x === "object" && x !== null && x.dtype.startsWith("float") && !x.constant
      && (b === undefined || (typeof b === "object" && b !== null && (b.constant || !b.dtype.startsWith("float")))),
    some: true,
    reason: "a tensor that depends on nothing any more is off the tape; in PyTorch it stays, with a gradient of 0",
  },
  { ops: ["fill_", "zero_"], part: "gradient", cases: /x: float32\[3,4\], .*"expand"/, reason: "one value through elements that coincide is that value; PyTorch writes it, and refuses the gradient" },

  // PyTorch's arithmetic.
  ...parts(["gradient", "second"], { ops: ["square", "mseLoss", "erf"], some: true, cases: / large/, reason: "PyTorch doubles a number before dOut makes it smaller: it overflows on the way" }),
  { ops: ["prod"], part: "gradient", some: true, cases: ({ numbers }) => Array.from(numbers("x")).some((x) => !Number.isFinite(x)), reason: "the product of the other factors, also where one is infinite or NaN; PyTorch divides the whole by it" },
  { ops: ["prod"], part: "gradient", cases: /float16\[7\] wide/, reason: "the whole product is too large for float16, that of the other factors is not" },
  { ops: ["prod"], part: "second", some: true, cases: / (specials|infinite|large|small|wide)/, reason: "PyTorch divides by products that overflow or vanish" },
  { ops: ["pow"], part: "value", cases: /float16\[13\] everySpecial, b: -?0.5/, reason: "float16 as float32, where PyTorch takes square roots; in its float16 it does not" },
  { ops: ["pow"], part: "gradient", cases: /float16\[13\] everySpecial, b: (0|1).5/, reason: "float16 as float32, where PyTorch takes square roots; in its float16 it does not" },
  { ops: ["pow"], part: "second", cases: /float16\[13\] everySpecial, b: 1.5/, reason: "float16 as float32, where PyTorch takes square roots; in its float16 it does not" },
  { ops: ["sum", "mean"], part: "value", some: true, cases: / large/, reason: "a sum that overflows or not by the order of its terms" },
  ...parts(["value", "gradient"], { ops: ["crossEntropy of probabilities"], some: true, cases: /x: float16\S* large|x: float16\S*, target: float32/, reason: "log-probabilities of float16 are not rounded on the way" }),
  { ops: ["crossEntropy"], part: "value", cases: /float16\S* large/, reason: "float16 losses are computed in float32; PyTorch's log-probabilities overflow" },
  { ops: ["variance"], part: "value", cases: /float64\[3,6\] large/, reason: "squares overflow: whether infinite or NaN is a matter of the order" },
  { ops: ["conv2d"], part: "value", some: true, cases: / large|float64.* specials/, reason: "infinite terms of both signs, and zeros of the padding times infinities, come in another order" },
  { ops: ["conv2d"], part: "gradient", some: true, cases: / large/, reason: "infinite terms of both signs come in another order" },
  { ops: ["avgPool2d"], part: "value", some: true, cases: /"divisorOverride":-2/, reason: "0 divided by a negative number is -0" },
  { ops: ["batchNorm"], part: "value", cases: /\{3 1 3 2 3 3 3 4\}/, reason: "a constant channel is exactly 0 here; PyTorch's x alpha + beta leaves a rounding error" },
  { ops: ["layerNorm"], part: "gradient", cases: /x: float32\[3,1\]/, reason: "one number is exactly its own mean; PyTorch leaves a rounding error" },
  { ops: ["batchNorm", "layerNorm"], part: "second", some: true, cases: /float16\S* small/, reason: "quotients overflow float16 on the way" },
  ...parts(["shape", "value", "gradient", "second"], { ops: ["conv2d"], cases: /x: float32\[2,0,4,4\]/, reason: "no input channels: the sum of nothing and the bias; PyTorch gives no output channels" }),
];

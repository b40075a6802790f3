import type { Accepted } from "./accepted.ts";
import type { Part } from "./compare.ts";

const parts = (of: readonly Part[], entry: Omit<Accepted, "part">): readonly Accepted[] => of.map((part) => ({ ...entry, part }));

/**
 * Faults of ours that are known and not yet mended. An entry that no case needs any more fails: who mends a fault takes its entry
 * away. A case that an entry names may already be right.
 */
export const knownFaults: readonly Accepted[] = [
  // Being mended: integers.
  { ops: ["sum", "prod", "add", "mul", "where"], part: "dtype", cases: /int32|uint8|bool/, reason: "integers are counted in int32, not int64" },
  { ops: ["sum", "prod"], part: "value", cases: /int32|uint8/, reason: "integer sums and products wrap at 32 bits" },
  { ops: ["argmax", "argmin"], part: "dtype", reason: "positions are int32, not int64" },
  { ops: ["arange"], part: "dtype", cases: /^(?!.*dtype)/, reason: "integers are int32, not int64" },
  { ops: ["max", "min"], part: "dtype", cases: /"dim"/, reason: "positions are int32, not int64" },
  { ops: ["floor", "ceil", "round", "trunc"], part: "dtype", cases: /int32|uint8/, reason: "rounding an integer gives float32" },
  { ops: ["floor", "ceil", "round", "trunc"], part: "value", cases: /int32.* extremes/, reason: "rounding an integer loses its last digits" },
  { ops: ["floor", "ceil", "round", "trunc"], part: "raises", cases: /bool/, reason: "bool is rounded" },
  { ops: ["full", "fullLike", "fill_"], part: "value", cases: /bool/, reason: "a full bool holds other bytes than 0 and 1" },

  // Being mended: reductions.
  ...parts(["gradient", "second"], { ops: ["prod"], cases: ({ numbers }) => Array.from(numbers("x")).some((x) => x === 0 || !Number.isFinite(x)), reason: "derivatives of a product with zeros, and among NaN and infinities" }),
  ...parts(["value", "gradient"], { ops: ["logsumexp"], cases: / large/, reason: "logsumexp of the largest numbers" }),
  ...parts(["value", "gradient", "second"], { ops: ["std"], cases: / large| small| specials| infinite| expanded|\{3 3|"correction":7/, reason: "std of large, small and infinite numbers; its derivatives where it is 0" }),
  ...parts(["value", "gradient", "second"], { ops: ["norm"], cases: / large| small| specials|float16\S* wide|\{/, reason: "norm of large and small numbers; its derivatives at 0 and at NaN" }),
  { ops: ["max", "min"], part: "gradient", cases: / specials$/, reason: "the full maximum of a tensor with NaN" },

  // Being mended: losses.
  ...parts(["gradient", "second"], { ops: ["crossEntropy", "nllLoss"], cases: /\{-100 -100\}|"ignoreIndex":1/, reason: "every target ignored: the gradient is NaN, not 0" }),
  { ops: ["crossEntropy"], part: "value", cases: /float64\S* \{10000/, reason: "a loss is a difference from the normalizer, and loses digits at large logits" },
  { ops: ["crossEntropy"], part: "gradient", cases: /\{10000/, reason: "gradients at large logits lose their digits" },
  { ops: ["nllLoss"], part: "value", cases: / specials, target: int32\[4\] \{-100/, reason: "what is ignored has influence where it is infinite or NaN" },

  // For later.
  { ops: ["gather"], part: "raises", cases: /index: int32\[(2,5|1,2)\]/, reason: "indices smaller than x in other dimensions" },
  { ops: ["indexSelect"], part: "raises", cases: /index: int32\[\] \{1\}/, reason: "a 0-d index" },
  { ops: ["conv2d"], part: "raises", cases: /x: float\d\d\[\d,\d,\d\]/, reason: "an image without a batch, [C, H, W]" },
  { ops: ["crossEntropy of probabilities"], part: "raises", reason: "class probabilities as targets" },
  { ops: ["max", "min", "argmax", "argmin"], part: "raises", cases: /bool/, reason: "bool under extrema over a dimension" },
  { ops: ["isnan", "isinf", "isfinite", "relu", "relu_"], part: "raises", cases: /int32|uint8|bool/, reason: "predicates and relu of integers" },
  { ops: ["cat", "stack"], part: "raises", cases: /a: (float64|float16|int32|uint8|bool)/, reason: "mixed dtypes" },
  { ops: ["cat"], part: "raises", cases: /float32\[0\]/, reason: "an empty [0] fits every shape" },
  { ops: ["clamp"], part: "raises", cases: /"min":1,"max":-1|"NaN"|uint8|bool/, reason: "bounds that cross or are NaN, uint8 and bool" },
  ...parts(["dtype", "value"], { ops: ["clamp"], cases: /int32/, reason: "a bound with a fraction makes integers floating" }),
  { ops: ["clamp_"], part: "raises", cases: /int32|uint8|bool/, reason: "a bound with a fraction does not fit into integers" },
  { ops: ["mseLoss"], part: "raises", reason: "broadcasting" },
  { ops: ["logsumexp"], part: "raises", cases: /float32\[(0|2,0|0,3)\]/, reason: "logsumexp of nothing" },
  { ops: ["logsumexp"], part: "raises", cases: /int32|uint8|bool/, reason: "logsumexp of integers" },

  // Found by this suite.
  ...parts(["dtype", "value", "raises"], { ops: ["pow"], cases: /int32|uint8|bool/, reason: "powers of integers are integers in PyTorch, here float32" }),
  { ops: ["sign", "square"], part: "raises", cases: /bool/, reason: "sign and square of bool" },
  { ops: ["floorDivide", "remainder"], part: "raises", cases: /^a: bool/, reason: "bool as the first operand of a division" },
  { ops: ["relu", "relu_"], part: "gradient", cases: /everySpecial/, reason: "NaN passes the gradient" },
  { ops: ["mseLoss"], part: "gradient", cases: / large/, reason: "the gradient of large errors overflows on the way" },
];

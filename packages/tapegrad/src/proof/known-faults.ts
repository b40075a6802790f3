import type { Accepted } from "./accepted.ts";
import type { Part } from "./compare.ts";

const parts = (of: readonly Part[], entry: Omit<Accepted, "part">): readonly Accepted[] => of.map((part) => ({ ...entry, part }));

/**
 * Faults of ours that are known and not yet mended. An entry that no case needs any more fails: who mends a fault takes its entry
 * away. A case that an entry names may already be right.
 */
export const knownFaults: readonly Accepted[] = [
  { ops: ["add_", "sub_", "mul_", "div_", "copy_", "relu_", "clamp_", "fill_", "zero_"], part: "raises", cases: /"view"/, reason: "a part is not changed in place on the tape" },
  ...parts(["gradient", "second"], { ops: ["prod"], reason: "derivatives of a product with zeros, and among NaN and infinities" }),

  // For later.
  { ops: ["gather"], part: "raises", cases: /index: int32\[(2,5|1,2)\]/, reason: "indices smaller than x in other dimensions" },
  { ops: ["indexSelect"], part: "raises", cases: /index: int32\[\] \{1\}/, reason: "a 0-d index" },
  { ops: ["conv2d"], part: "raises", cases: /x: float\d\d\[\d,\d,\d\]/, reason: "an image without a batch, [C, H, W]" },
  { ops: ["crossEntropy of probabilities"], part: "raises", reason: "class probabilities as targets" },
  { ops: ["max", "min", "argmax", "argmin"], part: "raises", cases: /bool/, reason: "bool under extrema over a dimension" },
  { ops: ["cat", "stack"], part: "raises", cases: /a: (float64|float16|int64|int32|uint8|bool)/, reason: "mixed dtypes" },
  { ops: ["cat"], part: "raises", cases: /float32\[0\]/, reason: "an empty [0] fits every shape" },
  { ops: ["clamp"], part: "raises", cases: /"min":1,"max":-1|"NaN"|bool/, reason: "bounds that cross or are NaN, and bool" },
  ...parts(["dtype", "value"], { ops: ["clamp"], cases: /int|uint8/, reason: "a bound with a fraction makes integers floating" }),
  { ops: ["mseLoss"], part: "raises", reason: "broadcasting" },
  { ops: ["logsumexp"], part: "raises", cases: /float32\[(0|2,0|0,3)\]/, reason: "logsumexp of nothing" },
  { ops: ["logsumexp"], part: "raises", cases: /int64|int32|uint8|bool/, reason: "logsumexp of integers" },
  { ops: ["slice"], part: "raises", cases: /\[\]/, reason: "slices of 0-d tensors" },

  // Found by this suite.
  { ops: ["sign", "square"], part: "raises", cases: /bool/, reason: "sign and square of bool" },
  { ops: ["floorDivide", "remainder", "pow"], part: "raises", cases: /^a: bool/, reason: "bool as the first operand" },
  { ops: ["relu", "relu_"], part: "gradient", cases: /everySpecial/, reason: "NaN passes the gradient" },
  { ops: ["mseLoss"], part: "gradient", cases: / large/, reason: "the gradient of large errors overflows on the way" },
];

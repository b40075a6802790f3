// The operations that kernels are asked for by a code, and the dtypes: the one list of both. `node generate.mjs` writes from it the
// codes for the host and for the kernels, and the kernels' switches.
//
// To add an operation: a line here, its class (`kernel`) in the file that `homes` names, `node packages/kernels/generate.mjs`, and a naive
// twin in the kernels' tests, which ask for one. Whether it does what its line says is tested for every line (src/operations.test.ts).

/**
 * @typedef {"float32" | "float64" | "float16" | "bfloat16" | "int64" | "int32" | "uint8" | "bool"} DTypeName
 */

/**
 * @typedef {object} DTypeLine
 * @property {DTypeName} name
 * @property {string} constant what assembly calls its code
 * @property {number} code programs know it (layouts, files of tests): it never changes
 * @property {1 | 2 | 4 | 8} bytes
 */

/** @type {readonly DTypeLine[]} */
const dtypes = [
  { name: "float32", constant: "F32", code: 0, bytes: 4 },
  { name: "float64", constant: "F64", code: 1, bytes: 8 },
  { name: "float16", constant: "F16", code: 2, bytes: 2 },
  { name: "int32", constant: "I32", code: 3, bytes: 4 },
  { name: "uint8", constant: "U8", code: 4, bytes: 1 },
  { name: "bool", constant: "BOOL", code: 5, bytes: 1 },
  { name: "int64", constant: "I64", code: 6, bytes: 8 },
  { name: "bfloat16", constant: "BF16", code: 7, bytes: 2 },
];

/** @type {readonly DTypeName[]} */
const floats = ["float32", "float64"];
/** @type {readonly DTypeName[]} */
const integers = ["int32", "int64", "uint8"];

/** The dtypes that an operation takes, by what its line says. 16-bit floats are computed in float32, so no operation has them. */
export const classes = {
  floats,
  integers,
  numbers: [...floats, ...integers],
  all: [...floats, ...integers, /** @type {const} */ ("bool")],
};

/**
 * @typedef {object} PointwiseLine
 * @property {string} name what the host calls it
 * @property {keyof typeof classes} takes
 * @property {string} [kernel] its class, where that is not the name in other letters
 * @property {boolean} [isLight] takes no longer than loads and stores: it gets the loops of pointwise/light.ts, and those for wide vectors
 * @property {readonly string[]} [numbers] of a unary operation: what its numbers mean, up to two
 * @property {boolean} [isBounded] its numbers are bounds: integers take the nearest number they have, where others wrap
 * @property {string} [row] a function of pointwise/unary-rows.ts that does a whole row of it
 * @property {"bool"} [gives] what it gives, where that is not what it takes; bool is written as bytes
 * @property {boolean} [ofIntegers] of a test: the answer for every integer
 */

/** @type {readonly PointwiseLine[]} */
const unary = [
  { name: "neg", takes: "numbers", isLight: true },
  { name: "abs", takes: "numbers", isLight: true },
  { name: "sign", takes: "numbers", isLight: true },
  { name: "sqrt", takes: "floats" },
  { name: "rsqrt", takes: "floats" },
  { name: "reciprocal", takes: "floats" },
  { name: "square", takes: "numbers", isLight: true },
  { name: "exp", takes: "floats", row: "expRowOf" },
  { name: "expm1", takes: "floats" },
  { name: "log", takes: "floats", row: "logRowOf" },
  { name: "log1p", takes: "floats" },
  { name: "log2", takes: "floats" },
  { name: "log10", takes: "floats" },
  { name: "sin", takes: "floats" },
  { name: "cos", takes: "floats" },
  { name: "tan", takes: "floats" },
  { name: "tanh", takes: "floats" },
  { name: "sigmoid", takes: "floats", row: "sigmoidRowOf" },
  { name: "relu", takes: "numbers", isLight: true },
  { name: "floor", takes: "floats" },
  { name: "ceil", takes: "floats" },
  { name: "round", takes: "floats" },
  { name: "trunc", takes: "floats" },
  { name: "erf", takes: "floats" },
  { name: "softplus", takes: "floats", numbers: ["beta", "threshold"] },
  { name: "leakyRelu", takes: "floats", numbers: ["slope"], isLight: true },
  { name: "clamp", takes: "numbers", numbers: ["lowest", "highest"], isBounded: true, isLight: true },
  { name: "addScalar", takes: "numbers", numbers: ["added"], isLight: true },
  { name: "mulScalar", takes: "numbers", numbers: ["factor"], isLight: true },
  { name: "powScalar", takes: "floats", numbers: ["exponent"], row: "powRow" },
  { name: "rsubScalar", takes: "numbers", numbers: ["minuend"], isLight: true },
  { name: "logicalNot", takes: "all", gives: "bool", kernel: "IsZero" },
  { name: "isnan", takes: "all", gives: "bool", kernel: "Ne", ofIntegers: false },
  { name: "isinf", takes: "all", gives: "bool", kernel: "IsInf", ofIntegers: false },
  { name: "isfinite", takes: "all", gives: "bool", kernel: "IsFinite", ofIntegers: true },
];

/** @type {readonly PointwiseLine[]} */
const binary = [
  { name: "add", takes: "numbers", isLight: true },
  { name: "sub", takes: "numbers", isLight: true },
  // On bools the product is "and", the maximum "or", the minimum "and".
  { name: "mul", takes: "all", isLight: true },
  { name: "div", takes: "numbers" },
  { name: "pow", takes: "numbers" },
  { name: "maximum", takes: "all", isLight: true },
  { name: "minimum", takes: "all", isLight: true },
  { name: "remainder", takes: "numbers" },
  { name: "floorDivide", takes: "numbers" },
  { name: "atan2", takes: "floats" },
  // The first operand of a gradient is dOut.
  { name: "reluGrad", takes: "floats", isLight: true },
  { name: "sigmoidGrad", takes: "floats", isLight: true },
  { name: "tanhGrad", takes: "floats", isLight: true },
  { name: "eq", takes: "all", gives: "bool" },
  { name: "ne", takes: "all", gives: "bool" },
  { name: "lt", takes: "all", gives: "bool" },
  { name: "le", takes: "all", gives: "bool" },
  { name: "gt", takes: "all", gives: "bool" },
  { name: "ge", takes: "all", gives: "bool" },
  { name: "logicalAnd", takes: "all", gives: "bool" },
  { name: "logicalOr", takes: "all", gives: "bool" },
  { name: "logicalXor", takes: "all", gives: "bool" },
];

/**
 * @typedef {object} ReductionLine
 * @property {string} name
 * @property {keyof typeof classes} takes
 * @property {"tree" | "truth" | "position"} loop reduce/tree.ts, any.ts or arg.ts; a tree has a class that combines elements
 * @property {boolean} [sumsWide] of integers and bools it gives int64 (reduce/integers.ts)
 * @property {string} [combinedBy] the reduction that joins its partial results, where that is not itself
 * @property {boolean} [isCentered] it is told a center
 * @property {boolean} [isInternal] only other kernels ask for it
 */

/** @type {readonly ReductionLine[]} */
const reductions = [
  { name: "sum", takes: "all", loop: "tree", sumsWide: true },
  { name: "prod", takes: "all", loop: "tree", sumsWide: true },
  { name: "max", takes: "all", loop: "tree" },
  { name: "min", takes: "all", loop: "tree" },
  { name: "any", takes: "all", loop: "truth" },
  { name: "all", takes: "all", loop: "truth" },
  { name: "sumSquares", takes: "floats", loop: "tree", combinedBy: "sum" },
  { name: "argmax", takes: "all", loop: "position" },
  { name: "argmin", takes: "all", loop: "position" },
  { name: "squaredDeviation", takes: "floats", loop: "tree", combinedBy: "sum", isCentered: true, isInternal: true },
];

/** Where the classes are, below assembly/. */
export const homes = {
  unary: "pointwise/unary-ops.ts",
  binary: "pointwise/binary-ops.ts",
  masks: "pointwise/mask-ops.ts",
  rows: "pointwise/unary-rows.ts",
  reductions: "reduce/combinations.ts",
};

/** The whole list. */
export const operations = { dtypes, unary, binary, reductions };

import { mostBlockBytes } from "@tapegrad/kernels";
import {
  arange, dropout, empty, eye, full, Generator, linspace, mul, rand, randint, randn, randperm, tensor, uniform, zeros, type ErrorSample,
} from "@tapegrad/tensor";
import { leaf } from "./error-calls.ts";

/** Data and sizes that no tensor can be made of. */
export const errorsOfCreation: readonly ErrorSample[] = [
  {
    call: () => zeros([2], "float" as never),
    error: "IndexError",
    message: `zeros: dtype "float" must be one of float32, float64, float16, bfloat16, int64, int32, uint8, bool
  code: zeros/option`,
  },
  {
    call: () => arange(3, "int" as never),
    error: "IndexError",
    message: `arange: dtype "int" must be one of float32, float64, float16, bfloat16, int64, int32, uint8, bool
  code: arange/option`,
  },
  {
    call: () => tensor([[1, 2], [3]]),
    error: "ShapeError",
    message: `tensor: nested arrays must all have the same length: dimension 1 has 2 entries, but there is an array of 1
  code: tensor/ragged`,
  },
  {
    call: () => tensor([[1, 2], 3]),
    error: "ShapeError",
    message: `tensor: nested arrays must all have the same length: dimension 1 has 2 entries, but there is the value 3
  code: tensor/ragged`,
  },
  {
    call: () => tensor([1, [2]]),
    error: "ShapeError",
    message: `tensor: data: expected a number at depth 1, found an array of 1
  code: tensor/ragged`,
  },
  {
    call: () => tensor([1, 2, 3], { shape: [2, 2] }),
    error: "ShapeError",
    message: `tensor: shape [2, 2] has 4 elements, the data has 3
  code: tensor/size`,
  },
  {
    call: () => tensor(new Float32Array(3), { shape: [2] }),
    error: "ShapeError",
    message: `tensor: shape [2] has 2 elements, the data has 3
  code: tensor/size`,
  },
  {
    call: () => tensor([1, 2], { shape: [-1] }),
    error: "ShapeError",
    message: `tensor: shape [-1] must be a list of integers, 0 or more
  code: tensor/shape`,
  },
  {
    call: () => tensor(new Uint16Array(1) as never),
    error: "DTypeError",
    message: `tensor: a Uint16Array has no dtype
  hint: use a Float32Array, Float64Array, Float16Array, BigInt64Array, Int32Array or Uint8Array
  code: tensor/array-type`,
  },
  {
    call: () => tensor([1], { dtype: "int32", requiresGrad: true }),
    error: "DTypeError",
    message: `requiresGrad: dtype int32 has no gradient; only floating dtypes have
  hint: convert it first: x.to("float32")
  code: requiresGrad/floating`,
  },
  {
    call: () => tensor([1], { dtype: "int32" }).requiresGrad_(),
    error: "DTypeError",
    message: `requiresGrad: dtype int32 has no gradient; only floating dtypes have
  hint: convert it first: x.to("float32")
  code: requiresGrad/floating`,
  },
  {
    call: () => mul(leaf([1]), 2).requiresGrad_(false),
    error: "GradError",
    message: `requiresGrad: only leaves can be taken off the tape; this tensor was made by a recorded op
  hint: use x.detach()
  code: requiresGrad/non-leaf`,
  },
  {
    call: () => full([2, -1], 0),
    error: "ShapeError",
    message: `full: shape [2, -1] must be a list of integers, 0 or more
  code: full/shape`,
  },
  {
    call: () => zeros([1.5]),
    error: "ShapeError",
    message: `zeros: shape [1.5] must be a list of integers, 0 or more
  code: zeros/shape`,
  },
  {
    call: () => empty([-1]),
    error: "ShapeError",
    message: `empty: shape [-1] must be a list of integers, 0 or more
  code: empty/shape`,
  },
  {
    call: () => empty([2 ** 15, 2 ** 15]),
    error: "MemoryError",
    message: `empty: shape [32768, 32768] float32 has 1073741824 elements; a tensor of this dtype may have ${Math.floor(mostBlockBytes / 4)} at most
  code: empty/too-large`,
  },
  {
    call: () => empty([2 ** 31], { dtype: "bool" }),
    error: "MemoryError",
    message: `empty: shape [2147483648] bool has 2147483648 elements; a tensor of this dtype may have 2146435072 at most
  code: empty/too-large`,
  },
  {
    call: () => eye(-1),
    error: "IndexError",
    message: `eye: rows -1 must be an integer, 0 or more
  code: eye/option`,
  },
  {
    call: () => arange(0, 3, -1),
    error: "IndexError",
    message: `arange: step -1 does not lead from 0 to 3
  code: arange/step`,
  },
  {
    call: () => arange(0, Infinity),
    error: "IndexError",
    message: `arange: end = Infinity must be a finite number
  code: arange/finite`,
  },
  {
    call: () => arange(NaN, 1),
    error: "IndexError",
    message: `arange: start = NaN must be a finite number
  code: arange/finite`,
  },
  {
    call: () => arange(0, 3, 0),
    error: "IndexError",
    message: `arange: step 0 does not lead from 0 to 3
  code: arange/step`,
  },
  {
    call: () => linspace(0, 1, -1),
    error: "IndexError",
    message: `linspace: count -1 must be an integer, 0 or more
  code: linspace/count`,
  },
  {
    call: () => zeros([2]).item(),
    error: "ShapeError",
    message: `item: the tensor has 2 elements; only one element can become a number
  x  [2]  float32
  code: item/one-element`,
  },
  {
    call: () => zeros([2, 3]).size(2),
    error: "IndexError",
    message: `size: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: size/dim`,
  },
  {
    call: () => zeros([]).size(0),
    error: "IndexError",
    message: `size: dim 0 of a 0-d tensor: it has no dimensions
  code: size/dim`,
  },
  {
    call: () => rand([2], { dtype: "int32" }),
    error: "DTypeError",
    message: `rand: dtype int32 must be floating
  hint: use randint for integers
  code: rand/dtype`,
  },
  {
    call: () => rand([-1]),
    error: "ShapeError",
    message: `rand: shape [-1] must be a list of integers, 0 or more
  code: rand/shape`,
  },
  {
    call: () => randn([2], { dtype: "bool" }),
    error: "DTypeError",
    message: `randn: dtype bool must be floating
  hint: use randint for integers
  code: randn/dtype`,
  },
  {
    call: () => randn([0.5]),
    error: "ShapeError",
    message: `randn: shape [0.5] must be a list of integers, 0 or more
  code: randn/shape`,
  },
  {
    call: () => uniform([2], 0, 1, { dtype: "uint8" }),
    error: "DTypeError",
    message: `uniform: dtype uint8 must be floating
  hint: use randint for integers
  code: uniform/dtype`,
  },
  {
    call: () => uniform([-2], 0, 1),
    error: "ShapeError",
    message: `uniform: shape [-2] must be a list of integers, 0 or more
  code: uniform/shape`,
  },
  {
    call: () => randint(3, 3, [2]),
    error: "IndexError",
    message: `randint: low 3 and high 3 must be 32-bit integers, low below high
  code: randint/range`,
  },
  {
    call: () => randint(0, 2, [-2]),
    error: "ShapeError",
    message: `randint: shape [-2] must be a list of integers, 0 or more
  code: randint/shape`,
  },
  {
    call: () => randperm(-1),
    error: "IndexError",
    message: `randperm: n -1 must be an integer, 0 or more
  code: randperm/n`,
  },
  {
    call: () => new Generator(1).setState({ key: [1, 2], counter: [0, -1] }),
    error: "SerializationError",
    message: `Generator.setState: a state has two key words and two counter words, each an integer from 0 to 2^32 - 1
  code: generator/state`,
  },
  {
    call: () => dropout(zeros([2]), { p: 1.5 }),
    error: "IndexError",
    message: `dropout: p 1.5 must be a probability: from 0 (keep all) to 1 (drop all)
  code: dropout/option`,
  },
  {
    call: () => dropout(zeros([2]), { p: NaN }),
    error: "IndexError",
    message: `dropout: p NaN must be a probability: from 0 (keep all) to 1 (drop all)
  code: dropout/option`,
  },
];

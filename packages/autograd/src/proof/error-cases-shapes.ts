import { mostBlockBytes } from "@tapegrad/kernels";
import {
  arange, cat, dropout, empty, eye, full, Generator, linspace, mul, rand, randint, randn, randperm, stack, tensor, uniform,
  zeros, type ErrorSample,
} from "@tapegrad/tensor";
import { leaf } from "./error-calls.ts";

/** Wrong shapes, sizes and data. */
export const errorsOfShapes: readonly ErrorSample[] = [
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
  {
    call: () => zeros([2, 3]).view([4]),
    error: "ShapeError",
    message: `view: shape [4] must have the 6 elements of [2, 3]
  x  [2, 3]  float32
  code: view/size`,
  },
  {
    call: () => zeros([2, 3]).view([-1, 4]),
    error: "ShapeError",
    message: `view: 6 elements cannot be divided by the known sizes of [-1, 4]
  x  [2, 3]  float32
  code: view/inferred`,
  },
  {
    call: () => zeros([2, 3]).transpose(0, 1).view([6]),
    error: "ShapeError",
    message: `view: strides [1, 3] allow no view of shape [6]
  x  [3, 2]  float32
  hint: use reshape, which copies where it must
  code: view/strides`,
  },
  {
    call: () => zeros([2, 3]).reshape([7]),
    error: "ShapeError",
    message: `reshape: shape [7] must have the 6 elements of [2, 3]
  x  [2, 3]  float32
  code: reshape/size`,
  },
  {
    call: () => zeros([2, 3]).reshape([0, -1]),
    error: "ShapeError",
    message: `reshape: 6 elements cannot be divided by the known sizes of [0, -1]
  x  [2, 3]  float32
  code: reshape/inferred`,
  },
  {
    call: () => zeros([2, 3]).reshape([-2, -3]),
    error: "ShapeError",
    message: `reshape: shape [-2, -3] must have the 6 elements of [2, 3]
  x  [2, 3]  float32
  code: reshape/size`,
  },
  {
    call: () => zeros([2, 3]).flatten(1, 0),
    error: "ShapeError",
    message: `flatten: start 1 must not come after end 0
  code: flatten/order`,
  },
  {
    call: () => zeros([2, 3]).flatten(2),
    error: "IndexError",
    message: `flatten: start 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: flatten/dim`,
  },
  {
    call: () => zeros([2, 3]).permute([0, 0]),
    error: "ShapeError",
    message: `permute: dims [0, 0] must name each of the 2 dimensions once
  x  [2, 3]  float32
  code: permute/dims`,
  },
  {
    call: () => zeros([2, 3]).permute([0, 2]),
    error: "IndexError",
    message: `permute: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: permute/dim`,
  },
  {
    call: () => zeros([2, 3]).permute([0]),
    error: "ShapeError",
    message: `permute: dims [0] must name each of the 2 dimensions once
  x  [2, 3]  float32
  code: permute/dims`,
  },
  {
    call: () => zeros([2, 3]).transpose(0, 2),
    error: "IndexError",
    message: `transpose: dim1 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: transpose/dim`,
  },
  {
    call: () => zeros([2, 3, 4]).t(),
    error: "ShapeError",
    message: `t: x has 3 dimensions; t takes 2 at most
  x  [2, 3, 4]  float32
  hint: use x.mT or transpose
  code: t/matrix`,
  },
  {
    call: () => zeros([2, 3]).expand([2, 4]),
    error: "ShapeError",
    message: `expand: x [2, 3] cannot be repeated to shape [2, 4]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expand/shape`,
  },
  {
    call: () => zeros([2, 3]).expand([3]),
    error: "ShapeError",
    message: `expand: x [2, 3] cannot be repeated to shape [3]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expand/shape`,
  },
  {
    call: () => zeros([2, 3]).expand([2, -2]),
    error: "ShapeError",
    message: `expand: x [2, 3] cannot be repeated to shape [2, -2]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expand/shape`,
  },
  {
    call: () => zeros([2, 3]).expandAs(zeros([4])),
    error: "ShapeError",
    message: `expandAs: x [2, 3] cannot be repeated to shape [4]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expandAs/shape`,
  },
  {
    call: () => zeros([2]).squeeze(1),
    error: "IndexError",
    message: `squeeze: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: squeeze/dim`,
  },
  {
    call: () => zeros([2]).unsqueeze(3),
    error: "IndexError",
    message: `unsqueeze: dim 3 is outside [-2, 1], the dimensions of a 2-d tensor
  code: unsqueeze/dim`,
  },
  {
    call: () => zeros([5]).narrow(0, 3, 3),
    error: "IndexError",
    message: `narrow: start 3 and length 3 leave the 5 entries of dimension 0
  x  [5]  float32
  code: narrow/range`,
  },
  {
    call: () => zeros([5]).narrow(1, 0, 1),
    error: "IndexError",
    message: `narrow: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: narrow/dim`,
  },
  {
    call: () => zeros([]).narrow(0, 0, 0),
    error: "IndexError",
    message: `narrow: a 0-d tensor has no dimension to take entries of
  x  []  float32
  hint: give it one: x.reshape([1])
  code: narrow/0-d`,
  },
  {
    call: () => zeros([]).slice(0),
    error: "IndexError",
    message: `slice: a 0-d tensor has no dimension to take entries of
  x  []  float32
  hint: give it one: x.reshape([1])
  code: slice/0-d`,
  },
  {
    call: () => zeros([]).select(0, 0),
    error: "IndexError",
    message: `select: a 0-d tensor has no dimension to take entries of
  x  []  float32
  hint: give it one: x.reshape([1])
  code: select/0-d`,
  },
  {
    call: () => zeros([5]).slice(0, 0, 5, 0),
    error: "IndexError",
    message: `slice: step 0 must be an integer, 1 or more
  code: slice/step`,
  },
  {
    call: () => zeros([5]).slice(1),
    error: "IndexError",
    message: `slice: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: slice/dim`,
  },
  {
    call: () => zeros([5]).select(0, 5),
    error: "IndexError",
    message: `select: index 5 is outside [-5, 4], the entries of dimension 0
  x  [5]  float32
  code: select/index`,
  },
  {
    call: () => zeros([5]).select(-2, 0),
    error: "IndexError",
    message: `select: dim -2 is outside [-1, 0], the dimensions of a 1-d tensor
  code: select/dim`,
  },
  {
    call: () => tensor(3).slice(0),
    error: "IndexError",
    message: `slice: x has no dimension to slice
  x  []  float32
  code: slice/0-d`,
  },
  {
    call: () => zeros([3]).slice(0, 0.5),
    error: "IndexError",
    message: `slice: start 0.5 must be an integer
  code: slice/option`,
  },
  {
    call: () => cat([]),
    error: "ShapeError",
    message: `cat: tensors needs at least one tensor
  code: cat/none`,
  },
  {
    call: () => cat([zeros([0]), zeros([])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  []  float32
  b  [0]  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  []  float32
  b  []  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([2, 3]), zeros([0, 2])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  [2, 3]  float32
  b  [0, 2]  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([2, 3]), zeros([2, 4])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  [2, 3]  float32
  b  [2, 4]  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([]), zeros([])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  []  float32
  b  []  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([2])], 1),
    error: "IndexError",
    message: `cat: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: cat/dim`,
  },
  {
    call: () => stack([zeros([2]), zeros([3])]),
    error: "ShapeError",
    message: `stack: all shapes must be equal
  a  [2]  float32
  b  [3]  float32
  code: stack/shape`,
  },
  {
    call: () => stack([zeros([2]), zeros([2], { dtype: "int32" })]),
    error: "DTypeError",
    message: `stack: dtypes float32 and int32 must be equal
  a  [1, 2]  float32
  b  [1, 2]  int32
  code: stack/dtype`,
  },
  {
    call: () => stack([]),
    error: "ShapeError",
    message: `stack: tensors needs at least one tensor
  code: stack/none`,
  },
  {
    call: () => stack([zeros([2])], 2),
    error: "IndexError",
    message: `stack: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: stack/dim`,
  },
];

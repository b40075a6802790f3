import { arange, eye, fill_, full, linspace, tensor, zeros, type ErrorSample } from "@tapegrad/tensor";

const wide = tensor(BigInt64Array.of(2n ** 53n + 1n));

/** Numbers that are none, or that a dtype does not hold. */
export const errorsOfValues: readonly ErrorSample[] = [
  {
    call: () => zeros([8, 3]).dims(3),
    error: "ShapeError",
    message: `dims: the tensor has 2 dimensions, not 3
  x  [8, 3]  float32
  code: dims/rank`,
  },
  {
    call: () => zeros([8]).dims("1" as never),
    error: "IndexError",
    message: `dims: rank "1" must be an integer, 0 or more
  code: dims/option`,
  },
  {
    call: () => zeros([8]).toArray(2),
    error: "ShapeError",
    message: `toArray: the tensor has 1 dimension, not 2
  x  [8]  float32
  code: toArray/rank`,
  },
  {
    call: () => zeros([]).toArray(-1),
    error: "IndexError",
    message: `toArray: rank -1 must be an integer, 0 or more
  code: toArray/option`,
  },
  {
    call: () => tensor([1, 3e9], { dtype: "int32" }),
    error: "IndexError",
    message: `tensor: the value 3000000000 at position 1 does not fit into int32
  hint: use the dtype "int64" or a floating one
  code: tensor/value`,
  },
  {
    call: () => tensor(Float64Array.of(NaN), { dtype: "uint8" }),
    error: "IndexError",
    message: `tensor: the value NaN at position 0 does not fit into uint8
  hint: use the dtype "int64" or a floating one
  code: tensor/value`,
  },
  {
    call: () => tensor([-Infinity], { dtype: "int64" }),
    error: "IndexError",
    message: `tensor: the value -Infinity at position 0 does not fit into int64
  code: tensor/value`,
  },
  {
    call: () => full([2], 3e9, { dtype: "int32" }),
    error: "IndexError",
    message: `full: the value 3000000000 does not fit into int32
  code: full/value`,
  },
  {
    call: () => full([2], "1" as never),
    error: "IndexError",
    message: `full: the value 1 does not fit into float32
  code: full/value`,
  },
  {
    call: () => full([2], 1e39),
    error: "IndexError",
    message: `full: the value 1e+39 does not fit into float32
  code: full/value`,
  },
  {
    call: () => fill_(zeros([2], { dtype: "uint8" }), NaN),
    error: "IndexError",
    message: `fill_: the value NaN does not fit into uint8
  code: fill_/value`,
  },
  {
    call: () => arange(0, NaN),
    error: "IndexError",
    message: `arange: end = NaN must be a finite number
  code: arange/finite`,
  },
  {
    call: () => arange(0, 3, "1" as never),
    error: "IndexError",
    message: `arange: dtype "1" must be one of float32, float64, float16, bfloat16, int64, int32, uint8, bool
  code: arange/option`,
  },
  {
    call: () => arange(298, 301, { dtype: "uint8" }),
    error: "IndexError",
    message: `arange: the value 298 at position 0 does not fit into uint8
  hint: use the dtype "int64" or a floating one
  code: arange/value`,
  },
  {
    call: () => linspace(-Infinity, 1, 3),
    error: "IndexError",
    message: `linspace: start = -Infinity must be a finite number
  code: linspace/finite`,
  },
  {
    call: () => linspace(0, 600, 3, { dtype: "uint8" }),
    error: "IndexError",
    message: `linspace: the value 300 at position 1 does not fit into uint8
  hint: use the dtype "int64" or a floating one
  code: linspace/value`,
  },
  {
    call: () => wide.item(),
    error: "DTypeError",
    message: `item: the int64 9007199254740993 is beyond 2^53: no JavaScript number holds it exactly
  hint: use x.toTypedArray("int64"), which gives bigints
  code: item/precision`,
  },
  {
    call: () => wide.toArray(),
    error: "DTypeError",
    message: `toArray: the int64 9007199254740993 is beyond 2^53: no JavaScript number holds it exactly
  hint: use x.toTypedArray("int64"), which gives bigints
  code: toArray/precision`,
  },
  {
    call: () => eye(2).toTypedArray("int64"),
    error: "DTypeError",
    message: `toTypedArray: the elements are float32, not int64
  x  [2, 2]  float32
  hint: convert them first: x.to("int64").toTypedArray("int64")
  code: toTypedArray/dtype`,
  },
];

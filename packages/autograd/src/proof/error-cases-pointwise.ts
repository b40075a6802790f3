import {
  add, ones, rsub, sub_, add_, clamp, div, eq, floorDivide, ge, gt, le, logicalAnd, logicalOr, logicalXor, lt, maximum, minimum, mul,
  ne, neg, pow, relu, remainder, sub, tensor, where, zeros, type ErrorSample,
} from "@tapegrad/tensor";

/** Operands of pointwise ops that do not fit. */
export const errorsOfPointwise: readonly ErrorSample[] = [
  {
    call: () => add(zeros([2, 3]), zeros([2, 4])),
    error: "ShapeError",
    message: `add: a.shape[-1] = 3 and b.shape[-1] = 4 must be equal, or one of them 1
  a  [2, 3]
  b  [2, 4]
  code: add/broadcast`,
  },
  {
    call: () => sub(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `sub: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: sub/broadcast`,
  },
  {
    call: () => mul(zeros([4, 2, 3]), zeros([5, 1, 3])),
    error: "ShapeError",
    message: `mul: a.shape[-3] = 4 and b.shape[-3] = 5 must be equal, or one of them 1
  a  [4, 2, 3]
  b  [5, 1, 3]
  code: mul/broadcast`,
  },
  {
    call: () => div(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `div: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: div/broadcast`,
  },
  {
    call: () => pow(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `pow: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: pow/broadcast`,
  },
  {
    call: () => maximum(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `maximum: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: maximum/broadcast`,
  },
  {
    call: () => minimum(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `minimum: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: minimum/broadcast`,
  },
  {
    call: () => floorDivide(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `floorDivide: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: floorDivide/broadcast`,
  },
  {
    call: () => remainder(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `remainder: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: remainder/broadcast`,
  },
  {
    call: () => floorDivide(tensor([1], { dtype: "int32" }), tensor([0], { dtype: "int32" })),
    error: "TapegradError",
    message: `floorDivide: b has a zero: the integer quotient is not defined
  hint: use float operands
  code: floorDivide/zero`,
  },
  {
    call: () => remainder(tensor([1, 2], { dtype: "uint8" }), tensor([1, 0], { dtype: "uint8" })),
    error: "TapegradError",
    message: `remainder: b has a zero: the integer quotient is not defined
  hint: use float operands
  code: remainder/zero`,
  },
  {
    call: () => eq(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `eq: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: eq/broadcast`,
  },
  {
    call: () => ne(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `ne: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: ne/broadcast`,
  },
  {
    call: () => lt(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `lt: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: lt/broadcast`,
  },
  {
    call: () => le(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `le: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: le/broadcast`,
  },
  {
    call: () => gt(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `gt: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: gt/broadcast`,
  },
  {
    call: () => ge(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `ge: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: ge/broadcast`,
  },
  {
    call: () => logicalAnd(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `logicalAnd: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: logicalAnd/broadcast`,
  },
  {
    call: () => logicalOr(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `logicalOr: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: logicalOr/broadcast`,
  },
  {
    call: () => logicalXor(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `logicalXor: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: logicalXor/broadcast`,
  },
  {
    call: () => where(tensor([1, 0]), 1, 2),
    error: "DTypeError",
    message: `where: condition.dtype = float32 must be bool
  hint: compare first: where(ne(condition, 0), a, b)
  code: where/condition`,
  },
  {
    call: () => where(tensor([true, false]), zeros([3]), 0),
    error: "ShapeError",
    message: `where: condition.shape[-1] = 2 and values.shape[-1] = 3 must be equal, or one of them 1
  condition  [2]
  values  [3]
  code: where/broadcast`,
  },
  {
    call: () => where(tensor([true]), zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `where: a.shape[-1] = 2 and b.shape[-1] = 3 must be equal, or one of them 1
  a  [2]
  b  [3]
  code: where/broadcast`,
  },
  {
    call: () => add(ones([2], "int32"), ones([2], "int64"), { alpha: 0.5 }),
    error: "DTypeError",
    message: `add: alpha 0.5 must be an integer, as the result is: int64
  hint: convert an operand first: x.to("float32")
  code: add/alpha`,
  },
  {
    call: () => sub(ones([2], "int32"), 1, { alpha: 0.5 }),
    error: "DTypeError",
    message: `sub: alpha 0.5 must be an integer, as the result is: int32
  hint: convert an operand first: x.to("float32")
  code: sub/alpha`,
  },
  {
    call: () => ones([2], "int32").rsub(1, { alpha: 0.5 }),
    error: "DTypeError",
    message: `rsub: alpha 0.5 must be an integer, as the result is: int32
  hint: convert an operand first: x.to("float32")
  code: rsub/alpha`,
  },
  {
    call: () => ones([2], "uint8").add_(1, { alpha: 0.5 }),
    error: "DTypeError",
    message: `add_: alpha 0.5 must be an integer, as the result is: uint8
  hint: convert an operand first: x.to("float32")
  code: add_/alpha`,
  },
  ...([["add", add], ["sub", sub], ["rsub", rsub], ["add_", add_], ["sub_", sub_]] as const).map(([op, run]): ErrorSample => ({
    call: () => run(ones([2]), ones([2]), { alpha: "2" } as never),
    error: "IndexError",
    message: `${op}: alpha "2" must be a number\n  code: ${op}/option`,
  })),
  {
    call: () => add(ones([2]), ones([2]), 2 as never),
    error: "ArgumentError",
    message: `add: options must be an object, not 2
  code: add/options`,
  },
  {
    call: () => rsub(zeros([2]), zeros([3])),
    error: "ShapeError",
    message: `rsub: a.shape[-1] = 3 and b.shape[-1] = 2 must be equal, or one of them 1
  a  [3]
  b  [2]
  code: rsub/broadcast`,
  },
  {
    call: () => zeros([2]).rdiv(zeros([3])),
    error: "ShapeError",
    message: `rdiv: a.shape[-1] = 3 and b.shape[-1] = 2 must be equal, or one of them 1
  a  [3]
  b  [2]
  code: rdiv/broadcast`,
  },
  {
    call: () => clamp(zeros([1]), undefined),
    error: "ArgumentError",
    message: `clamp: options must be an object, not undefined
  code: clamp/options`,
  },
  {
    call: () => zeros([1]).clamp_(0, "1" as never),
    error: "IndexError",
    message: `clamp_: max "1" must be a number
  code: clamp_/option`,
  },
  {
    call: () => clamp(zeros([1]), { min: 0 } as never, 1),
    error: "IndexError",
    message: `clamp: min an object must be a number
  code: clamp/option`,
  },
  {
    call: () => clamp(zeros([1], { dtype: "uint8" }), { min: 256 }),
    error: "IndexError",
    message: `clamp: min 256 lies outside uint8: no element could have it
  hint: convert the tensor first: x.to("float32")
  code: clamp/value`,
  },
  {
    call: () => clamp(zeros([1], { dtype: "uint8" }), { min: -2, max: -1 }),
    error: "IndexError",
    message: `clamp: max -1 lies outside uint8: no element could have it
  hint: convert the tensor first: x.to("float32")
  code: clamp/value`,
  },
  {
    call: () => clamp(zeros([1], { dtype: "int32" }), { max: -(2 ** 31) - 1 }),
    error: "IndexError",
    message: `clamp: max -2147483649 lies outside int32: no element could have it
  hint: convert the tensor first: x.to("float32")
  code: clamp/value`,
  },
  {
    call: () => relu(tensor([true])),
    error: "DTypeError",
    message: `relu: dtype bool is not supported; use one of float32, float64, float16, bfloat16, int64, int32, uint8
  x  [1]  bool
  code: relu/dtype`,
  },
  {
    call: () => pow(tensor([2], { dtype: "int32" }), -1),
    error: "IndexError",
    message: `pow: an integer to the power of -1 is no integer
  base  [1]  int32
  hint: convert it first: base.to("float32").pow(-1)
  code: pow/negative`,
  },
  {
    call: () => sub(tensor([true]), tensor([true])),
    error: "DTypeError",
    message: `sub: dtype bool is not supported; use one of float32, float64, float16, bfloat16, int64, int32, uint8
  a  [1]  bool
  b  [1]  bool
  code: sub/dtype`,
  },
  ...([["pow", pow], ["floorDivide", floorDivide], ["remainder", remainder]] as const).map(([op, run]): ErrorSample => ({
    call: () => run(tensor([true]), tensor([true])),
    error: "DTypeError",
    message: `${op}: dtype bool is not supported; use one of float32, float64, float16, bfloat16, int64, int32, uint8
  a  [1]  bool
  b  [1]  bool
  code: ${op}/dtype`,
  })),
  {
    call: () => floorDivide(tensor([true]), tensor([0], { dtype: "int32" })),
    error: "TapegradError",
    message: `floorDivide: b has a zero: the integer quotient is not defined
  hint: use float operands
  code: floorDivide/zero`,
  },
  {
    call: () => pow(tensor([true]), -1),
    error: "IndexError",
    message: `pow: an integer to the power of -1 is no integer
  base  [1]  bool
  hint: convert it first: base.to("float32").pow(-1)
  code: pow/negative`,
  },
  {
    call: () => neg(tensor([true])),
    error: "DTypeError",
    message: `neg: dtype bool is not supported; use one of float32, float64, float16, bfloat16, int64, int32, uint8
  x  [1]  bool
  code: neg/dtype`,
  },
];

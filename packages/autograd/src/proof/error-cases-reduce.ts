import {
  amax, amin, argmax, argmin, crossEntropy, gather, indexSelect, logSoftmax, logsumexp, max, mean, min, nllLoss, norm, prod, softmax, std, sum,
  tensor, variance, zeros, type ErrorSample,
} from "@tapegrad/tensor";

/** Dimensions and indices out of range. */
export const errorsOfReduce: readonly ErrorSample[] = [
  {
    call: () => sum(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `sum: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: sum/dim`,
  },
  {
    call: () => sum(zeros([2, 3]), { dim: [0, -2] }),
    error: "IndexError",
    message: `sum: dim 0 is given twice
  code: sum/dim-twice`,
  },
  {
    call: () => sum(zeros([2]), { dim: 0.5 }),
    error: "IndexError",
    message: `sum: dim 0.5 is outside [-1, 0], the dimensions of a 1-d tensor
  code: sum/dim`,
  },
  {
    call: () => sum(zeros([2, 3]), 2),
    error: "IndexError",
    message: `sum: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: sum/dim`,
  },
  {
    call: () => zeros([2, 3]).sum([0, -2], { keepdim: true }),
    error: "IndexError",
    message: `sum: dim 0 is given twice
  code: sum/dim-twice`,
  },
  {
    call: () => sum(zeros([2]), "0" as never),
    error: "IndexError",
    message: `sum: dim "0" must be a number or a list of numbers
  code: sum/option`,
  },
  {
    call: () => sum(zeros([2]), { dim: 0 }, { keepdim: true }),
    error: "IndexError",
    message: `sum: dim an object must be a number or a list of numbers
  code: sum/option`,
  },
  {
    call: () => sum(zeros([2]), 0, { dim: 0 } as never),
    error: "ArgumentError",
    message: `sum: there is no option "dim"; there is keepdim
  code: sum/unknown-option`,
  },
  {
    call: () => sum(zeros([2]), 0, true as never),
    error: "ArgumentError",
    message: `sum: options must be an object, not true
  code: sum/options`,
  },
  {
    call: () => std(zeros([2]), 0, { unbiased: false } as never),
    error: "ArgumentError",
    message: `std: there is no option "unbiased"; there are keepdim, correction
  code: std/unknown-option`,
  },
  {
    call: () => argmax(zeros([2]), [0] as never),
    error: "IndexError",
    message: `argmax: dim [0] must be a number
  code: argmax/option`,
  },
  {
    call: () => argmin(zeros([2]), 0, { keepDim: true } as never),
    error: "ArgumentError",
    message: `argmin: there is no option "keepDim"; there is keepdim
  hint: did you mean keepdim?
  code: argmin/unknown-option`,
  },
  {
    call: () => min(zeros([2]), 0, { keepdim: 1 } as never),
    error: "IndexError",
    message: `min: keepdim 1 must be true or false
  code: min/option`,
  },
  {
    call: () => mean(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `mean: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: mean/dim`,
  },
  {
    call: () => mean(zeros([2], { dtype: "int32" })),
    error: "DTypeError",
    message: `mean: dtype int32 must be floating
  x  [2]  int32
  hint: convert it first: x.to("float32")
  code: mean/dtype`,
  },
  {
    call: () => prod(zeros([2]), { dim: -2 }),
    error: "IndexError",
    message: `prod: dim -2 is outside [-1, 0], the dimensions of a 1-d tensor
  code: prod/dim`,
  },
  {
    call: () => prod(zeros([2]), { dim: [0, 0] }),
    error: "IndexError",
    message: `prod: dim 0 is given twice
  code: prod/dim-twice`,
  },
  {
    call: () => variance(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `var: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: var/dim`,
  },
  {
    call: () => std(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `std: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: std/dim`,
  },
  {
    call: () => norm(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `norm: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: norm/dim`,
  },
  {
    call: () => logsumexp(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `logsumexp: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: logsumexp/dim`,
  },
  {
    call: () => logsumexp(zeros([2]), { dim: [0, -1] }),
    error: "IndexError",
    message: `logsumexp: dim 0 is given twice
  code: logsumexp/dim-twice`,
  },
  {
    call: () => amax(zeros([2, 0])),
    error: "IndexError",
    message: `amax: no elements to choose from: a reduced dimension of [2, 0] has size 0
  code: amax/empty`,
  },
  {
    call: () => amax(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `amax: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: amax/dim`,
  },
  {
    call: () => amin(zeros([0, 2]), { dim: 0 }),
    error: "IndexError",
    message: `amin: no elements to choose from: a reduced dimension of [0, 2] has size 0
  code: amin/empty`,
  },
  {
    call: () => amin(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `amin: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: amin/dim`,
  },
  {
    call: () => argmax(zeros([0])),
    error: "IndexError",
    message: `argmax: no elements to choose from: a reduced dimension of [0] has size 0
  code: argmax/empty`,
  },
  {
    call: () => argmax(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `argmax: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: argmax/dim`,
  },
  {
    call: () => argmin(zeros([0])),
    error: "IndexError",
    message: `argmin: no elements to choose from: a reduced dimension of [0] has size 0
  code: argmin/empty`,
  },
  {
    call: () => argmin(zeros([2]), { dim: 1 }),
    error: "IndexError",
    message: `argmin: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: argmin/dim`,
  },
  {
    call: () => max(zeros([2]), 1),
    error: "IndexError",
    message: `max: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: max/dim`,
  },
  {
    call: () => max(zeros([2]), 0, "yes" as never),
    error: "IndexError",
    message: `max: keepdim "yes" must be true or false
  code: max/option`,
  },
  {
    call: () => min(zeros([2]), -2),
    error: "IndexError",
    message: `min: dim -2 is outside [-1, 0], the dimensions of a 1-d tensor
  code: min/dim`,
  },
  {
    call: () => min(zeros([2]), "0" as never),
    error: "IndexError",
    message: `min: dim "0" must be a number
  code: min/option`,
  },
  {
    call: () => max(zeros([0])),
    error: "IndexError",
    message: `max: no elements to choose from: a reduced dimension of [0] has size 0
  code: max/empty`,
  },
  {
    call: () => max(zeros([2, 0]), 1),
    error: "IndexError",
    message: `max: no elements to choose from: a reduced dimension of [2, 0] has size 0
  code: max/empty`,
  },
  {
    call: () => max(zeros([]), 1),
    error: "IndexError",
    message: `max: dim 1 is outside [-1, 0], the dimensions of a 0-d tensor
  code: max/dim`,
  },
  {
    call: () => argmax(tensor([true])),
    error: "DTypeError",
    message: `argmax: dtype bool is not supported; use one of float32, float64, float16, bfloat16, int64, int32, uint8
  x  [1]  bool
  code: argmax/dtype`,
  },
  {
    call: () => min(zeros([0])),
    error: "IndexError",
    message: `min: no elements to choose from: a reduced dimension of [0] has size 0
  code: min/empty`,
  },
  {
    call: () => min(zeros([2, 0]), 1),
    error: "IndexError",
    message: `min: no elements to choose from: a reduced dimension of [2, 0] has size 0
  code: min/empty`,
  },
  {
    call: () => softmax(zeros([2]), 1),
    error: "IndexError",
    message: `softmax: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: softmax/dim`,
  },
  {
    call: () => logSoftmax(zeros([2]), -2),
    error: "IndexError",
    message: `logSoftmax: dim -2 is outside [-1, 0], the dimensions of a 1-d tensor
  code: logSoftmax/dim`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, zeros([3, 1], { dtype: "int32" })),
    error: "ShapeError",
    message: `gather: indices [3, 1] must have as many dimensions as x [2, 3], and not be larger in any but dimension 1
  x  [2, 3]  float32
  indices  [3, 1]  int32
  code: gather/shape`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, zeros([], { dtype: "int32" })),
    error: "ShapeError",
    message: `gather: indices [1] must have as many dimensions as x [2, 3], and not be larger in any but dimension 1
  x  [2, 3]  float32
  indices  [1]  int32
  code: gather/shape`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, tensor([[3]], { dtype: "int32" })),
    error: "IndexError",
    message: `gather: index 3 at position 0 is outside [-3, 2]
  code: gather/index`,
  },
  {
    call: () => gather(zeros([2, 3]), 2, zeros([2, 1], { dtype: "int32" })),
    error: "IndexError",
    message: `gather: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: gather/dim`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, zeros([2, 1])),
    error: "DTypeError",
    message: `gather: indices.dtype = float32 must be an integer dtype: int32, int64 or uint8
  indices  [2, 1]  float32
  hint: convert them: indices.to("int32")
  code: gather/indices-dtype`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, tensor([[0], [3]], { dtype: "int32" })),
    error: "IndexError",
    message: `gather: index 3 at position 1 is outside [-3, 2]
  code: gather/index`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, tensor([[-4], [0]], { dtype: "int32" })),
    error: "IndexError",
    message: `gather: index -4 at position 0 is outside [-3, 2]
  code: gather/index`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, [[0], [1, 2]]),
    error: "ShapeError",
    message: `gather: indices[1] must be an array of 1, as long as its neighbours, not [1,2]
  code: gather/ragged`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, [[0], [1.5]]),
    error: "IndexError",
    message: `gather: indices[1][0] = 1.5 must be an integer
  code: gather/integer`,
  },
  {
    call: () => gather(zeros([2, 3]), 1, 0 as never),
    error: "ArgumentError",
    message: `gather: indices must be a tensor or an array of integers, not 0
  code: tapegrad/not-a-tensor`,
  },
  {
    call: () => indexSelect(zeros([2, 3]), 0, [0, 5e9]),
    error: "IndexError",
    message: `indexSelect: index 5000000000 at position 1 is outside [-2, 1]
  code: indexSelect/index`,
  },
  {
    call: () => indexSelect(zeros([2, 3]), 0, ["1"] as never),
    error: "IndexError",
    message: `indexSelect: indices[0] = "1" must be an integer
  code: indexSelect/integer`,
  },
  {
    call: () => indexSelect(zeros([2, 3]), 0, [0, [1]]),
    error: "IndexError",
    message: `indexSelect: indices[1] = [1] must be an integer
  code: indexSelect/integer`,
  },
  {
    call: () => indexSelect(zeros([2, 3]), 0, [[0, 1], 1]),
    error: "ShapeError",
    message: `indexSelect: indices[1] must be an array of 2, as long as its neighbours, not 1
  code: indexSelect/ragged`,
  },
  ...([["crossEntropy", crossEntropy], ["nllLoss", nllLoss]] as const).flatMap(([op, loss]): ErrorSample[] => [
    {
      call: () => loss(zeros([2, 3]), [0, 2.5]),
      error: "IndexError",
      message: `${op}: targets[1] = 2.5 must be an integer\n  code: ${op}/integer`,
    },
    {
      call: () => loss(zeros([2, 3, 2]), [[0, 1], [2]]),
      error: "ShapeError",
      message: `${op}: targets[1] must be an array of 2, as long as its neighbours, not [2]\n  code: ${op}/ragged`,
    },
    {
      call: () => loss(zeros([2, 3]), [0, 3]),
      error: "IndexError",
      message: `${op}: target 3 at position 1 is outside [0, 2]\n  targets  [2]  int32\n  code: ${op}/target`,
    },
  ]),
  {
    call: () => indexSelect(zeros([2, 3]), 0, zeros([1, 1], { dtype: "int32" })),
    error: "ShapeError",
    message: `indexSelect: indices must have 1 dimension at most, not 2
  x  [2, 3]  float32
  indices  [1, 1]  int32
  code: indexSelect/indices`,
  },
  {
    call: () => indexSelect(zeros([]), 0, zeros([2], { dtype: "int32" })),
    error: "ShapeError",
    message: `indexSelect: a 0-d tensor has one entry to select, not 2
  x  []  float32
  indices  [2]  int32
  code: indexSelect/0-d`,
  },
  {
    call: () => indexSelect(zeros([2, 3]), 2, zeros([1], { dtype: "int32" })),
    error: "IndexError",
    message: `indexSelect: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: indexSelect/dim`,
  },
  {
    call: () => indexSelect(zeros([2, 3]), 0, zeros([1])),
    error: "DTypeError",
    message: `indexSelect: indices.dtype = float32 must be an integer dtype: int32, int64 or uint8
  indices  [1]  float32
  hint: convert them: indices.to("int32")
  code: indexSelect/indices-dtype`,
  },
  {
    call: () => indexSelect(zeros([2, 3]), 0, tensor([0, 2], { dtype: "int32" })),
    error: "IndexError",
    message: `indexSelect: index 2 at position 1 is outside [-2, 1]
  code: indexSelect/index`,
  },
];

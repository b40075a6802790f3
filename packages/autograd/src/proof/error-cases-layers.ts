import {
  avgPool2d, batchNorm, conv2d, crossEntropy, linear, matmul, maxPool2d, mseLoss, nllLoss, ones, tensor, zeros, type ErrorSample,
} from "@tapegrad/tensor";

/** Wrong operands and options of layers and losses. */
export const errorsOfLayers: readonly ErrorSample[] = [
  {
    call: () => matmul(zeros([2, 3]), zeros([2, 4])),
    error: "ShapeError",
    message: `matmul: a.shape[-1] = 3 must equal b.shape[-2] = 2
  a  [2, 3]  float32
  b  [2, 4]  float32
  code: matmul/inner`,
  },
  {
    call: () => matmul(zeros([2, 3]), zeros([3, 4], { dtype: "float64" })),
    error: "DTypeError",
    message: `matmul: a.dtype = float32 must equal b.dtype = float64
  a  [2, 3]  float32
  b  [3, 4]  float64
  hint: convert one: b.to("float32")
  code: matmul/dtypes`,
  },
  {
    call: () => matmul(zeros([2, 3, 4]), zeros([3, 4, 5])),
    error: "ShapeError",
    message: `matmul: the batch dimensions do not broadcast
  a  [2, 3, 4]  float32
  b  [3, 4, 5]  float32
  code: matmul/broadcast`,
  },
  {
    call: () => matmul(zeros([]), zeros([3])),
    error: "ShapeError",
    message: `matmul: both operands must have at least 1 dimension
  a  []  float32
  b  [3]  float32
  hint: multiply by a scalar with mul
  code: matmul/scalar`,
  },
  {
    call: () => linear(zeros([2, 3]), zeros([4, 5])),
    error: "ShapeError",
    message: `linear: x.shape[-1] = 3 must equal weight.shape[1] = 5
  x  [2, 3]  float32
  weight  [4, 5]  float32
  code: linear/features`,
  },
  {
    call: () => linear(zeros([2, 3]), zeros([4, 3]), zeros([3])),
    error: "ShapeError",
    message: `linear: bias must have shape [4], the output features of weight
  x  [2, 3]  float32
  weight  [4, 3]  float32
  bias  [3]  float32
  code: linear/bias`,
  },
  {
    call: () => linear(zeros([2, 3]), zeros([3])),
    error: "ShapeError",
    message: `linear: weight must have 2 dimensions [out, in] and x at least 1, not 1 and 2
  x  [2, 3]  float32
  weight  [3]  float32
  code: linear/weight`,
  },
  {
    call: () => linear(zeros([2, 3]), zeros([4, 3], { dtype: "float64" })),
    error: "DTypeError",
    message: `linear: x.dtype = float32 must equal the dtype of weight (float64)
  x  [2, 3]  float32
  weight  [4, 3]  float64
  hint: convert the input: x.to("float64")
  code: linear/dtypes`,
  },
  {
    call: () => linear(zeros([2, 3]), zeros([4, 3]), zeros([4], { dtype: "float64" })),
    error: "DTypeError",
    message: `linear: x.dtype = float32 must equal the dtype of weight (float32) and bias (float64)
  x  [2, 3]  float32
  weight  [4, 3]  float32
  hint: convert the input: x.to("float32")
  code: linear/dtypes`,
  },
  {
    call: () => conv2d(zeros([3, 5, 5]), zeros([2, 4, 3, 3])),
    error: "ShapeError",
    message: `conv2d: x.shape[0] = 3 must equal weight.shape[1] * groups = 4
  x  [3, 5, 5]  float32
  weight  [2, 4, 3, 3]  float32
  code: conv2d/channels`,
  },
  {
    call: () => conv2d(zeros([5, 5]), zeros([2, 3, 3, 3])),
    error: "ShapeError",
    message: `conv2d: x must be [N, C, H, W] or [C, H, W] and weight [O, C / groups, kH, kW], not 2-d and 4-d
  x  [5, 5]  float32
  weight  [2, 3, 3, 3]  float32
  code: conv2d/dims`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 4, 3, 3])),
    error: "ShapeError",
    message: `conv2d: x.shape[1] = 3 must equal weight.shape[1] * groups = 4
  x  [1, 3, 5, 5]  float32
  weight  [2, 4, 3, 3]  float32
  code: conv2d/channels`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 1, 3, 3]), null, { groups: 2 }),
    error: "ShapeError",
    message: `conv2d: groups 2 must divide the 3 channels of x and the 2 of the output
  x  [1, 3, 5, 5]  float32
  weight  [2, 1, 3, 3]  float32
  code: conv2d/groups`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 3, 3, 3]), zeros([3])),
    error: "ShapeError",
    message: `conv2d: bias [3] must have shape [2], the output channels
  x  [1, 3, 5, 5]  float32
  weight  [2, 3, 3, 3]  float32
  code: conv2d/bias`,
  },
  {
    call: () => conv2d(zeros([1, 3, 2, 5]), zeros([2, 3, 3, 3]), null, { dilation: 2 }),
    error: "ShapeError",
    message: `conv2d: the kernel spans 5 x 5 pixels, the padded image has only 2 x 5
  x  [1, 3, 2, 5]  float32
  weight  [2, 3, 3, 3]  float32
  code: conv2d/too-small`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 3, 3, 3]), null, { padding: "same", stride: 2 }),
    error: "ShapeError",
    message: `conv2d: padding "same" needs stride 1, not [2, 2]
  code: conv2d/same`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 3, 3, 3]), null, { stride: 0 }),
    error: "IndexError",
    message: `conv2d: stride 0 must be an integer or a pair of integers, 1 or more
  code: conv2d/option`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 3, 3, 3]), null, { padding: [1, 0.5] }),
    error: "IndexError",
    message: `conv2d: padding [1,0.5] must be an integer or a pair of integers, 0 or more, or "same" or "valid"
  code: conv2d/option`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 3, 3, 3], { dtype: "float64" })),
    error: "DTypeError",
    message: `conv2d: x.dtype = float32 must equal the dtype of weight (float64)
  x  [1, 3, 5, 5]  float32
  weight  [2, 3, 3, 3]  float64
  hint: convert the input: x.to("float64")
  code: conv2d/dtypes`,
  },
  {
    call: () => conv2d(zeros([1, 3, 5, 5]), zeros([2, 3, 3, 3]), zeros([2], { dtype: "float64" })),
    error: "DTypeError",
    message: `conv2d: x.dtype = float32 must equal the dtype of weight (float32) and bias (float64)
  x  [1, 3, 5, 5]  float32
  weight  [2, 3, 3, 3]  float32
  hint: convert the input: x.to("float32")
  code: conv2d/dtypes`,
  },
  {
    call: () => maxPool2d(zeros([5, 5]), 2),
    error: "ShapeError",
    message: `maxPool2d: x must be [N, C, H, W] or [C, H, W], not 2-d
  x  [5, 5]  float32
  code: maxPool2d/dims`,
  },
  {
    call: () => maxPool2d(zeros([1, 1, 5, 5]), 0),
    error: "IndexError",
    message: `maxPool2d: kernelSize 0 must be an integer or a pair of integers, 1 or more
  code: maxPool2d/option`,
  },
  {
    call: () => maxPool2d(zeros([1, 1, 5, 5]), 3, { padding: 2 }),
    error: "ShapeError",
    message: `maxPool2d: padding [2, 2] must be at most half of the kernel [3, 3]
  x  [1, 1, 5, 5]  float32
  code: maxPool2d/padding`,
  },
  {
    call: () => maxPool2d(zeros([1, 1, 2, 5]), 3),
    error: "ShapeError",
    message: `maxPool2d: a window of [3, 3] is larger than the padded image of [2, 5]
  x  [1, 1, 2, 5]  float32
  code: maxPool2d/too-small`,
  },
  {
    call: () => maxPool2d(zeros([1, 1, 5, 1]), 2, { padding: [0, 1], dilation: [1, 2] }),
    error: "ShapeError",
    message: `maxPool2d: with dilation 2 on 1 pixels a window could lie in the padding alone
  x  [1, 1, 5, 1]  float32
  code: maxPool2d/too-small`,
  },
  {
    call: () => avgPool2d(zeros([5, 5]), 2),
    error: "ShapeError",
    message: `avgPool2d: x must be [N, C, H, W] or [C, H, W], not 2-d
  x  [5, 5]  float32
  code: avgPool2d/dims`,
  },
  {
    call: () => avgPool2d(zeros([1, 1, 5, 5]), 2, { stride: [1, 0] }),
    error: "IndexError",
    message: `avgPool2d: stride [1,0] must be an integer or a pair of integers, 1 or more
  code: avgPool2d/option`,
  },
  {
    call: () => avgPool2d(zeros([1, 1, 5, 5]), [2, 3], { padding: [2, 1] }),
    error: "ShapeError",
    message: `avgPool2d: padding [2, 1] must be at most half of the kernel [2, 3]
  x  [1, 1, 5, 5]  float32
  code: avgPool2d/padding`,
  },
  {
    call: () => avgPool2d(zeros([1, 1, 5, 2]), 3),
    error: "ShapeError",
    message: `avgPool2d: a window of [3, 3] is larger than the padded image of [5, 2]
  x  [1, 1, 5, 2]  float32
  code: avgPool2d/too-small`,
  },
  {
    call: () => avgPool2d(zeros([1, 1, 5, 5]), 2, { divisorOverride: 0 }),
    error: "IndexError",
    message: `avgPool2d: divisorOverride 0 must be an integer other than 0
  code: avgPool2d/option`,
  },
  {
    call: () => batchNorm(zeros([3]), { training: true }),
    error: "ShapeError",
    message: `batchNorm: x must be [N, C, ...], not 1-d
  x  [3]  float32
  code: batchNorm/dims`,
  },
  {
    call: () => batchNorm(zeros([2, 3]), { training: true, weight: zeros([2]) }),
    error: "ShapeError",
    message: `batchNorm: weight [2] must have shape [3], the channels of x
  x  [2, 3]  float32
  code: batchNorm/channels`,
  },
  {
    call: () => batchNorm(zeros([2, 3]), { runningMean: zeros([3]), runningVar: zeros([4]) }),
    error: "ShapeError",
    message: `batchNorm: runningVar [4] must have shape [3], the channels of x
  x  [2, 3]  float32
  code: batchNorm/channels`,
  },
  {
    call: () => batchNorm(zeros([1, 3]), { training: true }),
    error: "ShapeError",
    message: `batchNorm: one value per channel has no variance: training needs more
  x  [1, 3]  float32
  hint: use a larger batch, drop the last one (dropLast), or call eval() first
  code: batchNorm/single`,
  },
  ...(["logits", "logp"] as const).map((name) => {
    const loss = name === "logits" ? crossEntropy : nllLoss;
    return {
      call: () => loss(zeros([2, 5, 7, 3]), zeros([2, 5, 7], { dtype: "int32" })),
      error: "ShapeError",
      message: `${loss.name}: targets [2, 5, 7] must have shape [2, 7, 3]: one class index for each row of ${name} [2, 5, 7, 3]
  ${name}  [2, 5, 7, 3]  float32
  targets  [2, 5, 7]  int32
  hint: classes are dimension 1: ${name}.permute([0, 3, 1, 2])
  code: ${loss.name}/shape`,
    };
  }),
  {
    call: () => linear(zeros([4, 6, 28, 28]), zeros([10, 4704])),
    error: "ShapeError",
    message: `linear: x.shape[-1] = 28 must equal weight.shape[1] = 4704
  x  [4, 6, 28, 28]  float32
  weight  [10, 4704]  float32
  hint: make a row of each of them: x.flatten(1)
  code: linear/features`,
  },
  {
    call: () => linear(zeros([4, 6, 28, 28]), zeros([10, 27])),
    error: "ShapeError",
    message: `linear: x.shape[-1] = 28 must equal weight.shape[1] = 27
  x  [4, 6, 28, 28]  float32
  weight  [10, 27]  float32
  code: linear/features`,
  },
  {
    call: () => conv2d(zeros([2, 8, 8, 3]), zeros([4, 3, 3, 3])),
    error: "ShapeError",
    message: `conv2d: x.shape[1] = 8 must equal weight.shape[1] * groups = 3
  x  [2, 8, 8, 3]  float32
  weight  [4, 3, 3, 3]  float32
  hint: x looks like [N, H, W, C]: x.permute([0, 3, 1, 2])
  code: conv2d/channels`,
  },
  {
    call: () => batchNorm(zeros([2, 8, 8, 3]), { weight: ones([3]) }),
    error: "ShapeError",
    message: `batchNorm: weight [3] must have shape [8], the channels of x
  x  [2, 8, 8, 3]  float32
  hint: x looks like [N, H, W, C]: x.permute([0, 3, 1, 2])
  code: batchNorm/channels`,
  },
  {
    call: () => conv2d(zeros([1, 3, 8, 8], { dtype: "uint8" }), zeros([4, 3, 3, 3])),
    error: "DTypeError",
    message: `conv2d: x.dtype = uint8 must equal the dtype of weight (float32)
  x  [1, 3, 8, 8]  uint8
  weight  [4, 3, 3, 3]  float32
  hint: pixels from 0 to 255 are scaled first: x.to("float32").div(255), then normalize([0.5], [0.5])
  code: conv2d/dtypes`,
  },
  {
    call: () => linear(zeros([1, 8], { dtype: "uint8" }), zeros([4, 8])),
    error: "DTypeError",
    message: `linear: x.dtype = uint8 must equal the dtype of weight (float32)
  x  [1, 8]  uint8
  weight  [4, 8]  float32
  hint: pixels from 0 to 255 are scaled first: x.to("float32").div(255), then normalize([0.5], [0.5])
  code: linear/dtypes`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), zeros([3], { dtype: "int32" })),
    error: "ShapeError",
    message: `crossEntropy: targets [3] must have shape [2]: one class index for each row of logits [2, 3]
  logits  [2, 3]  float32
  targets  [3]  int32
  code: crossEntropy/shape`,
  },
  {
    call: () => crossEntropy(zeros([]), zeros([], { dtype: "int32" })),
    error: "ShapeError",
    message: `crossEntropy: logits must be [C] or [N, C, ...], not 0-d
  logits  []  float32
  targets  []  int32
  code: crossEntropy/shape`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), zeros([2], { dtype: "int32" }), { weight: zeros([2]) }),
    error: "ShapeError",
    message: `crossEntropy: weight [2] must have one entry for each of the 3 classes
  code: crossEntropy/weight`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), zeros([2])),
    error: "DTypeError",
    message: `crossEntropy: targets.dtype = float32 must be an integer dtype: int32, int64 or uint8
  targets  [2]  float32
  hint: convert them: targets.to("int32")
  code: crossEntropy/targets`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), zeros([2, 4])),
    error: "ShapeError",
    message: `crossEntropy: targets [2, 4] must have shape [2]: one class index for each row of logits [2, 3]
  logits  [2, 3]  float32
  targets  [2, 4]  float32
  hint: class probabilities have the shape of logits
  code: crossEntropy/shape`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), zeros([2, 3], { dtype: "int32" })),
    error: "DTypeError",
    message: `crossEntropy: targets of the logits' shape are class probabilities: their dtype int32 must be floating
  targets  [2, 3]  int32
  hint: for probabilities targets.to("float32"); for class indices one for each row of logits
  code: crossEntropy/probabilities`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), zeros([2, 3]), { ignoreIndex: 0 }),
    error: "IndexError",
    message: `crossEntropy: ignoreIndex 0 names a class index; targets that are class probabilities have none
  targets  [2, 3]  float32
  code: crossEntropy/ignore-index`,
  },
  {
    call: () => crossEntropy(zeros([2, 3, 2]), zeros([2, 3, 2]), { weight: zeros([2]) }),
    error: "ShapeError",
    message: `crossEntropy: weight [2] must have one entry for each of the 3 classes
  code: crossEntropy/weight`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), tensor([0, 3], { dtype: "int32" })),
    error: "IndexError",
    message: `crossEntropy: target 3 at position 1 is outside [0, 2]
  targets  [2]  int32
  code: crossEntropy/target`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), tensor([0, -1], { dtype: "int32" })),
    error: "IndexError",
    message: `crossEntropy: target -1 at position 1 is outside [0, 2]
  targets  [2]  int32
  code: crossEntropy/target`,
  },
  {
    call: () => crossEntropy(zeros([2, 3]), zeros([2], { dtype: "int32" }), { labelSmoothing: 1.5 }),
    error: "IndexError",
    message: `crossEntropy: labelSmoothing 1.5 must be a number from 0 to 1
  code: crossEntropy/option`,
  },
  {
    call: () => nllLoss(zeros([2, 3]), zeros([3], { dtype: "int32" })),
    error: "ShapeError",
    message: `nllLoss: targets [3] must have shape [2]: one class index for each row of logp [2, 3]
  logp  [2, 3]  float32
  targets  [3]  int32
  code: nllLoss/shape`,
  },
  {
    call: () => nllLoss(zeros([2, 3]), zeros([2], { dtype: "int32" }), { weight: zeros([2]) }),
    error: "ShapeError",
    message: `nllLoss: weight [2] must have one entry for each of the 3 classes
  code: nllLoss/weight`,
  },
  {
    call: () => nllLoss(zeros([2, 3]), zeros([2])),
    error: "DTypeError",
    message: `nllLoss: targets.dtype = float32 must be an integer dtype: int32, int64 or uint8
  targets  [2]  float32
  hint: convert them: targets.to("int32")
  code: nllLoss/targets`,
  },
  {
    call: () => nllLoss(zeros([2, 3]), tensor([5, 0], { dtype: "uint8" })),
    error: "IndexError",
    message: `nllLoss: target 5 at position 0 is outside [0, 2]
  targets  [2]  uint8
  code: nllLoss/target`,
  },
  {
    call: () => mseLoss(zeros([2, 3]), zeros([2])),
    error: "ShapeError",
    message: `mseLoss: input.shape[-1] = 3 and target.shape[-1] = 2 must be equal, or one of them 1
  input  [2, 3]
  target  [2]
  code: mseLoss/broadcast`,
  },
];

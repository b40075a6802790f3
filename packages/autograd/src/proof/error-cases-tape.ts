import { batchNorm, mul, ones, pushInterpreter, scope, sgdStep, tensor, Tensor, zeros, type ErrorSample } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { enableGrad, inferenceMode, noGrad } from "../grad-mode.ts";
import { gradcheck } from "../gradcheck.ts";
import { changed, leaf, reentered, stale, twice, unrecorded, usedAfterScope } from "./error-calls.ts";

/** Misuse of the tape, of changes in place, and of memory. */
export const errorsOfTape: readonly ErrorSample[] = [
  {
    call: () => {
      const [removeFirst, removeSecond] = [pushInterpreter((below) => ({ run: below.run.bind(below) })), pushInterpreter((below) => ({ run: below.run.bind(below) }))];
      try {
        removeFirst();
      } finally {
        removeSecond();
        removeFirst();
      }
    },
    error: "TapegradError",
    message: `pushInterpreter: 1 pushed after this one must be removed first
  code: interpreter/order`,
  },
  {
    call: () => leaf([1, 2]).add_(1),
    error: "GradError",
    message: `add_: a leaf that requires grad cannot be changed in place while the tape records
  x  [2]  float32
  hint: wrap the change in noGrad(() => ...)
  code: inPlace/leaf`,
  },
  {
    call: () => zeros([2]).add_(zeros([3, 2])),
    error: "ShapeError",
    message: `add_: the result [3, 2] must keep the shape of the tensor [2]
  x  [2]  float32
  code: inPlace/shape`,
  },
  {
    call: () => tensor([1], { dtype: "int32" }).mul_(1.5),
    error: "DTypeError",
    message: `mul_: the result is float32, which does not fit into int32
  x  [1]  int32
  code: inPlace/dtype`,
  },
  {
    call: () => tensor([true]).add_(tensor([2], { dtype: "int32" })),
    error: "DTypeError",
    message: `add_: the result is int32, which does not fit into bool
  x  [1]  bool
  code: inPlace/dtype`,
  },
  ...[() => leaf([1, 2]).reshape([2, 1]).mul_(3), () => leaf([1, 2]).reshape([2, 1]).copy_(ones([2, 1])), () => leaf([1, 2]).reshape([2, 1]).fill_(3)].map((call, i) => ({
    call,
    error: "GradError",
    message: `${["mul_", "copy_", "fill_"][i] as string}: a view of a leaf that requires grad cannot be changed in place while the tape records
  x  [2, 1]  float32
  hint: wrap the change in noGrad(() => ...)
  code: inPlace/leaf-view`,
  })),
  // As in PyTorch, what it shows matters: a leaf, a tensor on the tape, or a constant that would get there.
  ...[() => unrecorded(leaf([1, 2])).mul_(3), () => unrecorded(mul(leaf([1, 2]), 2)).mul_(3), () => unrecorded(ones([2])).mul_(leaf([3]))].map((call) => ({
    call,
    error: "GradError",
    message: `mul_: a view that was taken inside noGrad cannot be changed in place while the tape records: what it shows would lose its gradient
  x  [1]  float32
  hint: take the view outside noGrad, or change it inside
  code: inPlace/unrecorded-view`,
  })),
  {
    call: () => zeros([1]).expand([3]).detach().narrow(0, 0, 1).mul_(leaf([2])),
    error: "ShapeError",
    message: `mul_: several elements of the base of x are one in memory (strides [0]): none of them can be changed alone
  the base of x  [3]  float32
  hint: change a clone(), or the tensor that was expanded
  code: inPlace/coinciding`,
  },
  {
    call: () => zeros([2]).copy_(zeros([3])),
    error: "ShapeError",
    message: `copy_: source [3] must broadcast to [2]
  x  [2]  float32
  source  [3]  float32
  code: copy_/shape`,
  },
  {
    call: () => zeros([1]).expand([3]).add_(tensor([1, 2, 3])),
    error: "ShapeError",
    message: `add_: several elements of x are one in memory (strides [0]): none of them can be changed alone
  x  [3]  float32
  hint: change a clone(), or the tensor that was expanded
  code: inPlace/coinciding`,
  },
  {
    call: () => batchNorm(tensor([[1, 2], [3, 4]]), { training: true, runningMean: zeros([1]).expand([2]) }),
    error: "ShapeError",
    message: `batchNorm: several elements of runningMean are one in memory (strides [0]): none of them can be changed alone
  runningMean  [2]  float32
  hint: change a clone(), or the tensor that was expanded
  code: inPlace/coinciding`,
  },
  {
    call: () => sgdStep(zeros([1]).expand([2]), zeros([2]), null, { lr: 1, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, first: false }),
    error: "ShapeError",
    message: `step: several elements of parameter are one in memory (strides [0]): none of them can be changed alone
  parameter  [2]  float32
  hint: change a clone(), or the tensor that was expanded
  code: inPlace/coinciding`,
  },
  {
    call: () => leaf([1, 2]).fill_(3),
    error: "GradError",
    message: `fill_: a leaf that requires grad cannot be changed in place while the tape records
  x  [2]  float32
  hint: wrap the change in noGrad(() => ...)
  code: inPlace/leaf`,
  },
  {
    call: () => zeros([1]).backward(),
    error: "GradError",
    message: `backward: the output does not depend on anything that requires grad, or was computed inside noGrad
  output  [1]  float32
  hint: set requiresGrad on the parameters, and compute the output outside noGrad
  code: backward/no-graph`,
  },
  {
    call: () => mul(leaf([1, 2]), 2).backward(),
    error: "GradError",
    message: `backward: the output has 2 elements: only one element has a gradient of its own
  output  [2]  float32
  hint: reduce it first (sum, mean), or pass the gradient of something with respect to it
  code: backward/not-scalar`,
  },
  {
    call: () => mul(leaf([1, 2]), 2).backward(zeros([3])),
    error: "GradError",
    message: `backward: the gradient must have the shape of the output
  output  [2]  float32
  gradient  [3]  float32
  code: backward/gradient-shape`,
  },
  {
    call: () => grad([zeros([1])], [leaf([1])]),
    error: "GradError",
    message: `grad: the output does not depend on anything that requires grad, or was computed inside noGrad
  output  [1]  float32
  hint: set requiresGrad on the parameters, and compute the output outside noGrad
  code: grad/no-graph`,
  },
  {
    call: () => grad([mul(leaf([1, 2]), 2)], [leaf([1])]),
    error: "GradError",
    message: `grad: the output has 2 elements: only one element has a gradient of its own
  output  [2]  float32
  hint: reduce it first (sum, mean), or pass the gradient of something with respect to it
  code: grad/not-scalar`,
  },
  {
    call: () => grad([mul(leaf([1]), 2)], [leaf([1])]),
    error: "GradError",
    message: `grad: the outputs do not depend on input 0
  hint: pass { allowUnused: true } to get null instead
  code: grad/unused`,
  },
  {
    call: () => grad([mul(leaf([1]), 2)], [zeros([1])]),
    error: "GradError",
    message: `grad: input 0 does not require grad
  input  [1]  float32
  hint: set requiresGrad before the outputs are computed
  code: grad/no-grad`,
  },
  {
    call: () => grad([mul(leaf([1]), 2)], [leaf([1])], { gradOutputs: [zeros([2])] }),
    error: "GradError",
    message: `grad: the gradient must have the shape of the output
  output  [1]  float32
  gradient  [2]  float32
  code: grad/gradient-shape`,
  },
  {
    call: () => zeros([1]).retainGrad(),
    error: "GradError",
    message: `retainGrad: the tensor does not require grad: no gradient will come to it
  x  [1]  float32
  code: retainGrad/no-graph`,
  },
  {
    call: () => zeros([1]).registerHook(() => undefined),
    error: "GradError",
    message: `registerHook: the tensor does not require grad: no gradient will come to it
  x  [1]  float32
  code: registerHook/no-graph`,
  },
  ...[async () => 1, () => Promise.resolve(1)].map((run) => ({
    call: () => scope(run),
    error: "ArgumentError",
    message: `scope: the function is asynchronous: what it makes after an await would be made outside
  hint: open scopes inside it, around the synchronous parts
  code: scope/async`,
  })),
  {
    call: () => scope(3 as never),
    error: "IndexError",
    message: `scope: run 3 must be a function
  code: scope/option`,
  },
  {
    call: () => noGrad(async () => 1),
    error: "GradError",
    message: `noGrad: the function is asynchronous: recording would be switched back before it ends
  hint: switch inside it, around the synchronous parts
  code: gradMode/async`,
  },
  {
    call: () => enableGrad(async () => 1),
    error: "GradError",
    message: `enableGrad: the function is asynchronous: recording would be switched back before it ends
  hint: switch inside it, around the synchronous parts
  code: gradMode/async`,
  },
  {
    call: () => inferenceMode(() => Promise.resolve(1)),
    error: "GradError",
    message: `inferenceMode: the function is asynchronous: recording would be switched back before it ends
  hint: switch inside it, around the synchronous parts
  code: gradMode/async`,
  },
  {
    call: () => gradcheck((x) => mul(x, x), [leaf([1])]),
    error: "GradError",
    message: `gradcheck: input dtype float32 must be float64: others are too coarse
  code: gradcheck/dtype`,
  },
  {
    call: () => gradcheck((x) => mul(x, x.detach()), [tensor([1.5], { dtype: "float64", requiresGrad: true })]),
    error: "GradError",
    message: `gradcheck: d output[0] / d input 0[0] is 1.5 on the tape, 2.9999999999996305 numerically
  code: gradcheck/mismatch`,
  },
  {
    call: () => twice(),
    error: "GradError",
    message: `backward: the graph was already used up at mul: its saved tensors were released by an earlier backward
  hint: pass { retainGraph: true } to the earlier backward
  code: backward/released`,
  },
  {
    call: () => changed(),
    error: "GradError",
    message: `backward: b [2], saved by mul at version 0, was changed in place: it is at version 1
  hint: change a copy (b.clone()), or use the op that is not in place
  code: backward/changed`,
  },
  {
    call: () => stale(),
    error: "GradError",
    message: `mul: a tensor [2] shares its elements with one that was changed in place on the tape; its own gradient would be wrong
  hint: go on with the tensor that was changed, or with a view of it that is taken now
  code: tape/stale-view`,
  },
  {
    call: () => reentered(),
    error: "GradError",
    message: `backward: a backward pass inside a backward pass reached the same graph, at mul
  hint: hooks may compute with gradients, but not call backward on the graph that is being walked
  code: backward/reentered`,
  },
  {
    call: () => usedAfterScope(),
    error: "MemoryError",
    message: `heap: a tensor of 12 bytes is used after it was freed
  hint: return it from its scope(), or keep() it
  code: heap/freed`,
  },
  {
    call: () => new Tensor(zeros([2]).storage, [], [], 5).item(),
    error: "IndexError",
    message: `item: position 5 is outside the storage of 2
  code: item/position`,
  },
];

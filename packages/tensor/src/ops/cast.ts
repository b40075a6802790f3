import type { DType } from "@tapegrad/kernels";
import { castKernel } from "../compute/cast.ts";
import { defineOp } from "../op.ts";
import { anyDType } from "../option-rules.ts";
import { checkArgument } from "../options.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import { everyDType } from "./every-dtype.ts";

const definition = defineOp<readonly ["x"], { dtype: DType }>({
  name: "to",
  inputs: ["x"],
  saves: [],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  forward: ([x], { dtype }) => castKernel(x, dtype),
  // The engine brings a gradient back to its input's dtype.
  backward: { x: (dOut) => dOut },
  samples: () => everyDType.flatMap((dtype) => [[], [17], [2, 3], [0]].map((shape) => ({ inputs: [{ shape }], attrs: { dtype } }))),
});

/**
 * The tensor in another dtype; itself if it has that one. Floats truncate to integers, everything but 0 becomes true.
 *
 * Gradient  dx = dOut
 * @example
 * tensor([1.7, -1.7]).to("int32").toArray(); // [1, -1]
 */
export function to(x: Tensor, dtype: DType): Tensor {
  requireTensor("to", "x", x);
  if (x.dtype === dtype) return x;
  checkArgument("to", "dtype", dtype, anyDType);
  return definition.run([x], { dtype });
}

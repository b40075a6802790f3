import type { AdamStep, SgdStep } from "../compute/backend.ts";
import { adamKernel, sgdKernel } from "../compute/optimizer.ts";
import { defineOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";

const sgdOp = defineOp<readonly ["parameter", "gradient", "buffer?"], SgdStep>({
  name: "sgdStep",
  inputs: ["parameter", "gradient", "buffer?"],
  saves: [],
  changes: ["parameter", "buffer"],
  halfNative: true,
  infer: ([parameter]) => parameter,
  forward: ([parameter, gradient, buffer], step) => {
    sgdKernel(parameter, gradient, buffer, step);
    return parameter;
  },
  samples: () => {
    const step: SgdStep = { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0.01, nesterov: true, maximize: false, first: false };
    return [
      { inputs: [{ shape: [7] }, { shape: [7] }, { shape: [7] }], attrs: step },
      { inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, null], attrs: { ...step, momentum: 0, nesterov: false } },
    ];
  },
});

/** One SGD step on a parameter, in place. `buffer` is null without momentum. @internal */
export function sgdStep(parameter: Tensor, gradient: Tensor, buffer: Tensor | null, step: SgdStep): void {
  sgdOp.run([parameter, gradient, buffer], step);
}

const adamOp = defineOp<readonly ["parameter", "gradient", "m", "v", "maxV?"], AdamStep>({
  name: "adamStep",
  inputs: ["parameter", "gradient", "m", "v", "maxV?"],
  saves: [],
  changes: ["parameter", "m", "v", "maxV"],
  halfNative: true,
  infer: ([parameter]) => parameter,
  forward: ([parameter, gradient, m, v, maxV], step) => {
    adamKernel(parameter, gradient, m, v, maxV, step);
    return parameter;
  },
  samples: () => {
    const step: AdamStep = { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01, decoupled: true, maximize: false, step: 3 };
    const moment = { shape: [7], range: [0.1, 1] } as const;
    return [
      { inputs: [{ shape: [7] }, { shape: [7] }, moment, moment, null], attrs: step },
      { inputs: [{ shape: [7] }, { shape: [7] }, moment, moment, moment], attrs: { ...step, decoupled: false } },
    ];
  },
});

/** One Adam step on a parameter, in place. `maxV` is null without AMSGrad. @internal */
export function adamStep(parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, maxV: Tensor | null, step: AdamStep): void {
  adamOp.run([parameter, gradient, m, v, maxV], step);
}

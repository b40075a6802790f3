export { grad } from "./backward.ts";
export type { GradOptions, GradientsOf } from "./backward.ts";
export { enableGrad, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from "./grad-mode.ts";
export { gradcheck } from "./gradcheck.ts";
export type { GradcheckError, GradcheckOptions } from "./gradcheck.ts";
export { inputVariable, jacobians } from "./jacobians.ts";
export type { Jacobian, JacobianOptions, Variable } from "./jacobians.ts";

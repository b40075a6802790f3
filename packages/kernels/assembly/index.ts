export { allocate, release } from "./memory";
export { setThreadCount, workerLoop } from "./pool";
export { addF32 } from "./pointwise";
export { gemm } from "./gemm";
export { conv2d, conv2dInputGrad, conv2dWeightGrad } from "./conv";

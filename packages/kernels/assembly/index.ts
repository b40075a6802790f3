export { allocate, release } from "./memory";
export { setThreadCount, workerLoop } from "./pool";
export { addF32 } from "./pointwise";

// Importing this package registers it.
import "./register.ts";

export { kernelInfo, setBlasEnabled } from "@tapegrad/kernels";
export type { BlasLibrary, KernelInfo } from "@tapegrad/kernels";

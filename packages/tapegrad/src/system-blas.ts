import { packageFile, useBlas } from "@tapegrad/kernels";

/** The path of the optional package's module, or null if it is not installed. In a bundle that is CommonJS there is no URL to start from. */
useBlas(() => packageFile("@tapegrad/blas/native", import.meta.url ?? __filename));

export { kernelInfo } from "@tapegrad/kernels";

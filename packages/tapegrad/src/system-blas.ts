import { createRequire } from "node:module";
import { useBlas } from "@tapegrad/kernels";

const nativeModule = "@tapegrad/blas/native";

/** The path of the optional package's module, or null if it is not installed. Anything else that is wrong with it is an error. */
function locateBlas(): string | null {
  try {
    return createRequire(import.meta.url).resolve(nativeModule);
  } catch (error) {
    // An installed package that lacks its file has the same code, but a message with the file's path.
    const isAbsent = error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND" && !error.message.includes("native.cjs");
    if (isAbsent) return null;
    throw error;
  }
}

useBlas(locateBlas);

export { kernelInfo } from "@tapegrad/kernels";

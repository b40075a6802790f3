import { kernelInfo } from "@tapegrad/kernels";
import "../register.ts";

/** The library that this machine has, or null. */
export const installed = kernelInfo().blas;

/** What the name of a test ends in that cannot run without a library. */
export const unlessInstalled = installed === null ? " (skipped: this machine has no BLAS, or TAPEGRAD_BLAS=off)" : "";

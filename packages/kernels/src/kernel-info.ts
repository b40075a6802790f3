import { blasInUse, type BlasLibrary } from "./blas.ts";
import { getNumThreads } from "./threads.ts";
import { kernels } from "./wasm.ts";

/** What computes. */
export interface KernelInfo {
  readonly kernels: "wasm" | "wasm+blas" | "plain";
  /** The system's BLAS that large matrix products use, or null. */
  readonly blas: BlasLibrary | null;
  readonly threads: number;
  /** Bits of the widest vectors that the kernels compute with. */
  readonly simdBits: 128 | 256;
  /** Whether products are added to their sums in one rounding (fused multiply-add). */
  readonly fma: boolean;
}

/**
 * What computes: the kernels alone, or with a BLAS of the system's, which this loads if it was not yet.
 *
 * Throws    TapegradError `blas/package`, `blas/koffi`, `blas/load`, `blas/symbol` when `TAPEGRAD_BLAS` names what cannot be used
 * @example
 * kernelInfo().threads; // getNumThreads()
 */
export function kernelInfo(): KernelInfo {
  const blas = blasInUse();
  return {
    kernels: kernels === null ? "plain" : blas === null ? "wasm" : "wasm+blas",
    blas,
    threads: getNumThreads(),
    simdBits: kernels?.hasWide === true ? 256 : 128,
    fma: kernels?.fma === true,
  };
}

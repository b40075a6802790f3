import { TapegradError } from "./errors.ts";
import { setting } from "./surroundings.ts";

/** A module of one function that makes a vector and counts bits in it. */
const vectorProgram = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** Whether the engine has WebAssembly, and its 128-bit vectors. */
function hasVectors(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(new Uint8Array(vectorProgram));
}

/**
 * What computes: the kernels, or plain loops where `TAPEGRAD_BACKEND=plain` asks for them or the engine cannot run the kernels.
 *
 * Throws    TapegradError `backend/name`
 */
export function chooseBackend(wanted = setting("TAPEGRAD_BACKEND"), canRunKernels: () => boolean = hasVectors): "wasm" | "plain" {
  if (wanted !== undefined && wanted !== "" && wanted !== "wasm" && wanted !== "plain") {
    throw new TapegradError({ op: "TAPEGRAD_BACKEND", fact: `"${wanted}" is no backend: there are wasm and plain`, code: "backend/name", data: { wanted } });
  }
  if (wanted === "plain") return "plain";
  if (canRunKernels()) return "wasm";
  process.emitWarning("the engine has no WebAssembly with vectors: everything is computed by plain loops, many times slower", { code: "backend/plain" });
  return "plain";
}

/** Chosen once: storages lie in the kernels' memory or, for plain loops, in arrays of the host's. */
export const backendName = chooseBackend();

import type { Backend } from "./backend.ts";
import { wasmBackend } from "./wasm-backend.ts";

/** The backend that computes. */
export const backend: Backend = wasmBackend;

import { backendName } from "@tapegrad/kernels";
import type { Backend } from "./backend.ts";
import { plainBackend } from "./plain/plain-backend.ts";
import { wasmBackend } from "./wasm-backend.ts";

/** The backend that computes. */
export const backend: Backend = backendName === "plain" ? plainBackend : wasmBackend;

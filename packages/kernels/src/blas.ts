import { backendName } from "./backend-choice.ts";
import { bindBlasFunctions, setBlasLoader, type BlasFunctions } from "./blas-functions.ts";
import { TapegradError } from "./errors.ts";
import { whenHeapIsLarge } from "./heap.ts";
import { requireFrom } from "./package-file.ts";
import { setting } from "./surroundings.ts";
import { giveWorkersBlas } from "./threads.ts";
import { maxMemoryBytes, memory, wasm } from "./wasm.ts";
import type { SharedMemory } from "./webassembly-types.ts";

/** A BLAS library that was found. */
export interface BlasLibrary {
  /** OpenBLAS, MKL, BLIS, Accelerate, or BLAS for one that does not say. */
  readonly name: string;
  /** What the library says about itself; empty if it says nothing. */
  readonly version: string;
  readonly path: string;
}

/** A CommonJS module that every thread loads for itself, without tapegrad around it. What it throws on purpose has a `code` `blas/...`. */
interface BlasModule {
  /** The library at `path`, or without it one that the system knows by name, and the file to bind; null if there is none. */
  find(path: string | undefined): { readonly library: BlasLibrary; readonly file: string } | null;
  /** The products for the thread that calls it, which the library must not cut further. */
  bind(file: string, memory: SharedMemory): BlasFunctions;
  /** Asks the system to back the memory, which may grow to so many bytes, by huge pages; false where it does not. */
  adviseHugePages(memory: SharedMemory, maxBytes: number): boolean;
}

/** States of the kernels' switch (assembly/gemm-blas.ts). */
const states = { off: 0, unloaded: 1, loaded: 2 };

/** Multiply-adds from which on a call outside pays: a product of about 32 by 32 by 32. */
const defaultFrom = 32_768;

let locate: () => string | null = () => null;
/** Undefined until it was looked for. */
let library: BlasLibrary | null | undefined;
let registered = false;
let enabled = true;
let from = defaultFrom;

function applySwitch(): void {
  const usable = registered && enabled && library !== null;
  wasm.setBlas(!usable ? states.off : library === undefined ? states.unloaded : states.loaded, from);
}

/**
 * Registers a BLAS: `locateModule` gives the path of its module, or null if there is none after all. Nothing is loaded before the
 * first product that is large enough. `TAPEGRAD_BLAS=off` keeps BLAS out; `TAPEGRAD_BLAS=PATH` names the library, which must
 * then be there. A library that is loaded already stays.
 */
export function useBlas(locateModule: () => string | null): void {
  if (backendName === "plain" || setting("TAPEGRAD_BLAS") === "off" || (registered && library !== undefined)) return;
  locate = locateModule;
  registered = true;
  setBlasLoader(() => (loadBlas() === null ? states.off : states.loaded));
  whenHeapIsLarge(askForHugePages);
  applySwitch();
}

/** The module's own place is what it is required from: in a bundle that is CommonJS this code has no URL. */
function loadModule(path: string): BlasModule {
  return requireFrom(path)(path) as BlasModule;
}

/** Through the package that can call the system. Without it, or if that fails, all goes on as before, only slower. */
function askForHugePages(): void {
  try {
    const modulePath = locate();
    if (modulePath !== null) loadModule(modulePath).adviseHugePages(memory, maxMemoryBytes);
  } catch {
    // What is wrong with the package, the first product says.
  }
}

/**
 * Switches between BLAS and the kernels' own products, for products of `products` multiply-adds and more. Without effect where
 * there is no BLAS.
 */
export function setBlasEnabled(isEnabled: boolean, products: number = defaultFrom): void {
  enabled = isEnabled;
  from = products;
  if (registered) applySwitch();
}

/** The library that products use, loaded now if it was not yet, or null. Throws what `loadBlas` throws. */
export function blasInUse(): BlasLibrary | null {
  return registered && enabled ? loadBlas() : null;
}

/**
 * Throws    TapegradError `blas/package`, `blas/koffi`, `blas/surroundings`, `blas/load`, `blas/symbol`: what `TAPEGRAD_BLAS` names cannot be used
 */
function loadBlas(): BlasLibrary | null {
  if (library !== undefined) return library;
  const path = setting("TAPEGRAD_BLAS") || undefined;
  const modulePath = locate();
  if (modulePath === null) {
    if (path !== undefined) {
      throw new TapegradError({
        op: "TAPEGRAD_BLAS",
        fact: `"${path}" needs the package @tapegrad/blas, which is not installed`,
        code: "blas/package",
        data: { path },
      });
    }
    library = null;
  } else {
    library = findLibrary(modulePath, path);
  }
  applySwitch();
  return library;
}

function findLibrary(modulePath: string, path: string | undefined): BlasLibrary | null {
  try {
    const blas = loadModule(modulePath);
    const found = blas.find(path);
    if (found === null) return null;
    bindBlasFunctions(blas.bind(found.file, memory));
    giveWorkersBlas({ modulePath, file: found.file });
    return found.library;
  } catch (error) {
    if (!isBlasError(error)) throw error;
    if (path !== undefined) {
      throw new TapegradError({
        op: "TAPEGRAD_BLAS",
        fact: error.message,
        hint: "TAPEGRAD_BLAS=off does without a BLAS",
        code: error.code,
        data: { path },
        cause: error.cause,
      });
    }
    // Nobody asked for this BLAS, so that it cannot be had is no reason to stop; but it is worth knowing.
    process.emitWarning(`${error.message}; matrix products do without a BLAS`, { code: error.code });
    return null;
  }
}

function isBlasError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("blas/");
}

/**
 * Finds a BLAS library of the system's and calls it on the kernels' heap, for which it can ask for huge pages. Every thread loads this
 * file for itself, workers by its path, so it leans on nothing but koffi and library-places.cjs.
 */
"use strict";
const { isAbsolute, resolve } = require("node:path");
const { intruder, placesOf } = require("./library-places.cjs");

/**
 * @typedef {import("koffi")} Koffi
 * @typedef {import("koffi").LibraryHandle} Handle
 * @typedef {(tA: number, tB: number, m: number, n: number, k: number, a: number, lda: number, b: number, ldb: number, accumulate: number, c: number, ldc: number) => number} Multiply
 */

// Of <cblas.h>.
const rowMajor = 101, noTranspose = 111, transposed = 112;

/** Fast libraries, by name or place. Not libblas.so.3: where that is the reference BLAS, it is slower than our own kernels. */
const libraryNames = {
  linux: ["libopenblas.so.0", "libopenblas.so", "libmkl_rt.so.2", "libmkl_rt.so", "libblis.so.4", "libblis.so"],
  darwin: ["/System/Library/Frameworks/Accelerate.framework/Accelerate", "libopenblas.dylib"],
  win32: ["libopenblas.dll", "openblas.dll", "mkl_rt.2.dll"],
};

/** @type {Koffi | undefined} */
let koffi;

/**
 * An error for the user: the kernels make a TapegradError of it.
 * @param {string} code
 * @param {string} message
 * @param {unknown} [cause]
 */
function blasError(code, message, cause) {
  return Object.assign(new Error(message, { cause }), { code });
}

/** @param {unknown} error */
function textOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @returns {Koffi} */
function loadKoffi() {
  try {
    return (koffi ??= require("koffi"));
  } catch (error) {
    throw blasError("blas/koffi", `koffi, through which native code is called, does not load here (${textOf(error)})`, error);
  }
}

/**
 * Loads a library, which shall not start threads of its own.
 * @param {string} path
 */
function open(path) {
  const { load } = loadKoffi();
  // Accelerate may look at this any time after; only macOS 15 has a function for it.
  if (process.platform === "darwin") process.env["VECLIB_MAXIMUM_THREADS"] ??= "1";
  // OpenBLAS starts its threads while it is loaded. Processes that this one starts later shall not inherit the setting.
  const name = "OPENBLAS_NUM_THREADS", before = process.env[name];
  process.env[name] = "1";
  try {
    return load(path);
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

/**
 * The function, or undefined if the library does not have it.
 * @param {Handle} handle
 * @param {string} name
 * @param {string} result
 * @param {string[]} parameters
 */
function optionalFunction(handle, name, result, parameters) {
  try {
    return handle.func(name, result, parameters);
  } catch {
    return undefined;
  }
}

/**
 * Who made the library, and what it says about itself.
 * @param {Handle} handle
 * @param {string} path
 */
function identify(handle, path) {
  const openBlas = optionalFunction(handle, "openblas_get_config", "str", []);
  if (openBlas !== undefined) return { name: "OpenBLAS", version: String(openBlas()).trim() };
  const mkl = optionalFunction(handle, "MKL_Get_Version_String", "void", ["void *", "int"]);
  if (mkl !== undefined) {
    const text = Buffer.alloc(256);
    mkl(text, text.length);
    return { name: "MKL", version: text.toString("latin1").replace(/\0.*$/s, "").trim() };
  }
  const blis = optionalFunction(handle, "bli_info_get_version_str", "str", []);
  if (blis !== undefined) return { name: "BLIS", version: String(blis()).trim() };
  return { name: path.includes("Accelerate") ? "Accelerate" : "BLAS", version: "" };
}

/**
 * Turns the library's own threads off: the kernels cut the work, and some libraries keep this setting for each thread.
 * @param {Handle} handle
 */
function useOneThread(handle) {
  optionalFunction(handle, "openblas_set_num_threads", "void", ["int"])?.(1);
  // 1 is MKL_THREADING_SEQUENTIAL: without it MKL looks for an OpenMP library.
  optionalFunction(handle, "MKL_Set_Threading_Layer", "int", ["int"])?.(1);
  optionalFunction(handle, "MKL_Set_Num_Threads_Local", "int", ["int"])?.(1);
  optionalFunction(handle, "bli_thread_set_num_threads", "void", ["int64"])?.(1);
  // 1 is BLAS_THREADING_SINGLE_THREADED.
  optionalFunction(handle, "BLASSetThreading", "int", ["uint"])?.(1);
}

/** What says where libraries are. Deno may not let us ask, and a working folder may have been removed. */
function thisSystem() {
  try {
    return { platform: process.platform, workingFolder: process.cwd(), env: { ...process.env } };
  } catch (error) {
    throw blasError("blas/surroundings", `environment and working folder, which say where libraries are, cannot be asked for (${textOf(error)})`, error);
  }
}

/**
 * The library at `path`, or of that name, or without it the first that is there; null if none is. What is loaded is always an absolute path.
 * @param {string | undefined} path
 */
function find(path) {
  if (path !== undefined) return findNamed(path);
  loadKoffi();
  const system = thisSystem();
  const names = Object.entries(libraryNames).find(([platform]) => platform === process.platform)?.[1] ?? [];
  const files = names.flatMap((name) => (isAbsolute(name) ? [name] : placesOf(name, system)));
  const stranger = intruder(system);
  if (files.length > 0 && stranger !== null) throw blasError("blas/path", `LD_LIBRARY_PATH has an entry that leads to the working folder, whose ${stranger} the system's BLAS might load`);
  for (const file of files) {
    let handle;
    try {
      handle = open(file);
    } catch {
      continue;
    }
    if (optionalFunction(handle, "cblas_sgemm", "void", []) === undefined) continue;
    return { library: { ...identify(handle, file), path: file }, file };
  }
  return null;
}

/** @param {string} path */
function findNamed(path) {
  const isName = !/[\\/]/.test(path);
  const [file] = isName ? placesOf(path, thisSystem()) : [resolve(path)];
  loadKoffi();
  if (file === undefined) throw blasError("blas/load", `"${path}" cannot be loaded (no folder of the system's libraries has it; the working folder is not looked into)`);
  let handle;
  try {
    handle = open(file);
  } catch (error) {
    throw blasError("blas/load", `"${path}" cannot be loaded (${textOf(error)})`, error);
  }
  if (optionalFunction(handle, "cblas_sgemm", "void", []) === undefined) throw blasError("blas/symbol", `"${path}" has no function cblas_sgemm`);
  return { library: { ...identify(handle, file), path: file }, file };
}

/**
 * The products for the calling thread.
 * @param {string} file
 * @param {{ readonly buffer: SharedArrayBuffer }} memory
 */
function bind(file, memory) {
  const handle = open(file);
  useOneThread(handle);
  // A shared memory never moves, so its address is good for ever. As an integer it passes at half the price of a pointer.
  const base = Number(loadKoffi().address(new Uint8Array(memory.buffer)));
  /** @type {(name: string, float: string) => Multiply} */
  const multiply = (name, float) => {
    const gemm = handle.func(name, "void", ["int", "int", "int", "int", "int", "int", float, "uintptr", "int", "uintptr", "int", float, "uintptr", "int"]);
    // Addresses arrive as signed 32-bit integers.
    return (tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc) => {
      gemm(rowMajor, tA === 0 ? noTranspose : transposed, tB === 0 ? noTranspose : transposed, m, n, k, 1, base + (a >>> 0), lda, base + (b >>> 0), ldb, accumulate, base + (c >>> 0), ldc);
      return 1;
    };
  };
  return { gemmF32: multiply("cblas_sgemm", "float"), gemmF64: multiply("cblas_dgemm", "double") };
}

// Of <sys/mman.h>.
const adviceHugePage = 14, adviceCollapse = 25;

/**
 * Asks Linux to back a memory by huge pages, what there is of it and what it grows by: kernels that stream through arrays of megabytes
 * otherwise miss the translation buffers at every page. Gives whether the system took the advice; it cannot fail otherwise.
 * @param {{ readonly buffer: SharedArrayBuffer }} memory shared, so that its address stays
 * @param {number} maxBytes what it may grow to
 */
function adviseHugePages(memory, maxBytes) {
  if (process.platform !== "linux") return false;
  try {
    const { address, load } = loadKoffi();
    const advise = load(null).func("madvise", "int", ["uintptr", "size_t", "int"]);
    const base = Number(address(new Uint8Array(memory.buffer)));
    if (advise(base, maxBytes, adviceHugePage) !== 0) return false;
    // Since Linux 6.1; before, the kernel comes round to it.
    advise(base, memory.buffer.byteLength, adviceCollapse);
    return true;
  } catch {
    return false;
  }
}

module.exports = { find, bind, adviseHugePages };

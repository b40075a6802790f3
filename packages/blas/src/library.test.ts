import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { installed, unlessInstalled } from "./testing/installed.ts";

const nativeModule = fileURLToPath(new URL("../native.cjs", import.meta.url));
const { find } = createRequire(import.meta.url)(nativeModule) as typeof import("../native.cjs");

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blas-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** The kernels as a new program would see them, with that `TAPEGRAD_BLAS` and that module. */
async function freshKernels(setting: string, modulePath: string | null = nativeModule) {
  vi.stubEnv("TAPEGRAD_BLAS", setting);
  vi.resetModules();
  const kernels = await import("@tapegrad/kernels");
  kernels.useBlas(() => modulePath);
  return kernels;
}

describe("TAPEGRAD_BLAS", () => {
  test("off keeps BLAS out", async () => {
    const { kernelInfo, getNumThreads } = await freshKernels("off");
    // How wide, and whether fused, depends on the engine (kernel-module.test.ts).
    const { simdBits, fma, ...rest } = kernelInfo();
    expect(rest).toEqual({ kernels: "wasm", blas: null, threads: getNumThreads() });
    expect([128, 256]).toContain(simdBits);
    expect([true, false]).toContain(fma);
  });

  test("naming a file that is not there is an error, at the first large product too", async () => {
    const { kernelInfo, TapegradError, wasm } = await freshKernels("/no/such/library.so");
    expect(() => kernelInfo()).toThrow(TapegradError);
    expect(() => kernelInfo()).toThrow(/^TAPEGRAD_BLAS: "\/no\/such\/library\.so" cannot be loaded \(.+\)\n {2}hint: TAPEGRAD_BLAS=off does without a BLAS\n {2}code: blas\/load$/);
    const room = wasm.allocate(3 * 64 * 64 * 4) >>> 0;
    const multiply = (size: number): void => wasm.gemm(0, 1, size, size, size, room, size, 1, 0, room, size, 1, 0, room + 2 * 64 * 64 * 4, size, 0, 0, 0);
    expect(() => multiply(64)).toThrow("code: blas/load");
    multiply(16);
    wasm.release(room);
  });

  test("naming a library without cblas_sgemm is an error", async () => {
    // Some library that this process has loaded, such as libm.
    const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] };
    const path = sharedObjects.find((name) => /\/libm[.-]|libSystem|kernel32/i.test(name)) ?? "";
    const { kernelInfo } = await freshKernels(path);
    expect(() => kernelInfo()).toThrow(`TAPEGRAD_BLAS: "${path}" has no function cblas_sgemm\n  hint: TAPEGRAD_BLAS=off does without a BLAS\n  code: blas/symbol`);
  });

  test("naming a library without the package is an error", async () => {
    const { kernelInfo } = await freshKernels("/a/library.so", null);
    expect(() => kernelInfo()).toThrow('TAPEGRAD_BLAS: "/a/library.so" needs the package @tapegrad/blas, which is not installed\n  code: blas/package');
  });

  test.skipIf(installed === null)(`naming a library takes it${unlessInstalled}`, async () => {
    const { kernelInfo } = await freshKernels(installed?.path ?? "");
    expect(kernelInfo()).toMatchObject({ kernels: "wasm+blas", blas: installed });
  });
});

describe("without the variable", () => {
  test("no package is no error", async () => {
    const { kernelInfo } = await freshKernels("", null);
    expect(kernelInfo()).toMatchObject({ kernels: "wasm", blas: null });
  });

  test("a koffi that does not load is a warning; with the variable an error", async () => {
    // A koffi of its own that breaks: whether another would be found from here depends on how the tests were started (NODE_PATH).
    const broken = join(folder, "node_modules/koffi");
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, "index.js"), 'throw new Error("built for another system");');
    const alone = join(folder, "alone.cjs");
    copyFileSync(nativeModule, alone);
    copyFileSync(join(nativeModule, "../library-places.cjs"), join(folder, "library-places.cjs"));
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const silent = await freshKernels("", alone);
    expect(silent.kernelInfo().blas).toBeNull();
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^koffi, through which native code is called, does not load here \([^]+\); matrix products do without a BLAS$/), { code: "blas/koffi" });
    const asked = await freshKernels("/a/library.so", alone);
    expect(() => asked.kernelInfo()).toThrow(/^TAPEGRAD_BLAS: koffi, through which native code is called, does not load here \([^]+\)\n {2}hint: .+\n {2}code: blas\/koffi$/);
  });

  test("where nothing says where libraries are, that is a warning; a bare name in the variable an error", async () => {
    vi.spyOn(process, "cwd").mockImplementation(() => {
      throw new Error("ENOENT: no such file or directory, uv_cwd");
    });
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const silent = await freshKernels("");
    expect(silent.kernelInfo().blas).toBeNull();
    const fact = "environment and working folder, which say where libraries are, cannot be asked for (ENOENT: no such file or directory, uv_cwd)";
    expect(warn).toHaveBeenCalledExactlyOnceWith(`${fact}; matrix products do without a BLAS`, { code: "blas/surroundings" });
    const asked = await freshKernels("libopenblas.so.0");
    expect(() => asked.kernelInfo()).toThrow(`TAPEGRAD_BLAS: ${fact}\n  hint: TAPEGRAD_BLAS=off does without a BLAS\n  code: blas/surroundings`);
  });

  test("a module that is broken otherwise fails as it is", async () => {
    const { kernelInfo } = await freshKernels("", "/no/such/module.cjs");
    expect(() => kernelInfo()).toThrow("Cannot find module '/no/such/module.cjs'");
  });
});

test.skipIf(installed === null)(`the library says what it is${unlessInstalled}`, () => {
  expect(find(process.env["TAPEGRAD_BLAS"] || undefined)?.library).toEqual(installed);
  expect(["OpenBLAS", "MKL", "BLIS", "Accelerate", "BLAS"]).toContain(installed?.name);
});


test("a worker that cannot bind the library says so, and its part of the product is right all the same", async () => {
  // Stands for a library that works in the launching thread, by leaving the product to the kernel, and nowhere else.
  const halfHearted = join(folder, "half-hearted.cjs");
  writeFileSync(halfHearted, `
    const { isMainThread } = require("node:worker_threads");
    const library = { name: "BLAS", version: "", path: "" };
    function bind() {
      if (!isMainThread) throw new Error("not here");
      return { gemmF32: () => 0, gemmF64: () => 0 };
    }
    module.exports = { find: () => ({ library, file: "" }), bind };`);
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const { beginCall, setBlasEnabled, setNumThreads, Storage, wasm } = await freshKernels("", halfHearted);
  setBlasEnabled(true, 0);
  setNumThreads(2);
  beginCall();
  const [a, b, c] = [0, 1, 2].map(() => new Storage("float32", 200 * 200));
  if (!a || !b || !c) throw new Error("three operands");
  a.numbers.fill(2);
  b.numbers.fill(3);
  // Again until the worker has had a part of it.
  await vi.waitFor(() => {
    wasm.gemm(0, 1, 200, 200, 200, a.pointer, 200, 1, 0, b.pointer, 1, 200, 0, c.pointer, 200, 0, 0, 0);
    expect(c.elements.every((value) => value === 1200)).toBe(true);
    expect(warn).toHaveBeenCalledExactlyOnceWith("a worker thread cannot use the BLAS (Error: not here); it multiplies by plain loops", { code: "blas/worker" });
  }, 20_000);
  setNumThreads(1);
});

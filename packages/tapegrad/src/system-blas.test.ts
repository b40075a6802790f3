import { afterEach, expect, test, vi } from "vitest";

const resolve = vi.fn<(name: string) => string>();
const builtin = process.getBuiltinModule;
const { createRequire } = builtin("node:module");
vi.spyOn(process, "getBuiltinModule").mockImplementation(((id: string) =>
  id === "node:module" ? { createRequire: (from: string): unknown => (from.includes("system-blas") ? { resolve } : createRequire(from)) } : builtin(id)));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
  resolve.mockReset();
});

async function fresh() {
  vi.stubEnv("TAPEGRAD_BLAS", "");
  return { ...await import("./system-blas.ts"), ...await import("@tapegrad/tensor") };
}

function failure(message: string): () => never {
  return () => {
    throw Object.assign(new Error(message), { code: "MODULE_NOT_FOUND" });
  };
}

test("the optional package is looked for when it is needed, and not before", async () => {
  resolve.mockImplementation((name) => failure(`Cannot find module '${name}'\nRequire stack: ...`)());
  const { kernelInfo, ones } = await fresh();
  ones([3, 3]).matmul(ones([3, 3]));
  expect(resolve).not.toHaveBeenCalled();
  expect(kernelInfo()).toMatchObject({ kernels: "wasm", blas: null });
  ones([100, 100]).matmul(ones([100, 100]));
  expect(resolve.mock.calls).toEqual([["@tapegrad/blas/native"], ["tapegrad"]]);
});

test("a package that is there and broken is an error", async () => {
  const { ones } = await fresh();
  resolve.mockImplementation(failure("Cannot find module '/node_modules/@tapegrad/blas/native.cjs'"));
  expect(() => ones([100, 100]).matmul(ones([100, 100]))).toThrow("native.cjs");
});

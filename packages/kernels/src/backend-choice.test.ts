import { expect, test, vi } from "vitest";
import { chooseBackend } from "./backend-choice.ts";

test("the kernels compute unless plain loops are asked for", () => {
  expect([chooseBackend(undefined), chooseBackend(""), chooseBackend("wasm"), chooseBackend("plain")]).toEqual(["wasm", "wasm", "wasm", "plain"]);
});

test("an engine that cannot run them computes by plain loops, and says so", () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  expect(chooseBackend(undefined, () => false)).toBe("plain");
  expect(warn).toHaveBeenCalledWith("the engine has no WebAssembly with vectors: everything is computed by plain loops, many times slower", { code: "backend/plain" });
  warn.mockRestore();
});

test("another name is refused", () => {
  expect(() => chooseBackend("cuda")).toThrow(
    expect.objectContaining({ name: "TapegradError", message: 'TAPEGRAD_BACKEND: "cuda" is no backend: there are wasm and plain\n  code: backend/name' }),
  );
});

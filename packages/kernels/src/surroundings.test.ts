import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.resetModules();
});

const denied = (): never => {
  throw new Error("Requires env access, run again with the --allow-env flag");
};

test("a variable is what the environment has", async () => {
  const { setting } = await import("./surroundings.ts");
  vi.stubEnv("TAPEGRAD_TEST", "1");
  expect([setting("TAPEGRAD_TEST"), setting("TAPEGRAD_NOT_SET")]).toEqual(["1", undefined]);
});

test("where the environment and the machine may not be asked for, nothing is set and nothing known", async () => {
  vi.spyOn(process.getBuiltinModule("node:os"), "totalmem").mockImplementation(denied);
  // The tester itself reads the environment while it loads modules.
  const { setting, machineMemory } = await import("./surroundings.ts");
  const { env } = process;
  Object.defineProperty(process, "env", { configurable: true, get: denied });
  try {
    expect([setting("TAPEGRAD_TEST"), machineMemory()]).toEqual([undefined, Infinity]);
  } finally {
    Object.defineProperty(process, "env", { configurable: true, enumerable: true, writable: true, value: env });
  }
});

test("the kernels start where nothing is known of the surroundings", async () => {
  vi.doMock("./surroundings.ts", () => ({ setting: () => undefined, machineMemory: () => Infinity }));
  const { memoryStats } = await import("./heap.ts");
  expect(memoryStats().budget).toBe(256 * 2 ** 20);
  vi.doUnmock("./surroundings.ts");
});

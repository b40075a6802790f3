import { afterEach, expect, test, vi } from "vitest";
import { MemoryError } from "./errors.ts";
import { reserveMemory } from "./reserve-memory.ts";

afterEach(() => vi.unstubAllGlobals());

/** An engine that has addresses for so many pages, and no more. */
function withAddressesFor(pages: number): number[] {
  const asked: number[] = [];
  class Memory {
    constructor({ maximum }: { readonly maximum: number }) {
      asked.push(maximum);
      if (maximum > pages) throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    }
  }
  vi.stubGlobal("WebAssembly", { Memory });
  return asked;
}

test("asks for 4 GiB, and for half as much as long as that cannot be had", () => {
  expect(withAddressesFor(65_536) && reserveMemory().maxBytes).toBe(2 ** 32);
  const asked = withAddressesFor(10_000);
  expect(reserveMemory().maxBytes).toBe(2 ** 29);
  expect(asked).toEqual([65_536, 32_768, 16_384, 8192]);
  expect(withAddressesFor(1024) && reserveMemory().maxBytes).toBe(2 ** 26);
});

test("says what was asked for, and the remedy, where nothing can be had", () => {
  withAddressesFor(1000);
  let error: unknown;
  try {
    reserveMemory();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(MemoryError);
  // Whether this process has a limit is the machine's affair; scripts/process-limits.test.ts sets one.
  expect((error as MemoryError).message).toMatch(
    /^heap: the engine reserves no addresses for the kernels' memory, neither for 4 GiB nor for 64 MiB \(WebAssembly\.Memory\(\): could not allocate memory\)(; this process may have \d+ bytes of them)?(\n {2}hint: start it with .+)?\n {2}code: heap\/reserve$/,
  );
});

import { addressSpace, thriftyStart } from "#platform";
import { MemoryError } from "./errors.ts";
import type { SharedMemory } from "./webassembly-types.ts";

const pageBytes = 2 ** 16;
/** Pages of the largest memory that a module can have, 4 GiB, and of the smallest that is of any use, 64 MiB. */
const mostPages = 65_536, fewestPages = 1024;

/** A memory, and how large it can become. */
export interface Reserved {
  readonly memory: SharedMemory;
  readonly maxBytes: number;
}

/**
 * The memory that all threads share. A shared memory never moves, so its addresses are reserved at once, at the largest: where
 * so many cannot be had, half as many are asked for, and so on.
 *
 * Throws    MemoryError `heap/reserve`
 */
export function reserveMemory(): Reserved {
  let cause: unknown;
  for (let pages = mostPages; pages >= fewestPages; pages /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 16, maximum: pages, shared: true }), maxBytes: pages * pageBytes };
    } catch (error) {
      cause = error;
    }
  }
  throw notReserved(cause);
}

function notReserved(cause: unknown): MemoryError {
  const { limit } = addressSpace(), start = thriftyStart();
  const isLimited = limit !== Infinity;
  const remedies = [
    ...(start === null ? [] : [start]),
    ...(isLimited ? ["a higher limit (ulimit -v unlimited)"] : []),
  ];
  return new MemoryError({
    op: "heap",
    fact: `the engine reserves no addresses for the kernels' memory, neither for 4 GiB nor for 64 MiB (${cause instanceof Error ? cause.message : String(cause)})${isLimited ? `; this process may have ${limit} bytes of them` : ""}`,
    ...(remedies.length === 0 ? {} : { hint: `start it with ${remedies.join(" or ")}` }),
    code: "heap/reserve",
    data: { most: mostPages * pageBytes, least: fewestPages * pageBytes, limit },
    cause,
  });
}

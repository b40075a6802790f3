// What the process is told from outside. Deno throws where it was not given the permission to ask: nothing is set there, and nothing known.

/** A variable of the environment, such as `TAPEGRAD_THREADS`; undefined too where it may not be read. */
export function setting(name: `TAPEGRAD_${string}`): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

/** Bytes of the machine's memory; Infinity where it may not be asked for. */
export function machineMemory(): number {
  try {
    return process.getBuiltinModule("node:os").totalmem();
  } catch {
    return Infinity;
  }
}

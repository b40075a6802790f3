// What the package's declarations say of WebAssembly: those who compile them have the namespace only with the library of browsers.

/** A shared memory, whose address never changes. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** A `WebAssembly.Module`, of which nothing is known but that instances can be made. */
export type CompiledModule = object;

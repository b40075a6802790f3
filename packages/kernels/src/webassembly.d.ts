// The part of the WebAssembly API that this package uses; Node's types have none, and the DOM's bring the whole browser. It does not go with
// the package: declarations of what is exported use webassembly-types.ts.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: boolean });
    readonly buffer: SharedArrayBuffer;
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
    static exports(module: Module): readonly { name: string; kind: string }[];
  }
  class CompileError extends Error {}
  function validate(bytes: Uint8Array): boolean;
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: object;
  }
}

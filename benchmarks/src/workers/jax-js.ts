// jax-js in Node, on its WebAssembly backend.
import { readFileSync } from "node:fs";
import { positiveInteger } from "../arguments.ts";
import { serve } from "./serve.ts";

// It asks `navigator` for the kind of machine, which Node 20 does not have. (On Node its kernels run on one thread
// whatever this says: they are shared out to Web Workers only.)
if (!("navigator" in globalThis)) {
  const hardwareConcurrency = positiveInteger("threads", process.argv[2] ?? "1");
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node", hardwareConcurrency } });
}

// Only now: it looks at `navigator` as soon as it is loaded.
const { defaultDevice, init } = await import("@jax-js/jax");
const { buildTraining } = await import("./jax-js-training.ts");
await init("wasm");
defaultDevice("wasm");
await serve({ version: packageVersion(), build: buildTraining });

function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.resolve("@jax-js/jax")), "utf8"));
  return manifest.version;
}

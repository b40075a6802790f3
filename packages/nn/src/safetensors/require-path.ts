import { ArgumentError, showValue } from "@tapegrad/tensor";

/** Throws ArgumentError `safetensors/path`. */
export function requirePath(op: string, path: unknown): asserts path is string {
  if (typeof path === "string" && path !== "") return;
  throw new ArgumentError({ op, fact: `the path must be a text, not ${showValue(path)}`, code: "safetensors/path" });
}

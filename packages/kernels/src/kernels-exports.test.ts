import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exportTypes } from "../generate/exports.mjs";
import { readKernels } from "#platform";
import { exportedSignatures, type Signature } from "./testing/wasm-signatures.ts";

/** What `exports.generated.ts` says, from its text: types are gone when tests run. */
function declaredSignatures(text: string): Map<string, Signature> {
  const typeOf = (parameter: string): "number" | "bigint" => (parameter.endsWith(": bigint") ? "bigint" : "number");
  const declarations = text.matchAll(/^ {2}(\w+)\(([^)]*)\): (number|bigint|void);$/gm);
  return new Map(Array.from(declarations, ([, name = "", list = "", result]) => [
    name,
    { parameters: list.split(",").map((p) => p.trim()).filter((p) => p !== "").map(typeOf), result: result === "number" || result === "bigint" ? result : "void" },
  ]));
}

describe("KernelExports", () => {
  const declared = declaredSignatures(readFileSync(new URL("./exports.generated.ts", import.meta.url), "utf8"));

  it.each(["kernels.wasm", "kernels-fma.wasm"] as const)("has the functions of %s, with their types", (file) => {
    const compiled = exportedSignatures(readKernels(file));
    expect([...declared.keys()].sort()).toEqual([...compiled.keys()].sort());
    expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(compiled));
    expect(declared.size).toBeGreaterThan(40);
  });
});

describe("exportTypes", () => {
  /** The interface made of one file, `kernels.ts`. */
  const made = (source: string, index = 'export { double } from "./kernels";\n') => exportTypes((path) => (path === "index.ts" ? index : source));

  it("takes names, types and comments from the sources, and from the index what a group has in common", () => {
    const text = made(
      "/** Another one. */\nexport const TWO: i32 = 2;\n\n/** Twice x. */\n// @ts-ignore: decorator\n@inline export function double(x: f64, at: usize, count: i64): u64 {\n  return 0;\n}\n",
      '// In place\nexport { double } from "./kernels";\n',
    );
    expect(text).toContain("interface KernelExports {\n  // In place\n  /** Twice x. */\n  double(x: number, at: number, count: bigint): bigint;\n}\n");
  });

  it("refuses a name that its file does not have, and a type that JavaScript cannot pass", () => {
    expect(() => made("export function triple(x: i32): i32 {")).toThrow('assembly/kernels.ts has no "export function double(...): type {", which assembly/index.ts exports');
    expect(() => made("export function double(x: v128): i32 {")).toThrow(
      "assembly/kernels.ts: double(x: v128) is of a type that JavaScript cannot pass; there are void, bool, i32, u32, usize, f32, f64, i64, u64",
    );
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { wasm } from "./wasm.ts";

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

/** Names and numbers of parameters, from the text of `exports.ts`: types are gone when tests run. */
function declaredFunctions(): Map<string, number> {
  const declarations = read("./exports.ts").matchAll(/^ {2}(\w+)\(([^)]*)\): (?:number|void);$/gm);
  return new Map(Array.from(declarations, ([, name = "", list = ""]) => [name, list.split(",").filter((p) => p.trim() !== "").length]));
}

describe("KernelExports", () => {
  const declared = declaredFunctions();

  it("names exactly the functions of the module", () => {
    const exported = Object.entries(wasm).filter(([, value]) => typeof value === "function").map(([name]) => name);
    expect([...declared.keys()].sort()).toEqual(exported.sort());
    expect(declared.size).toBeGreaterThan(40);
  });

  it("gives each function as many parameters as the module does", () => {
    const lengths = Object.entries(wasm).flatMap(([name, value]) => (typeof value === "function" ? [[name, (value as () => void).length]] : []));
    expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(lengths));
  });
});

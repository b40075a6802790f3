import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

// What the tools of lint cannot see: they do not read AssemblyScript, and know its imports at most.

/** The kernels' sources by their paths below assembly/, without ".ts". */
function sources(): Map<string, string> {
  const root = new URL("../assembly/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return new Map(files.map((file) => [file.replaceAll("\\", "/").slice(0, -3), readFileSync(new URL(file, root), "utf8")]));
}

/** Exports that no other file imports, as "file: name". */
function unusedExports(files: ReadonlyMap<string, string>): string[] {
  const used = new Set<string>();
  for (const [file, text] of files) {
    for (const [, names = "", path = ""] of text.matchAll(/^(?:import|export) \{([^}]*)\} from "([^"]+)";/gm)) {
      for (const name of names.split(",")) used.add(`${posix.join(posix.dirname(file), path)}: ${name.trim()}`);
    }
    for (const [, alias = "", path = ""] of text.matchAll(/^import \* as (\w+) from "([^"]+)";/gm)) {
      for (const [, name = ""] of text.matchAll(new RegExp(`\\b${alias}\\.(\\w+)`, "g"))) used.add(`${posix.join(posix.dirname(file), path)}: ${name}`);
    }
  }
  const exported = [...files].flatMap(([file, text]) =>
    Array.from(text.matchAll(/^(?:@\w+ )*export (?:declare )?(?:function|class|const) (\w+)/gm), ([, name = ""]) => `${file}: ${name}`));
  return exported.filter((name) => !used.has(name));
}

/** Constants of the list are there whether a kernel speaks of them or not. */
const isListed = (name: string): boolean => /^\w+\/(codes|dtype)\.generated: /.test(name);

describe("the kernels' sources", () => {
  const files = sources();

  it("export nothing that no other one imports", () => {
    expect(unusedExports(files).filter((name) => !isListed(name))).toEqual([]);
    expect(files.size).toBeGreaterThan(60);
  });

  it("do not repeat their folder's name in theirs", () => {
    expect([...files.keys()].filter((file) => posix.basename(file).startsWith(`${posix.basename(posix.dirname(file))}-`))).toEqual([]);
  });
});

describe("unusedExports", () => {
  it("finds what neither a name nor an alias leads to", () => {
    const files = new Map([
      ["index", 'export { used } from "./math/one";\n'],
      ["math/one", 'import * as other from "./two";\nexport function used(): i32 {\n  return other.A;\n}\n@inline export function unused(): void {}\n@unmanaged export class Unused {}\n'],
      ["math/two", "export const A: i32 = 1;\nexport const B: i32 = 2;\nconst C: i32 = 3;\n"],
    ]);
    expect(unusedExports(files)).toEqual(["math/one: unused", "math/one: Unused", "math/two: B"]);
  });
});

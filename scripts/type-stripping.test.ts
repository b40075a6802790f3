import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findMarkdownExamples } from "./doc-examples/find-examples.ts";
import { tools } from "./processes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const examples = ["README.md", "docs/modules.md", "docs/extend.md"].flatMap((file) => findMarkdownExamples(root, file));

/** Node 22.18, 24 and later run TypeScript by leaving out its types. */
const strips = (process.features as { readonly typescript?: unknown }).typescript === "strip";

let folder = "";
beforeAll(() => {
  spawnSync(process.execPath, [tools.tsc, "--build", "packages/tapegrad"], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), "type-stripping-"));
  mkdirSync(join(folder, "node_modules"));
  // "junction" is what Windows lets everybody make; elsewhere it is any link.
  symlinkSync(join(root, "packages/tapegrad"), join(folder, "node_modules/tapegrad"), "junction");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the compiler says of a program that has to run without its types. */
function compile(name: string, code: string): string {
  writeFileSync(join(folder, name), `${code}\nexport {};\n`);
  const compilerOptions = { noEmit: true, strict: true, erasableSyntaxOnly: true, verbatimModuleSyntax: true, module: "nodenext", target: "es2023", lib: ["ES2023", "DOM"], types: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [name] }));
  return spawnSync(process.execPath, [join(root, tools.tsc), "--project", folder], { cwd: folder, encoding: "utf8" }).stdout;
}

describe("the programs of the documentation run where types are only left out", () => {
  test.each(examples.map(({ title, code }, i) => [title, `program-${i}.ts`, code] as const))("%s", (_title, name, code) => {
    expect(compile(name, code)).toBe("");
    if (!strips) return;
    const { status, stderr } = spawnSync(process.execPath, [name], { cwd: folder, encoding: "utf8" });
    expect(stderr).not.toContain("Error");
    expect(status).toBe(0);
  }, 60_000);

  test("as parameter properties would not", () => {
    expect(compile("wrong.ts", "export class A { constructor(readonly width: number) {} }")).toContain("erasableSyntaxOnly");
  });
});

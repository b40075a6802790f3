import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as api from "tapegrad";
import * as extend from "tapegrad/extend";
import { describe, expect, test } from "vitest";
import { examplesOf, findMarkdownExamples, findSourceExamples, type DocExample } from "./find-examples.ts";
import { matches, parseExpectation } from "./expectation.ts";
import { compileExample, runExample } from "./run-example.ts";
import { typeErrors } from "./type-errors.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sourceExamples = findSourceExamples(root);
const markdownExamples = ["README.md", "docs/modules.md", "docs/testing.md", "docs/extend.md"].flatMap((file) => (existsSync(`${root}/${file}`) ? findMarkdownExamples(root, file) : []));
const examples = [...sourceExamples, ...markdownExamples];

test("the sources have examples", () => {
  expect(sourceExamples.length).toBeGreaterThan(0);
});

describe("an example runs and gives what it says", () => {
  for (const { title, code, compileOnly } of examples) {
    if (!compileOnly) test(title, () => runExample(code, api, extend));
  }
});

test("examples type-check, those too that do not run", () => {
  expect(typeErrors(root, examples)).toEqual([]);
});

describe("the checker of examples", () => {
  test("takes @example blocks with their place, name and fence", () => {
    const text = ["/**", " * Sum.", " * @example", " * add(1, 2); // 3", " */", "export const add = 1;", "class A {", "  /**", "   * @example", "   * ```ts no-run", "   * const x = 1;", "   * ```", "   */", "  load() {}", "}"].join("\n");
    expect(examplesOf("a.ts", text)).toEqual([
      { title: "a.ts:3 add", code: "add(1, 2); // 3", compileOnly: false },
      { title: "a.ts:9 A.load", code: "const x = 1;\n", compileOnly: true },
    ] satisfies DocExample[]);
  });

  test("takes the ts blocks of a markdown file that are marked, and no others", () => {
    const folder = mkdtempSync(join(tmpdir(), "doc-examples-"));
    writeFileSync(join(folder, "a.md"), "# A\n\n```ts\nno;\n```\n\n<!-- run -->\n```ts\nyes;\n```\n\n<!-- run -->\n\n```ts\nyes2;\n```\n");
    const found = findMarkdownExamples(folder, "a.md");
    rmSync(folder, { recursive: true });
    expect(found).toEqual([
      { title: "a.md:7", code: "yes;\n", compileOnly: false },
      { title: "a.md:12", code: "yes2;\n", compileOnly: false },
    ] satisfies DocExample[]);
  });

  test("reads literals and error codes, and leaves prose alone", () => {
    expect(parseExpectation('[1, -2.5, [true, "a"], NaN]')).toEqual({ kind: "value", value: [1, -2.5, [true, "a"], NaN] });
    expect(parseExpectation('{ shape: [2], "b": null }')).toEqual({ kind: "value", value: { shape: [2], b: null } });
    expect(parseExpectation("throws add/broadcast")).toEqual({ kind: "throws", code: "add/broadcast" });
    expect(parseExpectation("about one half")).toBeNull();
    expect(() => parseExpectation("[1, 2, ...]")).toThrow("is not a literal");
    expect(() => parseExpectation("2 rows")).toThrow("is not a literal");
  });

  test("compares numbers within 1e-6, everything else exactly", () => {
    expect(matches(new Float32Array([0.1, 0]), [0.1, 0])).toBe(true);
    expect(matches(1 + 2e-6, 1)).toBe(false);
    expect(matches(1e-9, 0)).toBe(false);
    expect(matches(0, -0)).toBe(false);
    expect(matches([1, 2, 3], [1, 2])).toBe(false);
    expect(matches({ a: 1, b: 2 }, { a: 1 })).toBe(false);
    expect(matches({ toArray: () => [1] }, [1])).toBe(true);
    expect(matches("1", 1)).toBe(false);
  });

  test("fails on a wrong value, a missing error, another error, an unknown name", async () => {
    const scope = { f: (x: number) => [x], bad: () => { throw Object.assign(new Error("no"), { code: "bad/code" }); } };
    await runExample("const f2 = f(2) as number[];\nf2; // [2]\nbad(); // throws bad/code\nconst f3 = 1;", scope);
    await expect(runExample("f(2); // [3]", scope)).rejects.toThrow("f(2) must give [3]");
    await expect(runExample("f(2); // throws bad/code", scope)).rejects.toThrow("f(2) must throw bad/code");
    await expect(runExample("bad(); // throws other/code", scope)).rejects.toThrow("bad(): the error's code");
    await expect(runExample("g(1);", scope)).rejects.toThrow("g is not defined");
  });

  test("turns imports into lookups and refuses broken syntax", async () => {
    await runExample('import { f as g, type T } from "tapegrad";\nimport { sep } from "node:path";\ng(sep.length); // 1\nconst f = 2;\nf; // 2', { f: (x: number) => x });
    expect(() => compileExample("const = 1")).toThrow(SyntaxError);
  });

  test("type errors are found and named", () => {
    const bad: DocExample = { title: "here", code: 'const x: string = tensor([1]).numel();', compileOnly: true };
    expect(typeErrors(root, [bad])).toEqual([expect.stringContaining("here:1: Type 'number' is not assignable to type 'string'")]);
  });
});

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as api from "../packages/tensor/src/index.ts";
import { Tensor } from "tapegrad";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const members = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => name !== "constructor").sort();
const functionOf = (member: string): string => (member === "var" ? "variance" : member);
const methods = members.filter((name) => functionOf(name) in api);

// A program as a user would have it open: each member is looked at, and each function of the same name.
const lines = ['import { type Tensor } from "tapegrad";', 'import * as api from "@tapegrad/tensor";', "declare const x: Tensor;", ...members.map((name) => `x.${name};`), ...methods.map((name) => `api.${functionOf(name)};`)];
const file = join(root, "packages/tapegrad/src/program.ts");
const text = lines.join("\n");

const config: { config?: object } = ts.readConfigFile(join(root, "tsconfig.check.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [], files: [] }, ts.sys, root);
const service = ts.createLanguageService({
  getCompilationSettings: () => ({ ...options, incremental: false }),
  getScriptFileNames: () => [file],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) => {
    const content = name === file ? text : ts.sys.readFile(name);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => root,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (name) => name === file || ts.sys.fileExists(name),
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

/** What the editor shows over a line's last word. */
function hover(line: string): { readonly shown: string; readonly documentation: string; readonly tags: readonly string[] } {
  const at = text.indexOf(`\n${line}`) + 1 + line.indexOf(".") + 1;
  const info = service.getQuickInfoAtPosition(file, at);
  return { shown: ts.displayPartsToString(info?.displayParts), documentation: ts.displayPartsToString(info?.documentation), tags: (info?.tags ?? []).map(({ name }) => name) };
}

/** For each overload, the names of its parameters and its documentation. */
function signatures(line: string): readonly { readonly parameters: readonly string[]; readonly documentation: string }[] {
  const program = service.getProgram();
  const source = program?.getSourceFile(file);
  const statement = source?.statements.find((each) => each.getText() === line);
  if (program === undefined || statement === undefined || !ts.isExpressionStatement(statement)) throw new Error(`${line} is not in the program`);
  const checker = program.getTypeChecker();
  return checker.getTypeAtLocation(statement.expression).getCallSignatures().map((signature) => ({
    parameters: signature.getParameters().map(({ name }) => name),
    documentation: ts.displayPartsToString(signature.getDocumentationComment(checker)),
  }));
}

test("the program compiles", () => {
  expect(members.length).toBeGreaterThan(100);
  expect(service.getSemanticDiagnostics(file).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
});

describe("an editor shows what a member of Tensor does", () => {
  test.each(members)("x.%s", (name) => {
    const { shown, documentation } = hover(`x.${name};`);
    expect(shown).toContain(`Tensor.${name}`);
    expect(documentation).not.toBe("");
    for (const overload of signatures(`x.${name};`)) expect(overload.documentation).not.toBe("");
  });
});

describe("a method has the parameters of its function but for the first, by their names", () => {
  test.each(methods)("x.%s", (name) => {
    const own = signatures(`x.${name};`);
    expect(own.map(({ parameters }) => parameters)).toEqual(signatures(`api.${functionOf(name)};`).map(({ parameters }) => parameters.slice(1)));
    for (const parameter of own[0]?.parameters ?? []) expect(hover(`x.${name};`).shown).toMatch(new RegExp(`\\b${parameter}\\??: `));
  });
});

test("sections and examples are shown, and the examples call methods", () => {
  const { shown, documentation, tags } = hover("x.sum;");
  expect(shown.replaceAll("api.", "")).toBe("(method) Tensor.sum(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor");
  expect(documentation).toMatch(/^Sum over dimensions[\s\S]*Gradient {2}dx = dOut, repeated\nThrows {4}IndexError `sum\/dim`, `sum\/dim-twice`$/);
  expect(tags).toEqual(["example"]);
  const examples = members.flatMap((name) => service.getQuickInfoAtPosition(file, text.indexOf(`\nx.${name};`) + 3)?.tags?.map((tag) => [name, ts.displayPartsToString(tag.text)] as const) ?? []);
  for (const [name, code] of examples.filter(([each]) => methods.includes(each))) expect(code, name).toContain(`.${name}(`);
});

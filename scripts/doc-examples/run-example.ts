import assert from "node:assert/strict";
import ts from "typescript";
import { matches, parseExpectation } from "./expectation.ts";

const AsyncFunction: new (...parts: string[]) => (...args: unknown[]) => Promise<void> = Object.getPrototypeOf(async () => {}).constructor;

/** Runs a program with the names of `api` and `extend` in scope, and compares each `expression; // expected` on the way. */
export async function runExample(code: string, api: Readonly<Record<string, unknown>>, extend: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const scope = { ...api, ...extend, api, extend, check, importModule };
  // The body is a block of its own, so that an example may declare a name that the api has too.
  const run = new AsyncFunction(...Object.keys(scope), `"use strict"; {\n${compileExample(code)}\n}`);
  await run(...Object.values(scope));
}

// Code made from a string has no module of its own that `import()` could be relative to.
function importModule(specifier: string): Promise<unknown> {
  return import(specifier);
}

/** JavaScript of an example: checks put in, types taken out, imports turned into lookups. Throws SyntaxError. */
export function compileExample(code: string): string {
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
  const parts = source.statements.map((statement) => {
    const text = statement.getText(source);
    if (ts.isImportDeclaration(statement)) return importLookup(statement);
    const comment = ts.getTrailingCommentRanges(code, statement.end)?.[0];
    if (!ts.isExpressionStatement(statement) || comment === undefined) return text;
    const expected = code.slice(comment.pos, comment.end).replace(/^\/\/\s*/, "").trim();
    if (parseExpectation(expected) === null) return text;
    const expression = statement.expression.getText(source);
    return `await check(async () => (${expression}), ${JSON.stringify(expression)}, ${JSON.stringify(expected)});`;
  });
  const { outputText, diagnostics } = ts.transpileModule(parts.join("\n"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    reportDiagnostics: true,
  });
  const [problem] = diagnostics ?? [];
  if (problem !== undefined) throw new SyntaxError(ts.flattenDiagnosticMessageText(problem.messageText, "\n"));
  return outputText;
}

function importLookup(statement: ts.ImportDeclaration): string {
  const clause = statement.importClause;
  const bindings = clause?.namedBindings;
  const from = (statement.moduleSpecifier as ts.StringLiteral).text;
  if (clause === undefined || clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return "";
  const module = from === "tapegrad" ? "api" : from === "tapegrad/extend" ? "extend" : `await importModule(${JSON.stringify(from)})`;
  if (bindings === undefined) return `const { default: ${clause.name?.text ?? "_"} } = ${module};`;
  if (ts.isNamespaceImport(bindings)) return `const ${bindings.name.text} = ${module};`;
  const values = bindings.elements.filter((element) => !element.isTypeOnly);
  return `const { ${values.map(({ propertyName, name }) => (propertyName === undefined ? name.text : `${propertyName.text}: ${name.text}`)).join(", ")} } = ${module};`;
}

async function check(evaluate: () => Promise<unknown>, expression: string, comment: string): Promise<void> {
  const expectation = parseExpectation(comment);
  if (expectation?.kind === "throws") {
    await assert.rejects(evaluate, (error) => {
      assert.equal(error instanceof Error && "code" in error ? error.code : error, expectation.code, `${expression}: the error's code`);
      return true;
    }, `${expression} must throw ${expectation.code}`);
    return;
  }
  const actual = await evaluate();
  if (!matches(actual, expectation?.value)) assert.deepEqual(actual, expectation?.value, `${expression} must give ${comment}`);
  if (!matches(actual, expectation?.value)) assert.fail(`${expression} must give ${comment}`);
}

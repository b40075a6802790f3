import { join } from "node:path";
import ts from "typescript";
import type { DocExample } from "./find-examples.ts";

/** Compile errors of examples, as `title:line: message`; the names that `tapegrad` and `tapegrad/extend` export, types too, are in scope. */
export function typeErrors(root: string, examples: readonly DocExample[]): string[] {
  const config: { config?: object } = ts.readConfigFile(join(root, "tsconfig.check.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [], files: [] }, ts.sys, root);
  // A reader's project is strict; the switches beyond that are the house's own.
  const readersOptions = { ...options, noUnusedLocals: false, noUncheckedIndexedAccess: false, exactOptionalPropertyTypes: false, verbatimModuleSyntax: false, incremental: false };

  const host = ts.createCompilerHost(readersOptions);
  const doors = { tapegrad: join(root, "packages/tapegrad/src/index.ts"), "tapegrad/extend": join(root, "packages/tapegrad/src/extend.ts") };
  const umbrella = ts.createProgram(Object.values(doors), readersOptions, host);
  const apiNames = Object.entries(doors).map(([from, file]): [string, string[]] => [from, exportedNames(umbrella, file)]);

  // They stand in scripts/, where the lookup of "tapegrad" finds the umbrella.
  const texts = new Map<string, string>();
  for (const [i, { code }] of examples.entries()) texts.set(join(root, `scripts/example-${i}.ts`), withImports(code, apiNames));
  const { fileExists, getSourceFile } = host;
  host.fileExists = (file) => texts.has(file) || fileExists(file);
  host.getSourceFile = (file, language, ...rest) => {
    const text = texts.get(file);
    return text === undefined ? getSourceFile(file, language, ...rest) : ts.createSourceFile(file, text, language);
  };
  const program = ts.createProgram([...texts.keys()], readersOptions, host, umbrella);

  return [...texts.keys()].flatMap((file, i) => {
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} is not in the program`);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    // The line of imports on top makes the number that counts from 0 one that counts from 1.
    return found.map(({ start = 0, messageText }) => {
      return `${examples[i]?.title}:${source.getLineAndCharacterOfPosition(start).line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
  });
}

function exportedNames(program: ts.Program, entry: string): string[] {
  const source = program.getSourceFile(entry);
  const module = source && program.getTypeChecker().getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} exports nothing`);
  return program.getTypeChecker().getExportsOfModule(module).map(({ name }) => name);
}

/** The example below one line that brings in the names it uses and does not declare itself. */
function withImports(code: string, apiNames: readonly (readonly [from: string, names: readonly string[]])[]): string {
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    if (ts.isImportSpecifier(node)) declared.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) statement.declarationList.declarations.forEach(({ name }) => addBoundNames(name, declared));
    if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name !== undefined) declared.add(statement.name.text);
  }
  const imports = apiNames.map(([from, names]) => `import { ${names.filter((name) => used.has(name) && !declared.has(name)).join(", ")} } from "${from}";`);
  return `${imports.join(" ")}\n${code}\nexport {};`;
}

/** The names in `x`, `[x, y]` and `{ x, y: z }` to the left of an assignment. */
function addBoundNames(name: ts.BindingName, names: Set<string>): void {
  if (ts.isIdentifier(name)) names.add(name.text);
  else for (const element of name.elements) if (ts.isBindingElement(element)) addBoundNames(element.name, names);
}

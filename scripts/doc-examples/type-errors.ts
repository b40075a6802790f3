import ts from "typescript";
import type { DocExample } from "./find-examples.ts";

/** Compile errors of examples, as `title:line: message`; the names of the public API are in scope where an example uses them. */
export function typeErrors(root: string, examples: readonly DocExample[], apiNames: readonly string[]): string[] {
  const config = ts.readConfigFile(`${root}/tsconfig.check.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [], files: [] }, ts.sys, root);
  // In scripts/, whose node_modules lookup finds the umbrella.
  const programs = new Map(examples.map((example, i) => [`${root.replace(/[\\/]$/, "")}/scripts/doc-examples/example-${i}.ts`, { example, text: withImports(example.code, apiNames) }]));
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (file) => programs.has(file) || fileExists(file);
  host.getSourceFile = (file, language, ...rest) => {
    const own = programs.get(file);
    return own === undefined ? getSourceFile(file, language, ...rest) : ts.createSourceFile(file, own.text, language);
  };
  // A reader's project is strict; the switches beyond that are the house's own.
  const readersOptions = { ...options, noUnusedLocals: false, noUncheckedIndexedAccess: false, exactOptionalPropertyTypes: false, incremental: false };
  const program = ts.createProgram([...programs.keys()], readersOptions, host);
  return [...programs].flatMap(([file, { example }]) => {
    const source = program.getSourceFile(file);
    const found = source === undefined ? [] : [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start = 0, messageText }) => {
      const line = source?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${example.title}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
  });
}

/** The example below one line that brings in the names it uses and does not declare itself. */
function withImports(code: string, apiNames: readonly string[]): string {
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    if (ts.isImportSpecifier(node) || (ts.isVariableDeclaration(node) && ts.isVariableStatement(node.parent.parent) && node.parent.parent.parent === source)) declared.add(node.name.getText());
    if ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.parent === source && node.name !== undefined) declared.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const imported = apiNames.filter((name) => used.has(name) && !declared.has(name));
  return `import { ${imported.join(", ")} } from "tapegrad";\n${code}\nexport {};`;
}

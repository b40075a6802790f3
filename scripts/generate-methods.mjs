// The declarations of Tensor's methods, made of the table in methods.ts and the functions that stand in it: `node scripts/generate-methods.mjs [--update]`.
// A mapped type would declare them too, but editors would show no documentation: it belongs to declarations.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = `${root}packages/tensor/src`;
const target = `${sources}/methods.generated.ts`;
const update = process.argv.includes("--update");

const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const program = ts.createProgram([`${sources}/methods.ts`], { ...options, composite: false, noEmit: true });
const checker = program.getTypeChecker();

/** @param {ts.Symbol} symbol */
const unaliased = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

/** The functions of the table by the names of their methods. */
function table() {
  const file = program.getSourceFile(`${sources}/methods.ts`);
  const declaration = file?.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => declarationList.declarations).find(({ name }) => ts.isIdentifier(name) && name.text === "methods");
  if (declaration?.initializer === undefined || !ts.isObjectLiteralExpression(declaration.initializer)) throw new Error("methods.ts has no table called methods");
  return declaration.initializer.properties.map((property) => {
    const symbol = ts.isShorthandPropertyAssignment(property)
      ? checker.getShorthandAssignmentValueSymbol(property)
      : ts.isPropertyAssignment(property) && checker.getSymbolAtLocation(property.initializer);
    if (!symbol || property.name === undefined) throw new Error(`the table of methods holds functions and nothing else: ${property.getText()}`);
    return { method: property.name.getText(), symbol: unaliased(symbol) };
  }).sort((a, b) => (a.method < b.method ? -1 : 1));
}

/** Names of types to import, by module. @type {Map<string, Set<string>>} */
const imports = new Map();

/**
 * Notes the types that a piece of a declaration speaks of.
 * @param {ts.Node} node
 */
function importTypesOf(node) {
  if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName)) importType(node.typeName);
  ts.forEachChild(node, importTypesOf);
}

/** @param {ts.Identifier} name */
function importType(name) {
  const symbol = checker.getSymbolAtLocation(name);
  const declaration = symbol?.declarations?.[0];
  if (symbol === undefined || declaration === undefined) throw new Error(`what is ${name.text}, in ${name.getSourceFile().fileName}?`);
  if (name.text === "Tensor" || symbol.flags & ts.SymbolFlags.TypeParameter || program.isSourceFileDefaultLibrary(declaration.getSourceFile())) return;
  const from = ts.findAncestor(declaration, ts.isImportDeclaration);
  const specifier = from === undefined ? undefined : /** @type {ts.StringLiteral} */ (from.moduleSpecifier).text;
  const file = declaration.getSourceFile().fileName;
  const module = specifier === undefined ? relativeTo(file) : specifier.startsWith(".") ? relativeTo(resolve(dirname(file), specifier)) : specifier;
  if (specifier === undefined && !checker.getExportsOfModule(/** @type {ts.Symbol} */ (checker.getSymbolAtLocation(declaration.getSourceFile()))).includes(symbol)) {
    throw new Error(`${module} must export the type ${name.text}: a method of Tensor takes it`);
  }
  imports.set(module, (imports.get(module) ?? new Set()).add(name.text));
}

/** @param {string} file */
const relativeTo = (file) => `./${relative(sources, file).replaceAll("\\", "/")}`;

/** @param {ts.Node} node */
const inOneLine = (node) => node.getText().replace(/\s+/g, " ");

/**
 * A signature without its first parameter, which becomes `this`.
 * @param {string} method
 * @param {ts.Signature} signature
 */
function declarationOf(method, signature) {
  const declaration = signature.getDeclaration();
  const [self, ...parameters] = declaration.parameters;
  if (self === undefined || declaration.type === undefined) throw new Error(`${method} must take a tensor, and say what it gives`);
  [...(declaration.typeParameters ?? []), ...parameters, declaration.type].forEach(importTypesOf);
  const list = parameters.map((parameter) => {
    const isOptional = parameter.questionToken !== undefined || parameter.initializer !== undefined;
    const type = parameter.type === undefined ? checker.typeToString(checker.getTypeAtLocation(parameter)) : inOneLine(parameter.type);
    return `${parameter.dotDotDotToken ? "..." : ""}${parameter.name.getText()}${isOptional ? "?" : ""}: ${type}`;
  });
  const types = declaration.typeParameters === undefined ? "" : `<${declaration.typeParameters.map(inOneLine).join(", ")}>`;
  return `${method}${types}(${list.join(", ")}): ${inOneLine(declaration.type)};`;
}

/**
 * The text of the comment on a function, without its marks.
 * @param {ts.Symbol} symbol
 */
function commentOf(symbol) {
  for (const declaration of symbol.declarations ?? []) {
    const owner = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    const comment = ts.getJSDocCommentsAndTags(owner).filter(ts.isJSDoc).at(-1);
    if (comment !== undefined) return comment.getText().replace(/^\/\*\*\s?|\s*\*\/$/g, "").split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd()).join("\n").trim();
  }
  throw new Error(`${symbol.name} is a method of Tensor, and needs a comment that says what it does`);
}

/**
 * The comment as it is right for the method: the example calls it, and what its first operand is called there is explained.
 * @param {string} comment
 * @param {string} method
 * @param {ts.Symbol} symbol
 * @param {string} self
 */
function adapted(comment, method, symbol, self) {
  const [text = "", ...examples] = comment.split(/^@example\s*/m);
  const [description = "", ...sections] = text.trimEnd().split("\n\n");
  const speaksOfSelf = new RegExp(`\\b${self}\\b`).test(self === "a" ? sections.join("\n") : text) || new RegExp(`\\bd${self}\\b`, "i").test(text);
  const explained = speaksOfSelf ? `${description} Here \`${self}\` is the tensor itself.` : description;
  return [[explained, ...sections].join("\n\n"), ...examples.map((code) => `@example\n${asMethodCalls(code.trimEnd(), method, symbol.name)}`)].join("\n");
}

/**
 * Calls of a function on a tensor, written as calls of the method.
 * @param {string} code
 * @param {string} method
 * @param {string} name
 */
function asMethodCalls(code, method, name) {
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
  /** @type {(node: ts.Node) => string} */
  const write = (node) => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === name) {
      const [first, ...others] = node.arguments;
      if (first !== undefined && !ts.isNumericLiteral(first)) {
        const self = ts.isLeftHandSideExpression(first) ? write(first) : `(${write(first)})`;
        return `${self}.${method}(${others.map(write).join(", ")})`;
      }
    }
    let out = "";
    let at = node.getStart();
    ts.forEachChild(node, (child) => {
      out += code.slice(at, child.getStart()) + write(child);
      at = child.getEnd();
    });
    return out + code.slice(at, node.getEnd());
  };
  return write(source) + code.slice(source.getEnd());
}

/**
 * @param {string} text
 * @param {string} indent
 */
function asComment(text, indent) {
  const lines = text.split("\n");
  if (lines.length === 1) return `${indent}/** ${text} */`;
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`].join("\n");
}

const members = table().flatMap(({ method, symbol }) => {
  const signatures = checker.getTypeOfSymbol(symbol).getCallSignatures();
  return signatures.map((signature) => {
    const self = signature.getParameters()[0]?.name ?? "";
    return `${asComment(adapted(commentOf(symbol), method, symbol, self), "    ")}\n    ${declarationOf(method, signature)}`;
  });
});
const importLines = [...imports].sort(([a], [b]) => (a < b ? -1 : 1)).map(([module, names]) => `import type { ${[...names].sort().join(", ")} } from "${module}";`);
const text = `// Made by scripts/generate-methods.mjs of the table in methods.ts; \`npm run lint -- --update-api\` makes it anew.
${importLines.join("\n")}

declare module "./tensor.ts" {
  interface Tensor {
${members.join("\n")}
  }
}
`;

if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
  console.log(`packages/tensor/src/methods.generated.ts ${update ? "is written anew" : "differs from the functions as they are now"}`);
  if (update) writeFileSync(target, text);
  else {
    console.log("to accept it: npm run lint -- --update-api");
    process.exitCode = 1;
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

/** A program out of the documentation. */
export interface DocExample {
  /** `packages/tensor/src/ops/arithmetic.ts:15 add` */
  readonly title: string;
  readonly code: string;
  /** Marked as not to be run (it needs the network, say); it must still compile. */
  readonly compileOnly: boolean;
}

const fence = /^```(\w*)([^\n]*)\n([\s\S]*?)^```/m;
const markedBlock = /<!-- run -->\s*```ts\n([\s\S]*?)^```/gm;

/** Every `@example` in the sources of the published packages. */
export function findSourceExamples(root: string): DocExample[] {
  const packages = readdirSync(join(root, "packages")).filter((name) => isPublished(join(root, "packages", name)));
  return packages.flatMap((name) => sourcesBelow(join(root, "packages", name, "src"))).flatMap((file) => {
    return examplesOf(relative(root, file).replaceAll("\\", "/"), readFileSync(file, "utf8"));
  });
}

/** The blocks of a markdown file that stand behind `<!-- run -->`. */
export function findMarkdownExamples(root: string, file: string): DocExample[] {
  const text = readFileSync(`${root}/${file}`, "utf8");
  return [...text.matchAll(markedBlock)].map((match) => ({
    title: `${file}:${lineAt(text, match.index)}`,
    code: match[1] ?? "",
    compileOnly: false,
  }));
}

/** The examples in one source text; a block may be fenced, and `no-run` behind the fence's language keeps it from running. */
export function examplesOf(file: string, text: string): DocExample[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const examples: DocExample[] = [];
  const visit = (node: ts.Node): void => {
    for (const doc of ts.getJSDocCommentsAndTags(node)) {
      if (!ts.isJSDoc(doc) || doc.parent !== node) continue;
      for (const tag of doc.tags ?? []) {
        if (tag.tagName.text !== "example") continue;
        const body = ts.getTextOfJSDocComment(tag.comment) ?? "";
        const fenced = fence.exec(body);
        const title = `${file}:${lineAt(text, tag.getStart(source))} ${nameOf(node)}`.trimEnd();
        examples.push({ title, code: fenced?.[3] ?? body, compileOnly: fenced?.[2]?.trim() === "no-run" });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return examples;
}

function isPublished(folder: string): boolean {
  const manifest: { private?: boolean } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return manifest.private !== true;
}

function sourcesBelow(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  return files.sort().map((file) => join(folder, file));
}

function nameOf(node: ts.Node): string {
  const named = ts.isVariableStatement(node) ? node.declarationList.declarations[0] : node;
  const name = named === undefined ? undefined : ts.getNameOfDeclaration(named as ts.Declaration);
  const owner = ts.isClassElement(node) && ts.isClassLike(node.parent) ? `${node.parent.name?.text ?? ""}.` : "";
  return name === undefined ? "" : owner + name.getText();
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A hint of an error message, and where it stands. */
export interface Hint {
  readonly file: string;
  readonly text: string;
}

function sourcesBelow(root: string): Hint[] {
  return readdirSync(join(root, "packages"), { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => {
    const folder = `packages/${name}/src`;
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(join(root, folder, file), "utf8") }));
  });
}

/** A literal that starts with a quotation mark, as its text. */
const literal = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/;

/** Hints as the sources write them, where they are literals; `${...}` stands as it is. */
export function hintsOfSources(root: string): Hint[] {
  const pattern = new RegExp(`\\bhint: (${literal.source})`, "g");
  return sourcesBelow(root).filter(({ file }) => !file.endsWith(".test.ts") && !file.includes("/proof/")).flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map(([, quoted = ""]) => ({ file, text: quoted.slice(1, -1).replaceAll(/\\(["'`])/g, "$1") })));
}

/** Hints as they are printed: lines of the messages that tests demand, as texts or patterns. */
export function hintsOfMessages(root: string): Hint[] {
  return sourcesBelow(root).filter(({ file }) => file.endsWith(".test.ts") || file.includes("/proof/")).flatMap(({ file, text }) =>
    [...text.matchAll(/(?:^|[`"']|\\n)(?: {2}| \{2\})hint: ([^\n]*?)(?=\\n|`|$)/gm)].map(([, hint = ""]) => ({ file, text: hint.replaceAll(/\\(.)/g, "$1") })));
}

/** Position behind the bracket that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if ("([{".includes(text[i] as string)) depth++;
    if (")]}".includes(text[i] as string) && --depth === 0) return i + 1;
  }
  return text.length;
}

/** The pieces of a hint that are code: calls, with what is called on their results, assignments of them, properties, and options. */
export function codeOf(hint: string): string[] {
  const text = hint.replaceAll(/`[^`]*`|"[^"(]*"(?= or)/g, "");
  const found: string[] = [];
  const start = /(?:static )?(?:[A-Za-z_][\w.]* = )?(?:new )?[A-Za-z_][\w.]*\(|static \w+ = \{|\{ \w|\b[a-z]\.[a-zA-Z]+/g;
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    const opensAt = match.index + match[0].search(/[({]/);
    let end = /[({]/.test(match[0]) ? closing(text, opensAt) : match.index + match[0].length;
    for (let more = /^\.\w+\(/.exec(text.slice(end)); more !== null; more = /^\.\w+\(/.exec(text.slice(end))) end = closing(text, end + more[0].length - 1);
    found.push(text.slice(match.index, end));
    start.lastIndex = end;
  }
  return found;
}

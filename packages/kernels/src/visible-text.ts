/**
 * What a text from outside (a file's names, an answer, a path) could do to a terminal or a log besides being read: control characters
 * and escape sequences, marks that turn the direction of writing, new lines that forge a line of their own, what is invisible,
 * halves of characters.
 */
const unsafe = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** A text with everything that cannot be seen, or is not what it seems, written as an escape: `\n`, `\x1b`, `\u{202e}`. */
export function visibleText(text: string): string {
  return text.replace(unsafe, escaped);
}

const shortEscapes: Readonly<Record<string, string | undefined>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return shortEscapes[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
}

/** The same, no longer than about `most` characters: of a longer text the beginning and the end are shown and the rest is counted. */
export function shortText(text: string, most: number): string {
  if (text.length <= most) return visibleText(text);
  const tail = Math.floor(most / 4);
  const head = most - tail;
  return `${visibleText(text.slice(0, head))}... (${text.length - most} characters) ...${visibleText(text.slice(-tail))}`;
}

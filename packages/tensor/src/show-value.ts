import { shortText, visibleText } from "@tapegrad/kernels";

/** Lists are cut after this many. */
const mostListed = 10;

/** A name or a text from outside, as a sentence of an error message has it: without quotes, escaped and no longer than a line. */
export function showName(name: string): string {
  return shortText(name, 120);
}

/** A path likewise: longer, for it is what one looks for. */
export function showPath(path: string): string {
  return shortText(path, 1000);
}

/** The first of some names and how many there are besides. */
export function showNames(names: readonly string[]): string {
  return cutList(names.slice(0, mostListed).map(showName), names.length).join(", ");
}

/** One line for each item, for the first of them; the last line counts the others. Only those that are shown are asked for. */
export function listLines<T>(items: readonly T[], line: (item: T) => string): string[] {
  return cutList(items.slice(0, mostListed).map(line), items.length);
}

function cutList(shown: readonly string[], count: number): string[] {
  return count > shown.length ? [...shown, `and ${count - shown.length} more`] : [...shown];
}

/** A value as error messages write it: short, and without its elements. */
export function showValue(value: unknown): string {
  return shown(value, 0);
}

function shown(value: unknown, depth: number): string {
  if (typeof value === "string") return visibleText(JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value));
  if (Array.isArray(value)) {
    // From JSON, arrays may be nested a thousand deep, eight in each.
    const isShort = value.length <= 8 && (depth < 2 || value.length === 0);
    return isShort ? `[${value.map((item) => shown(item, depth + 1)).join(",")}]` : `an array of ${value.length}`;
  }
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${showName(value.name)}`;
  if (typeof value !== "object" || value === null) return shortText(String(value), 40);
  const { constructor } = value;
  const name = typeof constructor === "function" && constructor !== Object && typeof constructor.name === "string" ? showName(constructor.name) : "object";
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

/** What an error of the system or of a library says, without the call and the path that Node repeats behind it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return showValue(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return shortText(error.message.replace(/, \w+(?: '.*)?$/su, "") || code, 300);
}

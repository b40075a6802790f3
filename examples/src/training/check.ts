/** Something that a program promises did not come out: told in one line, without a stack. */
export class CheckError extends Error {}

/** Throws CheckError unless the two are the same, element by element where they are (nested) lists. */
export function checkEqual(what: string, found: unknown, expected: unknown): void {
  const [foundText, expectedText] = [JSON.stringify(found), JSON.stringify(expected)];
  if (foundText !== expectedText) throw new CheckError(`${what}: ${foundText}, not ${expectedText}`);
}

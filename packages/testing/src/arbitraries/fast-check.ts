import type * as fastCheck from "fast-check";
import { ArgumentError } from "@tapegrad/tensor";

export type FastCheck = typeof fastCheck;

// An optional peer: comparisons and gradient checks do without. There is one copy of it, the program's, so that its settings hold here too.
const loaded = await loadFastCheck(() => import("fast-check"));

/** What the import gives, or null where the package is not installed. */
export async function loadFastCheck(load: () => Promise<FastCheck>): Promise<FastCheck | null> {
  try {
    return await load();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Node and Bun have a code, Deno and browsers a sentence. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !/fast-check/.test(error.message)) return false;
  return ("code" in error && error.code === "ERR_MODULE_NOT_FOUND") || error instanceof TypeError;
}

/** fast-check, for the arbitrary that asks. Throws ArgumentError `testing/no-fast-check`. */
export function fastCheckFor(op: string, found: FastCheck | null = loaded): FastCheck {
  if (found !== null) return found;
  throw new ArgumentError({ op, fact: "the package fast-check is not installed: arbitraries are its own", hint: "npm install --save-dev fast-check", code: "testing/no-fast-check" });
}

/** What is used of a `require`: the declarations do without Node's types. */
interface Require {
  (name: string): unknown;
  resolve(name: string): string;
}

/**
 * A `require` as the file `place`, a path or URL, has it. The module is asked for: webpack looks for calls of an imported `createRequire`, and
 * would have all that can be required in the bundle; and it takes 2 ms to load.
 */
export function requireFrom(place: string): Require {
  return process.getBuiltinModule("node:module").createRequire(place);
}

/**
 * The file that a name of one of our packages leads to, or null where the package is not installed. `place` is the file that asks:
 * of a package or, where a bundler has taken that one in, of a bundle. A bundle need not see what the packages see that it was made of
 * (pnpm keeps the dependencies of dependencies apart), so `tapegrad` is asked too, which it sees if anything.
 *
 * Throws    what else is wrong, such as a package that lacks a file
 */
export function packageFile(name: string, place: string): string | null {
  const seen = resolveFrom(place, name);
  if (seen !== null) return seen;
  const umbrella = resolveFrom(place, "tapegrad");
  return umbrella === null ? null : resolveFrom(umbrella, name);
}

function resolveFrom(place: string, name: string): string | null {
  try {
    return requireFrom(place).resolve(name);
  } catch (error) {
    if (isAbsent(error, name)) return null;
    throw error;
  }
}

/** An installed package that lacks its file has the same code, but a message with the file's path and not the name that was asked for. */
function isAbsent(error: unknown, name: string): boolean {
  return error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND" && error.message.includes(`'${name}'`);
}

import { TapegradError } from "./errors.ts";
import { packageFile } from "./package-file.ts";

const { readFileSync } = process.getBuiltinModule("node:fs");
const { dirname, join } = process.getBuiltinModule("node:path");
const { fileURLToPath, pathToFileURL } = process.getBuiltinModule("node:url");

/**
 * Beside this code, in the one form that bundlers know: those that do put the files where the URLs then lead. Functions, because in a
 * bundle that is CommonJS there is no `import.meta.url` to start from.
 */
const besideCode = {
  "kernels.wasm": () => new URL("./kernels.wasm", import.meta.url),
  "kernels-fma.wasm": () => new URL("./kernels-fma.wasm", import.meta.url),
  "kernels-wide.wasm": () => new URL("./kernels-wide.wasm", import.meta.url),
};

export type KernelFile = keyof typeof besideCode;

/** The file that this code is in: the package's, or a bundle. */
const ownFile = fileURLToPath(import.meta.url ?? pathToFileURL(__filename));
const ownFolder = dirname(ownFile);

/**
 * A compiled module. In the package it is beside this code. A bundle finds it beside itself, where its bundler or its user has put it, or
 * else in the package that it was made of.
 *
 * Throws    TapegradError `kernels/file`
 */
export function readKernels(file: KernelFile): Buffer {
  return readIfThere(() => fromModule(file))
    ?? readIfThere(() => join(ownFolder, file))
    // From the sources.
    ?? readIfThere(() => join(ownFolder, "../dist", file))
    ?? readIfThere(() => fromPackage(file))
    ?? notFound(file);
}

function fromModule(file: KernelFile): string | null {
  try {
    return fileURLToPath(besideCode[file]());
  } catch {
    return null;
  }
}

function fromPackage(file: KernelFile): string | null {
  const entry = packageFile("@tapegrad/kernels", ownFile);
  return entry === null ? null : join(dirname(entry), file);
}

/** Looked for one after the other: in the package, the first is it, and the others cost nothing. */
function readIfThere(place: () => string | null): Buffer | null {
  const path = place();
  if (path === null) return null;
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
}

function notFound(file: KernelFile): never {
  throw new TapegradError({
    op: "kernels",
    fact: `${file} is neither beside the program, in ${ownFolder}, nor in a package @tapegrad/kernels that is found from there`,
    hint: "copy the files *.wasm out of @tapegrad/kernels/dist into that folder",
    code: "kernels/file",
    data: { file, folder: ownFolder },
  });
}

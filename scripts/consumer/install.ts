import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundleOutput, bundlePackage, publishedPackages } from "../package-bundle.mjs";

interface Manifest {
  readonly name: string;
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Makes of a folder a project with tapegrad installed, as npm would install it from the registry: copies of what is published, made of the
 * sources as they are, and beside them what they depend on.
 */
export async function installTapegrad(root: string, folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  for (const name of publishedPackages(root)) {
    const source = join(root, "packages", name);
    const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
    const target = join(modules, manifest.name);
    mkdirSync(join(target, "dist"), { recursive: true });
    for (const file of ["package.json", ...manifest.files.filter((each) => each !== "dist")]) cpSync(join(source, file), join(target, file));
    for (const bundle of await bundlePackage(root, name)) {
      await bundle.write({ ...bundleOutput(root, name), dir: join(target, "dist"), sourcemap: false });
      await bundle.close();
    }
    for (const dependency of Object.keys(manifest.dependencies ?? {})) linkOther(source, modules, dependency);
  }
  for (const file of kernelFiles) cpSync(join(root, "packages/kernels/dist", file), join(modules, "@tapegrad/kernels/dist", file));
}

/** What a user puts beside a bundle. */
export const kernelFiles = ["kernels.wasm", "kernels-fma.wasm", "kernels-wide.wasm"] as const;

function linkOther(source: string, modules: string, name: string): void {
  const link = join(modules, name);
  if (name.startsWith("@tapegrad/") || existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  // "junction" is what Windows lets everybody make; elsewhere it is any link.
  symlinkSync(join(source, "node_modules", name), link, "junction");
}

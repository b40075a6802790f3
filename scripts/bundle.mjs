// Makes the JavaScript of every published package, beside the types that the compiler has put into its dist.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOutput, bundlePackage, publishedPackages } from "./package-bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * What an earlier build has left would be published with the rest.
 * @param {string} folder
 */
function removeOldFiles(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && /\.js(\.map)?$/.test(entry.name)) rmSync(join(entry.parentPath, entry.name));
  }
}

for (const name of publishedPackages(root)) {
  const bundles = await bundlePackage(root, name);
  removeOldFiles(join(root, "packages", name, "dist"));
  for (const bundle of bundles) {
    await bundle.write(bundleOutput(root, name));
    await bundle.close();
  }
}

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const packages = fileURLToPath(new URL("../../../", import.meta.url));

/** A program of the tests as one file that a plain Node runs, with the kernels where it looks for them. */
export async function bundleProgram(source: URL, folder: string): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(source),
    platform: "node",
    resolve: { conditionNames: ["tapegrad-source", "node", "import", "default"] },
  });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  await bundle.close();
  cpSync(join(packages, "kernels/dist"), join(folder, "dist"), { recursive: true });
  mkdirSync(join(folder, "program"), { recursive: true });
  const path = join(folder, "program/program.mjs");
  writeFileSync(path, output[0].code);
  return path;
}

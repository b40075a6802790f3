import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const packages = fileURLToPath(new URL("../../../", import.meta.url));

/** A program of the tests as one file that a plain Node runs; of the tensors it gets only the errors. */
export async function bundleProgram(source: URL, folder: string): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(source),
    platform: "node",
    resolve: {
      alias: {
        "@tapegrad/tensor": join(packages, "tensor/src/errors.ts"),
        "@tapegrad/kernels": join(packages, "kernels/src/errors.ts"),
      },
    },
  });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  await bundle.close();
  const path = join(folder, "program.mjs");
  writeFileSync(path, output[0].code);
  return path;
}

// A program over the sources as one script, for tests that need a process of its own: kills, limits, permissions.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

/**
 * Writes `program`, a module that may import "tapegrad", and all it imports of ours into one CommonJS file, and returns its path.
 * @param {string} root
 * @param {string} folder
 * @param {string} program
 */
export async function writeProgram(root, folder, program) {
  const entry = join(root, "scripts/program.mjs");
  const bundle = await rolldown({
    cwd: root,
    input: entry,
    platform: "node",
    treeshake: false,
    resolve: { conditionNames: ["tapegrad-source", "import", "node", "default"] },
    plugins: [{
      name: "program",
      resolveId: (id) => (id === entry ? id : null),
      load: (id) => (id === entry ? program : null),
      // What the sources find by their own place stays where it is.
      transform: (code, id) => code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href)),
    }],
  });
  const { output } = await bundle.generate({ format: "cjs", keepNames: true });
  await bundle.close();
  const path = join(folder, "program.cjs");
  writeFileSync(path, output[0].code);
  for (const file of output.slice(1)) writeFileSync(join(folder, file.fileName), file.type === "chunk" ? file.code : file.source);
  return path;
}

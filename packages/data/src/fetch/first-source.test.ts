import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { temporaryFolder } from "@tapegrad/test-support";
import { expect, test, vi } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { fetchFromFirst, type Source } from "./first-source.ts";

const unavailable = { op: "Test.load", area: "test", what: "the data", hint: "get them" };

function failing(name: string, code = "test/no"): Source {
  return {
    name,
    fetch: async (folder) => {
      writeFileSync(join(folder, `left-by-${name}`), "");
      throw new DataError({ op: "Test.load", fact: `${name} is: closed`, code, details: ["more"] });
    },
  };
}

function giving(name: string): Source {
  return { name, fetch: async (folder) => writeFileSync(join(folder, name), "") };
}

test("the first that can; the others are noticed and leave nothing", async () => {
  const folder = temporaryFolder();
  const notices: string[] = [];
  const events = { onNotice: (notice: string) => notices.push(notice) };
  await fetchFromFirst([failing("a"), giving("b"), giving("c")], folder, events, unavailable);
  expect(readdirSync(folder)).toEqual(["b"]);
  expect(notices).toEqual(["Test.load: a: a is: closed; trying b"]);
});

test("without a listener a notice is a warning on the console", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await fetchFromFirst([failing("a"), giving("b")], temporaryFolder(), {}, unavailable);
  expect(warn).toHaveBeenCalledWith("Test.load: a: a is: closed; trying b");
  warn.mockRestore();
});

test("none: the error says what each of them said", async () => {
  const events = { onNotice: () => undefined };
  const error = await dataError(fetchFromFirst([failing("a"), failing("b")], temporaryFolder(), events, unavailable));
  expect(error.message).toBe(
    "Test.load: the data could not be had from any source\n" +
      "  a: a is: closed\n  b: b is: closed\n  hint: get them\n  code: test/unavailable",
  );
});

test.each(["download/disk-full", "download/aborted", "cache/permission"])("%s ends it at once", async (code) => {
  const error = await dataError(fetchFromFirst([failing("a", code), giving("b")], temporaryFolder(), {}, unavailable));
  expect(error.code).toBe(code);
});

test("a mistake in the code is not disguised", async () => {
  const source: Source = { name: "a", fetch: () => Promise.reject(new TypeError("mistake")) };
  await expect(fetchFromFirst([source, giving("b")], temporaryFolder(), {}, unavailable)).rejects.toThrow(TypeError);
});

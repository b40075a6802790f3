import { DataError } from "@tapegrad/tensor";
import { expect, test } from "vitest";
import { factOf, fileError, messageOf } from "./file-error.ts";

const context = { op: "Test.load", area: "cache", doing: "writing", path: "/data/file" };

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: said the system`), { code });
}

test.each([
  ["ENOSPC", "cache/disk-full", "no space left on the disk while writing /data/file"],
  ["EDQUOT", "cache/disk-full", "the disk quota is used up while writing /data/file"],
  ["EFBIG", "cache/disk-full", "the file size limit is reached while writing /data/file"],
  ["EACCES", "cache/permission", "permission denied while writing /data/file"],
  ["EPERM", "cache/permission", "permission denied while writing /data/file"],
  ["EROFS", "cache/permission", "the file system is read-only while writing /data/file"],
  ["ENOENT", "cache/missing", "no such file or folder while writing /data/file"],
  ["ENOTDIR", "cache/not-a-folder", "a part of the path is a file, not a folder while writing /data/file"],
  ["EEXIST", "cache/not-a-folder", "a part of the path is a file, not a folder while writing /data/file"],
  ["EMFILE", "cache/io", "too many files are open while writing /data/file"],
  ["ENFILE", "cache/io", "too many files are open while writing /data/file"],
  ["ELOOP", "cache/io", "a link that is not followed, or leads in a circle, is in the way while writing /data/file"],
  ["EMLINK", "cache/io", "a file of several names is in the way while writing /data/file"],
  ["EISDIR", "cache/io", "a folder is in the way while writing /data/file"],
  ["EIO", "cache/io", "input or output failed while writing /data/file"],
  ["EBUSY", "cache/io", "EBUSY: said the system while writing /data/file"],
])("%s is told as %s", (code, expectedCode, fact) => {
  const cause = systemError(code);
  const error = fileError(context, cause);
  expect(error).toBeInstanceOf(DataError);
  expect(error.code).toBe(expectedCode);
  expect(factOf(error)).toBe(fact);
  expect(error.cause).toBe(cause);
});

test("a DataError passes through", () => {
  const error = new DataError({ op: "a", fact: "b", code: "c/d" });
  expect(fileError(context, error)).toBe(error);
});

test("an error without a message is named by its code, and a thrown value by itself", () => {
  expect(messageOf(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
  expect(messageOf(new RangeError())).toBe("RangeError");
  expect(messageOf("text")).toBe("text");
});

import { expect, test } from "vitest";
import { parseLine, parseRequest } from "./protocol.ts";

test("requests come through", () => {
  expect(parseRequest('{"task":"train","model":"vgg","steps":3}')).toEqual({ task: "train", model: "vgg", steps: 3 });
  const overhead = { task: "overhead", op: "relu", length: 10, repeats: 2 };
  expect(parseRequest(JSON.stringify(overhead))).toEqual(overhead);
});

test.each(["", "train", '{"task":"train","model":"resnet","steps":3}', '{"task":"overhead","op":"add"}'])("%j is not a request", (line) => {
  expect(() => parseRequest(line)).toThrow(new TypeError(`not a request: ${line}`));
});

test("whatever is not an object is not a message", () => {
  expect(["Hi, looks like you are running", "[1]", "3", "null"].map(parseLine)).toEqual([null, null, null, null]);
});

import { expect, test } from "vitest";
import { opCases } from "./ops/op-cases.ts";
import { parseLine, parseRequest } from "./protocol.ts";

test("requests come through", () => {
  expect(parseRequest('{"task":"train","model":"vgg","steps":3}')).toEqual({ task: "train", model: "vgg", steps: 3 });
  const overhead = { task: "overhead", op: "relu", length: 10, repeats: 2 };
  expect(parseRequest(JSON.stringify(overhead))).toEqual(overhead);
  const peak = { task: "peak", model: "mlp", steps: 100 };
  expect(parseRequest(JSON.stringify(peak))).toEqual(peak);
  const scale = { task: "scale", model: "convnet", batch: 8, width: 16, steps: 1 };
  expect(parseRequest(JSON.stringify(scale))).toEqual(scale);
});

test.each(opCases)("a request for $name comes through with its spec", (opCase) => {
  const request = { task: "op", case: opCase, repeats: 2 };
  expect(parseRequest(JSON.stringify(request))).toEqual(request);
});

test.each([
  "",
  "train",
  '{"task":"train","model":"resnet","steps":3}',
  '{"task":"overhead","op":"add"}',
  '{"task":"op","case":{"name":"fft"},"repeats":1}',
  '{"task":"scale","model":"vgg","batch":1,"width":1,"steps":1}',
])("%j is not a request", (line) => {
  expect(() => parseRequest(line)).toThrow(new TypeError(`not a request: ${line}`));
});

test("whatever is not an object is not a message", () => {
  expect(["Hi, looks like you are running", "[1]", "3", "null"].map(parseLine)).toEqual([null, null, null, null]);
});

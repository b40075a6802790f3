import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { ArgumentError, parseArguments, peerNames } from "./arguments.ts";

test("only the suite has to be said", () => {
  expect(parseArguments(["--suite", "train"])).toEqual({
    suite: "train",
    json: null,
    threads: availableParallelism(),
    peers: [...peerNames],
    rounds: 7,
    steps: 20000,
    quick: false,
  });
});

test("everything can be said", () => {
  const argv = ["--suite", "memory", "--json", "out.json", "--threads", "2", "--peers", "torch,tfjs", "--rounds", "3", "--steps", "100"];
  expect(parseArguments(argv)).toEqual({ suite: "memory", json: "out.json", threads: 2, peers: ["torch", "tfjs"], rounds: 3, steps: 100, quick: false });
  expect(parseArguments(["--suite", "train", "--peers", "none"]).peers).toEqual([]);
});

test("quick means one round of little, without peers", () => {
  expect(parseArguments(["--suite", "train", "--quick", "--peers", "torch"])).toMatchObject({ quick: true, peers: [], rounds: 1, steps: 20 });
});

test.each([
  [[], "--suite is missing; there are train, overhead, memory"],
  [["--suite", "speed"], "--suite speed is unknown; there are train, overhead, memory"],
  [["--suite", "train", "--peers", "torch,numpy"], "--peers numpy is unknown; there are torch, jax-js, tfjs, tfjs-wasm"],
  [["--suite", "train", "--threads", "0"], "--threads 0 must be an integer, 1 or more"],
  [["--suite", "train", "--rounds", "2.5"], "--rounds 2.5 must be an integer, 1 or more"],
  [["--suite", "memory", "--steps", "many"], "--steps many must be an integer, 1 or more"],
])("%j is refused", (argv, message) => {
  expect(() => parseArguments(argv)).toThrow(new ArgumentError(message));
});

test("an unknown option is refused by its name", () => {
  expect(() => parseArguments(["--suite", "train", "--fast"])).toThrow(/Unknown option '--fast'/);
});

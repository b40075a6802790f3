import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { ArgumentError, parseArguments, parseReportArguments, peerNames } from "./arguments.ts";

test("only the suite has to be said", () => {
  expect(parseArguments(["--suite", "train"])).toEqual({
    suite: "train",
    json: null,
    threads: availableParallelism(),
    blas: true,
    peers: [...peerNames],
    rounds: 7,
    steps: 20000,
    only: null,
    quick: false,
  });
});

test("everything can be said", () => {
  const argv = [
    "--suite", "ops", "--json", "out.json", "--threads", "2", "--peers", "torch,tfjs", "--rounds", "3", "--steps", "100",
    "--blas", "off", "--only", "gemm",
  ];
  expect(parseArguments(argv)).toEqual({
    suite: "ops", json: "out.json", threads: 2, blas: false, peers: ["torch", "tfjs"], rounds: 3, steps: 100, only: "gemm", quick: false,
  });
  expect(parseArguments(["--suite", "train", "--peers", "none"]).peers).toEqual([]);
});

test("quick means one round of little, without peers", () => {
  expect(parseArguments(["--suite", "train", "--quick", "--peers", "torch"])).toMatchObject({ quick: true, peers: [], rounds: 1, steps: 20 });
});

test("the peak suite takes fewer steps", () => {
  expect(parseArguments(["--suite", "peak"]).steps).toBe(100);
  expect(parseArguments(["--suite", "peak", "--quick"]).steps).toBe(2);
});

test("reports are asked for by their files", () => {
  expect(parseReportArguments(["--report", "a.json", "b.json"])).toEqual({ files: ["a.json", "b.json"], docs: null });
  expect(parseReportArguments(["--report", "a.json", "--docs", "out"])).toEqual({ files: ["a.json"], docs: "out" });
  expect(parseReportArguments(["--suite", "train"])).toBeNull();
  expect(() => parseReportArguments(["--report"])).toThrow(new ArgumentError("--report needs the files of --json"));
  expect(() => parseReportArguments(["--report", "a.json", "--suite", "ops"])).toThrow(new ArgumentError("--report and --suite do not go together"));
});

const suites = "train, ops, overhead, memory, peak, startup, scale";

test.each([
  [[], `--suite is missing; there are ${suites}`],
  [["--suite", "speed"], `--suite speed is unknown; there are ${suites}`],
  [["--suite", "train", "--peers", "torch,numpy"], "--peers numpy is unknown; there are torch, jax-js, tfjs, tfjs-wasm"],
  [["--suite", "train", "--threads", "0"], "--threads 0 must be an integer, 1 or more"],
  [["--suite", "train", "--rounds", "2.5"], "--rounds 2.5 must be an integer, 1 or more"],
  [["--suite", "train", "--blas", "maybe"], "--blas maybe is unknown; there are on, off"],
  [["--suite", "memory", "--only", "plain"], "--only does not go with memory, whose rows belong together"],
  [["--suite", "train", "mlp"], "mlp belongs to no option"],
  [["--suite", "train", "--docs", "out"], "--docs belongs to --report"],
  [["--suite", "memory", "--steps", "many"], "--steps many must be an integer, 1 or more"],
])("%j is refused", (argv, message) => {
  expect(() => parseArguments(argv)).toThrow(new ArgumentError(message));
});

test("an unknown option is refused by its name", () => {
  expect(() => parseArguments(["--suite", "train", "--fast"])).toThrow(/Unknown option '--fast'/);
});

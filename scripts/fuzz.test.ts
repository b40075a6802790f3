import { DataError } from "tapegrad";
import { describe, expect, test } from "vitest";
import { inputOf } from "./fuzz/mutate.ts";
import { faultOf, runTarget } from "./fuzz/run-target.ts";
import type { FuzzTarget } from "./fuzz/target.ts";
import { allTargets } from "./fuzz/targets.ts";

// `npm run fuzz` does the same with two million inputs for each parser.
const runs = Number(process.env["TAPEGRAD_FUZZ_RUNS"] ?? 1500);
const targets = await allTargets();

test.each(targets.map((target) => [target.name, target] as const))("%s: generated files are loaded rightly or refused properly", async (_name, target) => {
  const { loaded, refused, slowestMs } = await runTarget(target, { runs, seed: 1 });
  // The generator is worth something only where both happen.
  expect(loaded).toBeGreaterThan(runs / 20);
  expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(runs / 20);
  expect(slowestMs).toBeLessThan(5000);
});

describe("the attack itself", () => {
  const parts = { op: "load", fact: "no", code: "a/b" };
  const target = (parse: (bytes: Uint8Array) => unknown): FuzzTarget => ({ name: "own", tokens: [], valid: () => Buffer.from("valid"), parse });

  test("an input can be made again", () => {
    const one = target(() => undefined);
    for (const index of [1, 77, 123_456]) expect(inputOf(one, 9, index)).toEqual(inputOf(one, 9, index));
    expect(new Set(Array.from({ length: 500 }, (_, index) => Buffer.from(inputOf(one, 9, index).bytes).toString("hex"))).size).toBeGreaterThan(200);
    expect(inputOf(one, 9, 16)).toEqual({ bytes: Buffer.from("valid"), isValid: true });
  });

  test.each<[unknown, string]>([
    [new RangeError("x"), "none of ours"],
    ["x", "none of ours"],
    [Object.assign(new DataError(parts), { message: "load: \u001b[2J\n  code: a/b" }), "a control character"],
    [Object.assign(new DataError(parts), { message: "load: \u202e\n  code: a/b" }), "a control character"],
    [Object.assign(new DataError(parts), { message: "load: no\nhint: x\n  code: a/b" }), "a forged line"],
    [Object.assign(new DataError(parts), { message: "load: no\n  code: a/b\n  hint: x" }), "a forged line"],
    [Object.assign(new DataError(parts), { message: "x".repeat(10_000) }), "a message of 10000"],
    [new DataError({ ...parts, cause: new Error("\u0007") }), "in the cause"],
  ])("%s is a fault", (error, why) => {
    expect(faultOf(error)).toContain(why);
  });

  test("a proper refusal is none", () => {
    expect(faultOf(new DataError({ ...parts, fact: "\u001b\n\u202e", details: ["a\nb"], hint: "c\rd" }))).toBeNull();
  });

  test("a fault says how to have it again", async () => {
    const run = runTarget(target((bytes) => {
      if (!Buffer.from(bytes).equals(Buffer.from("valid"))) throw new TypeError("broken");
    }), { runs: 10, seed: 5 });
    await expect(run).rejects.toThrow(/^own, input 1 of seed 5: an error that is none of ours: TypeError: broken[^]*npm run fuzz -- own --seed 5 --from 1 --runs 1$/);
    await expect(runTarget(target(() => {
      throw new DataError(parts);
    }), { runs: 1, seed: 5 })).rejects.toThrow("own, input 0 of seed 5: a valid file is refused");
  });
});

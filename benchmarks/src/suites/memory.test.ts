import { expect, test } from "vitest";
import { formatMemoryRows, memoryRows, type Sample } from "./memory.ts";

function samples(seconds: number, megabytes: readonly number[]): Sample[] {
  return megabytes.map((residentMegabytes, i) => ({ step: 10 * (i + 1), seconds, residentMegabytes }));
}

test("a loop is judged by its time against scope and by its level in the second half", () => {
  const rows = memoryRows(new Map([
    ["plain", samples(0.06, [100, 200, 300, 500, 400, 410, 405, 415])],
    ["scope", samples(0.05, [100, 100, 100, 100, 100, 100, 100, 100])],
  ]));
  expect(rows).toMatchObject([
    { name: "plain", ours: 6, ratioToScope: 1.2, residentMegabytes: { peak: 500, thirdQuarter: 405, fourthQuarter: 410 } },
    { name: "scope", ours: 5, ratioToScope: 1, residentMegabytes: { peak: 100, thirdQuarter: 100, fourthQuarter: 100 } },
  ]);
  expect(formatMemoryRows(rows).split("\n")[1]).toMatch(/^plain +6 +1\.2 +500 +405 +410$/);
});

test("a single sample is enough", () => {
  expect(memoryRows(new Map([["scope", samples(0.05, [100])]]))).toMatchObject([{ ours: 5, residentMegabytes: { thirdQuarter: 100, fourthQuarter: 100 } }]);
});

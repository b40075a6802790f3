import { expect, test } from "vitest";
import { memoryStats } from "tapegrad";
import { selectOpCases } from "../ops/op-cases.ts";
import { buildOp } from "./our-ops.ts";

test.each(selectOpCases(null, true))("$name runs again and again", ({ spec }) => {
  const op = buildOp(spec);
  op.run();
  op.run();
  op.dispose();
});

test.each([{ op: "sgd", size: 8 }, { op: "adam", size: 8 }, { op: "channelsLast", shape: [2, 3, 4, 4] }] as const)("$op runs, too", (spec) => {
  const op = buildOp(spec);
  op.run();
  op.run();
  op.dispose();
});

test("a call leaves nothing behind, and an op that is disposed of neither", () => {
  const before = memoryStats().live;
  const op = buildOp({ op: "add", size: 1000 });
  op.run();
  const inputs = memoryStats().live;
  op.run();
  expect(memoryStats().live).toBe(inputs);
  op.dispose();
  expect(memoryStats().live).toBe(before);
});

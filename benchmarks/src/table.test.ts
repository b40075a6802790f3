import { expect, test } from "vitest";
import { buildRow } from "./rows.ts";
import { formatRows, formatTable } from "./table.ts";

test("columns line up: names to the left, figures to the right", () => {
  expect(formatTable([["", "ms"], ["plain", "7.5"], ["scope", "12"]])).toBe("        ms\nplain  7.5\nscope   12");
});

test("rows show every peer and its ratio, and why one is missing", () => {
  const peers = new Map([["torch", [8000]], ["tfjs", { reason: "no such kernel" }]]);
  const text = formatRows([buildRow({ name: "lenet", unit: "images/s", better: "higher" }, [10000], peers)]);
  expect(text.split("\n")).toEqual([
    "           unit    ours  torch  ratio  tfjs  ratio",
    "lenet  images/s  10,000  8,000   1.25     -      -",
    "tfjs has no lenet: no such kernel",
  ]);
});

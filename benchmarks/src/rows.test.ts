import { expect, test } from "vitest";
import { buildRow } from "./rows.ts";

const what = { name: "lenet", unit: "images/s", better: "higher" } as const;

test("a row has medians, and ratios of ours to theirs", () => {
  const row = buildRow(what, [900, 1000, 5000], new Map([["torch", [2000, 500, 4000]]]));
  expect(row).toEqual({
    ...what,
    ours: 1000,
    peers: { torch: 2000 },
    ratio: { torch: 0.5 },
    reasons: {},
    rounds: { ours: [900, 1000, 5000], torch: [2000, 500, 4000] },
  });
});

test("a peer that cannot do it is null, with the reason", () => {
  const row = buildRow(what, [1000], new Map([["jax-js", { reason: "it takes more than 30 s" }]]));
  expect(row.peers).toEqual({ "jax-js": null });
  expect(row.ratio).toEqual({ "jax-js": null });
  expect(row.reasons).toEqual({ "jax-js": "it takes more than 30 s" });
  expect(row.rounds).toEqual({ ours: [1000] });
});

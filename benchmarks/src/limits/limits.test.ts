import { expect, test } from "vitest";
import { compileLimits } from "./compile.ts";
import { betterLimits, type Limits } from "./measure-limits.ts";
import { prepareProbe, probeKinds } from "./probes.ts";

test("the probes run, and count what they move or compute", async () => {
  const module = await compileLimits();
  const probes = probeKinds.map((kind) => prepareProbe(module, { kind, arrayBytes: 1024 }));
  for (const probe of probes) probe.run();
  expect(probes.map(({ amount }) => amount)).toEqual([104 * 20_000, 1024, 3 * 1024, 2 * 1024]);
});

test("of two measurements the better counts, figure by figure", () => {
  const before: Limits = { threads: 2, gigaflopsPerSecond: [40, 70], bandwidth: [{ arrayMegabytes: 16, read: 50, triad: 30, copy: 20 }] };
  const after: Limits = { threads: 2, gigaflopsPerSecond: [30, 80], bandwidth: [{ arrayMegabytes: 16, read: 40, triad: 35, copy: 25 }] };
  expect(betterLimits(before, after)).toEqual({ threads: 2, gigaflopsPerSecond: [40, 80], bandwidth: [{ arrayMegabytes: 16, read: 50, triad: 35, copy: 25 }] });
});

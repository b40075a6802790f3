import { expect, test } from "vitest";
import { busyWarning, describeMachine, measureBusyCores } from "./machine.ts";

test("a machine is described with what took part", () => {
  const machine = describeMachine({ threads: 2, blas: true, kernels: null, peers: { torch: "1.13.0" }, busyCores: { before: 0, after: 0.1 } });
  expect(machine).toMatchObject({ threads: 2, peers: { torch: "1.13.0" }, node: process.version, busyCores: { before: 0, after: 0.1 } });
  expect(machine.cores).toBeGreaterThan(0);
  expect(Date.parse(machine.date)).not.toBeNaN();
});

test("busy cores are counted", async () => {
  const busy = await measureBusyCores();
  expect(busy).toBeGreaterThanOrEqual(0);
  expect(busy).toBeLessThanOrEqual(describeMachine({ threads: 1, blas: true, kernels: null, peers: {}, busyCores: { before: 0, after: 0 } }).cores + 0.1);
});

test("a busy machine is warned of", () => {
  expect(busyWarning({ before: 0.1, after: 0.2 })).toBeNull();
  expect(busyWarning({ before: 0.1, after: 1.5 })).toBe(
    "warning: other programs kept 0.1 cores busy before and 1.5 after the measurement; the figures say little, the ratios least of all",
  );
});

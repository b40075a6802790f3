import { expect, test } from "vitest";
import type { Request } from "../protocol.ts";
import { WorkerError } from "../json-pipe.ts";
import { quickEffort } from "../interleave.ts";
import { formatBars } from "../table.ts";
import { peakRow, runPeak } from "./peak.ts";
import { formatScaleRows, growths, runScale, scaleRow, scaleTask } from "./scale.ts";
import { startupRows } from "./startup.ts";

test("a peak is judged by its ratio", () => {
  expect(peakRow("mlp", 100, 130, new Map([["torch", [100]]]))).toMatchObject({ unit: "MB", steps: 100, ratio: { torch: 1.3 }, bar: 1.3, ok: true });
  expect(peakRow("mlp", 100, 140, new Map([["torch", [100]]])).ok).toBe(false);
  expect(peakRow("mlp", 100, 140, new Map([["torch", { reason: "not there" }]])).ok).toBeNull();
});

test("each model's peak is taken in fresh processes, and a peer that fails is a gap", async () => {
  const log: string[] = [];
  const contestant = (name: string, megabytes: number | null) => ({
    name,
    async ask(request: Request) {
      if (request.task === "peak") log.push(`${name} ${request.model} ${request.steps}`);
      if (megabytes === null) throw new WorkerError("no torch");
      return { seconds: 1, megabytes };
    },
    close: async () => void log.push(`${name} ends`),
  });
  const rows = await runPeak("net", 5, () => ({ ours: contestant("ours", 50), peers: [contestant("torch", null)] }));
  expect(rows.map(({ name, ours, reasons }) => [name, ours, reasons])).toEqual([["lenet", 50, { torch: "no torch" }], ["alexnet", 50, { torch: "no torch" }]]);
  expect(log.slice(0, 4)).toEqual(["ours lenet 5", "ours ends", "torch lenet 5", "torch ends"]);
});

test("a start is judged by import and first op together", () => {
  const times = { start: 40, import: 70, "first op": 5, "import and first op": 75, all: 115 };
  const rows = startupRows([times], [{ ...times, import: 700 }]);
  expect(rows.map(({ name, ours, bar, ok }) => [name, ours, bar, ok])).toEqual([
    ["start", 40, null, null], ["import", 70, null, null], ["first op", 5, null, null], ["import and first op", 75, 80, true], ["all", 115, null, null],
  ]);
  expect(rows[1]?.ratio).toEqual({ torch: 0.1 });
  expect(formatBars(rows.map((row) => ({ ...row, figure: row.ours })))).toEqual(["ok: import and first op 75, bar 80"]);
  expect(startupRows([{ ...times, "import and first op": 90 }], null)[3]).toMatchObject({ ok: false, peers: {} });
  expect(startupRows([times], { reason: "no torch" })[1]?.reasons).toEqual({ torch: "no torch" });
});

test("a growth is a size's time over the least of the smaller sizes", () => {
  const [growth] = growths;
  if (growth === undefined) throw new RangeError("nothing grows");
  const sized = (figures: readonly number[]) => figures.map((ours, i) => ({ size: 32 * 2 ** i, ours }));
  const row = scaleRow(growth, sized([10, 9, 8, 8.4, 7]));
  expect(row).toMatchObject({ name: "mlp batch", unit: "us/image", growth: 1.05, ok: true });
  expect(scaleRow(growth, sized([10, 8, 5, 5, 6]))).toMatchObject({ growth: 1.2, ok: false });
  expect(formatScaleRows([row]).split("\n")[1]).toMatch(/^mlp batch from 32 +us\/image +10 +9 +8 +8\.4 +7 +1\.05 +yes$/);
});

test("time is taken per image where the batch grows and per FLOP where the width does", () => {
  const batch = scaleTask({ model: "mlp", grows: "batch", from: 10, other: 4 }, 2);
  expect(batch.request(3)).toEqual({ task: "scale", model: "mlp", batch: 20, width: 4, steps: 3 });
  expect(batch.figure(1)).toBeCloseTo(50_000, 6);
  const width = scaleTask({ model: "mlp", grows: "width", from: 10, other: 4 }, 2);
  expect(width.request(3)).toEqual({ task: "scale", model: "mlp", batch: 4, width: 20, steps: 3 });
  expect(width.figure(1)).toBeCloseTo(1e12 / (4 * 6 * (3072 * 20 + 20 * 20 + 10 * 20)), 6);
});

test("each size has a process of its own", async () => {
  const log: string[] = [];
  let started = 0;
  const rows = await runScale("convnet width", quickEffort, () => {
    const name = `process ${started++}`;
    return {
      name,
      async ask(request: Request) {
        if (request.task === "scale") log.push(`${name} ${request.width}`);
        return { seconds: 1 };
      },
      close: async () => {},
    };
  });
  expect(rows).toMatchObject([{ name: "convnet width", ok: true }]);
  expect(log.slice(0, 5)).toEqual([8, 16, 32, 64, 128].map((width, i) => `process ${i} ${width}`));
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runExample } from "./programs.ts";
import type { Figures } from "./training/report.ts";

const folder = mkdtempSync(join(tmpdir(), "tapegrad-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

let printed: string[] = [];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void printed.push(String(line)));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => vi.restoreAllMocks());

/** Runs `--quick` with `--json`; returns what the file says. */
async function quickly(name: string, ...args: string[]): Promise<Figures> {
  const json = join(folder, `${name}.json`);
  await runExample([name, "--quick", "--json", json, ...args]);
  const figures = JSON.parse(readFileSync(json, "utf8")) as Figures;
  expect(Object.keys(figures)).toEqual(["system", "seed", "data", "metrics", "seconds", "parameters"]);
  expect(figures.system).toBe(name);
  expect(figures.seconds).toBeGreaterThan(0);
  // No figure of a quick run may pass for one of a data set.
  const needsData = !["cs231n-layers", "edge-detector"].includes(name);
  expect(figures.data).toBe(needsData ? "synthetic images" : null);
  expect(printed.includes("synthetic images")).toBe(needsData);
  expect(printed.at(-1 - Object.keys(figures.metrics).length)?.includes(", synthetic images: ")).toBe(needsData);
  expect(printed.join("\n")).not.toMatch(/CIFAR|MNIST/);
  for (const [metric, value] of Object.entries(figures.metrics)) expect(value, metric).toBeTypeOf("number");
  return figures;
}

const metric = (figures: Figures, name: string): number => figures.metrics[name] ?? NaN;

describe("in quick mode", () => {
  test("cs231n-layers reproduces the course's figures and gradients", async () => {
    const { metrics } = await quickly("cs231n-layers");
    expect(metrics["checks"]).toBeGreaterThan(100);
    expect(metrics["missed"]).toBe(0);
    expect(metrics["largestFigureError"]).toBeLessThan(1e-8);
    expect(metrics["largestTapeDifference"]).toBeLessThan(1e-10);
    expect(metrics["largestNumericGradientError"]).toBeLessThan(1e-6);
    expect(printed.join("\n")).toMatch(/ok {6}spatial batch norm dgamma/);
  });

  test("two-layer-net learns", async () => {
    const figures = await quickly("two-layer-net");
    expect(figures.parameters).toBe(3072 * 20 + 20 + 20 * 10 + 10);
    expect(metric(figures, "lastLoss")).toBeLessThan(metric(figures, "firstLoss"));
    expect(figures.metrics["valAccuracy"]).toBeGreaterThan(0.5);
    expect(figures.metrics["testAccuracy"]).toBeGreaterThan(0.5);
  });

  test.each(["batch", "layer", "none"])("fully-connected-net learns, with normalisation: %s", async (norm) => {
    const figures = await quickly("fully-connected-net", "--norm", norm);
    const normParameters = norm === "none" ? 0 : 2 * (64 + 32);
    expect(figures.parameters).toBe(3072 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10 + normParameters);
    expect(metric(figures, "lastLoss")).toBeLessThan(0.8 * metric(figures, "firstLoss"));
    expect(figures.metrics["testAccuracy"]).toBeGreaterThan(0.5);
    expect(figures.metrics["overfit3Layers"]).toBe(1);
    expect(figures.metrics["overfit5Layers"]).toBe(1);
  });

  test("three-layer-convnet learns, plain and with batch norm", async () => {
    const figures = await quickly("three-layer-convnet");
    for (const name of ["valAccuracy", "testAccuracy", "batchNormValAccuracy", "batchNormTestAccuracy"]) {
      expect(figures.metrics[name], name).toBeGreaterThan(0.5);
    }
  });

  test("edge-detector finds the kernel", async () => {
    const figures = await quickly("edge-detector");
    expect(figures.parameters).toBe(3);
    expect(figures.metrics["kernelError"]).toBeLessThan(0.1);
    expect(metric(figures, "lastLoss")).toBeLessThan(0.01 * metric(figures, "firstLoss"));
    expect(printed[0]).toMatch(/19, 25\D+37, 43/);
  });

  test("lenet learns, both parts", async () => {
    const figures = await quickly("lenet");
    expect(figures.parameters).toBe(61_706 + 62_006);
    expect(metric(figures, "fashionLastLoss")).toBeLessThan(0.8 * metric(figures, "fashionFirstLoss"));
    expect(figures.metrics["fashionTestAccuracy"]).toBeGreaterThan(0.5);
    expect(metric(figures, "lastLoss")).toBeLessThan(0.5 * metric(figures, "firstLoss"));
    expect(figures.metrics["testAccuracy"]).toBeGreaterThan(0.5);
  });

  test("lenet trains one part alone", async () => {
    const figures = await quickly("lenet", "--part", "cifar");
    expect(figures.parameters).toBe(62_006);
    expect(Object.keys(figures.metrics)).toEqual(["testAccuracy", "firstLoss", "lastLoss"]);
  });

  test.each(["none", "local-response"])("alexnet has the original's shapes and learns, with normalisation: %s", async (norm) => {
    const figures = await quickly("alexnet", "--norm", norm);
    expect(printed.join("\n")).toContain("61,100,840 parameters");
    expect(printed.join("\n").includes("LocalResponseNorm")).toBe(norm === "local-response");
    expect(metric(figures, "lastLoss")).toBeLessThan(0.5 * metric(figures, "firstLoss"));
    expect(figures.metrics["testAccuracy"]).toBeGreaterThan(0.5);
  });

  test("the same seed gives the same figures, another seed others", async () => {
    const run = async (seed: string): Promise<Figures["metrics"]> => (await quickly("two-layer-net", "--seed", seed)).metrics;
    const first = await run("7");
    expect(await run("7")).toEqual(first);
    expect((await run("8"))["lastLoss"]).not.toBe(first["lastLoss"]);
  });
});

describe("the command line", () => {
  test("names the examples", async () => {
    const names = "cs231n-layers, two-layer-net, fully-connected-net, three-layer-convnet, edge-detector, lenet, alexnet";
    await expect(runExample(["vgg"])).rejects.toThrow(`there is no example "vgg"\nusage: npm run example -- NAME [--seed N] [--quick] [--json FILE] [--data DIR]\n  NAME is one of ${names}`);
    await expect(runExample([])).rejects.toThrow("which example?\nusage: npm run example");
    await runExample(["--help"]);
    expect(printed[0]).toContain(names);
  });

  test("has words of its own for some examples", async () => {
    await expect(runExample(["lenet", "--part", "both-of-them"])).rejects.toThrow("--part both-of-them: must be one of both, fashion, cifar");
    await expect(runExample(["alexnet", "--norm", "batch"])).rejects.toThrow("--norm batch: must be one of none, local-response");
    await expect(runExample(["edge-detector", "--part", "fashion"])).rejects.toThrow("Unknown option '--part'");
  });
});

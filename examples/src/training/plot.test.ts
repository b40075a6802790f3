import { expect, test } from "vitest";
import { plotTraining } from "./plot.ts";

/** Heights of each line's points in the picture, by the line's width: smaller is further up. */
function heightsOfLines(svg: string, width: number): number[][] {
  const lines = [...svg.matchAll(/<path d="(M[^"]+)" fill="none"[^>]* stroke="#[0-9a-f]{6}"[^>]*\/?>/g)];
  const ofWidth = lines.filter(([element]) => (/stroke-width="(\d+)"/.exec(element)?.[1] ?? "1") === String(width));
  return ofWidth.map(([, path = ""]) => path.slice(1).split("L").map((point) => Number(point.trim().split(" ")[1])));
}

const losses = Array.from({ length: 300 }, (_, i) => 2.3 - i / 200 + (i % 2) * 0.3);
const accuracies = [
  { name: "training images", points: [[1, 0.2], [2, 0.4], [3, 0.5]] as const },
  { name: "test images", points: [[0, 0.1], [1, 0.3], [2, 0.2], [3, 0.4]] as const },
];

test("the loss of every iteration lies behind its smoothed curve; accuracies rise where they rise", () => {
  const svg = plotTraining({ title: "LeNet", losses, accuracies });
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  for (const text of ["LeNet", "each iteration", "smoothed", "training images", "test images", "iteration", "epoch", "loss", "accuracy in %"]) expect(svg).toContain(`>${text}<`);
  const lines = heightsOfLines(svg, 2);
  const falls = (heights: readonly number[]): number => heights.slice(1).filter((height, i) => height > (heights[i] ?? NaN)).length;
  const [smooth = [], ...shares] = lines;
  expect(smooth.length).toBeGreaterThan(100);
  expect(falls(smooth)).toBeGreaterThan(0.95 * smooth.length);
  expect(shares.map((heights) => [heights.length, falls(heights)])).toEqual([[3, 0], [4, 1]]);
  expect(svg.indexOf("#b9c6d8")).toBeLessThan(svg.indexOf("#2f5d9b"));
});

test("after one epoch there is a curve of the losses, and one of the test accuracy", () => {
  const svg = plotTraining({ title: "LeNet", losses: losses.slice(0, 31), accuracies: [{ name: "training images", points: [[1, 0.2]] }, { name: "test images", points: [[0, 0.1], [1, 0.3]] }] });
  const [smooth, test] = heightsOfLines(svg, 2).filter((heights) => heights.length > 1);
  expect([smooth?.length, test?.length]).toEqual([31, 2]);
});

test("a loss that exploded, or is no number, leaves the others readable", () => {
  const wild = losses.map((loss, i) => (i === 0 ? 1e6 : i % 50 === 0 ? NaN : loss));
  const svg = plotTraining({ title: "LeNet", losses: wild, accuracies });
  const [smooth = []] = heightsOfLines(svg, 2);
  expect(smooth.every(Number.isFinite)).toBe(true);
});

test("a training that was interrupted at once has an empty plot, one iteration a dot", () => {
  expect(plotTraining({ title: "LeNet", losses: [], accuracies: [] })).toContain(">LeNet<");
  expect(plotTraining({ title: "LeNet", losses: [2.3], accuracies: [] })).not.toContain("NaN");
});

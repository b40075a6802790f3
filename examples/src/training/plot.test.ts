import { expect, test } from "vitest";
import { plotTraining } from "./plot.ts";

/** Heights of a line's points in the picture: smaller is further up. */
function heightsOfLines(svg: string): number[][] {
  const lines = [...svg.matchAll(/<path d="(M[^"]+)" fill="none"[^>]* stroke-width="2"/g)];
  return lines.map(([, path = ""]) => path.slice(1).split("L").map((point) => Number(point.trim().split(" ")[1])));
}

test("the curves are drawn, rising where their values rise", () => {
  const losses = [{ name: "training loss", values: [2, 1.5, 1.2] }];
  const accuracies = [
    { name: "training accuracy", values: [0.2, 0.4, 0.5] },
    { name: "test accuracy", values: [0.3, 0.2, 0.4] },
  ];
  const svg = plotTraining("LeNet", losses, accuracies);
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  for (const text of ["LeNet", "training loss", "training accuracy", "test accuracy", "epoch", "loss", "accuracy"]) expect(svg).toContain(`>${text}<`);
  const lines = heightsOfLines(svg);
  const isRising = lines.map((heights) => heights.slice(1).map((height, i) => height < (heights[i] ?? NaN)));
  expect(isRising).toEqual([[false, false], [true, true], [false, true]]);
});

test("a training that was interrupted at once has an empty plot", () => {
  expect(plotTraining("LeNet", [{ name: "training loss", values: [] }], [])).toContain(">LeNet<");
});

import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { niceRange, quantile } from "./axis-range.ts";
import { smoothed } from "./smoothed.ts";

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** A point of a plot. */
type Point = readonly [x: number, y: number];

/** What a training has to show. */
export interface TrainingCurves {
  readonly title: string;
  /** Of each iteration. */
  readonly losses: readonly number[];
  /** Shares of images told rightly, by epoch: that before the first one, where there is one, is epoch 0. */
  readonly accuracies: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

const colors = { raw: "#b9c6d8", loss: "#2f5d9b", accuracies: ["#2f5d9b", "#c8622d", "#4a8a4f"] };

/** The loss of every iteration, smoothed and as it was, on the left; accuracies over the epochs on the right. An SVG file's text. */
export function plotTraining({ title, losses, accuracies }: TrainingCurves): string {
  const finite = losses.flatMap((loss, i): Point[] => (Number.isFinite(loss) ? [[i + 1, loss]] : []));
  const values = finite.map(([, loss]) => loss);
  const smooth = smoothed(values, Math.max(1, Math.round(values.length / 40)));
  const trend = finite.map(([iteration], i): Point => [iteration, smooth[i] ?? NaN]);
  const percent = accuracies.map(({ name, points }) => ({ name, points: points.map(([epoch, share]): Point => [epoch, 100 * share]) }));
  const epochs = percent.flatMap(({ points }) => points.map(([epoch]) => epoch));

  const chart = init(null, null, { renderer: "svg", ssr: true, width: 960, height: 400 });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif" },
    title: { text: title, left: "center", top: 8 },
    legend: [
      { ...legend, left: 75, data: ["each iteration", "smoothed"] },
      { ...legend, left: 555, data: percent.map(({ name }) => name) },
    ],
    grid: [
      { left: 75, width: 380, top: 84, bottom: 58 },
      { left: 555, width: 380, top: 84, bottom: 58 },
    ],
    xAxis: [
      xAxis(0, "iteration", 1, Math.max(2, losses.length)),
      xAxis(1, "epoch", Math.min(...epochs, 1), Math.max(...epochs, 1)),
    ],
    yAxis: [
      // A few iterations that went wrong must not press all the others together.
      yAxis(0, "loss", niceRange([...smooth, quantile(values, 0.005), quantile(values, 0.995)])),
      yAxis(1, "accuracy in %", niceRange(percent.flatMap(({ points }) => points.map(([, y]) => y)), 0, 100)),
    ],
    series: [
      { ...line(0, "each iteration", finite, colors.raw, 1), sampling: "lttb", showSymbol: finite.length === 1 },
      { ...line(0, "smoothed", trend, colors.loss, 2), sampling: "lttb", showSymbol: finite.length === 1 },
      ...percent.map(({ name, points }, i) => ({ ...line(1, name, points, colors.accuracies[i] ?? "#666666", 2), symbol: "circle", symbolSize: 6 })),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** A square and not a piece of the line, which readers of SVG files draw over the text. */
const legend = { top: 42, itemGap: 28, itemWidth: 12, itemHeight: 12, icon: "roundRect" };

function line(panel: number, name: string, points: readonly Point[], color: string, width: number): object {
  return { type: "line", name, data: points.map((point) => [...point]), xAxisIndex: panel, yAxisIndex: panel, itemStyle: { color }, lineStyle: { color, width }, clip: true };
}

function xAxis(panel: number, name: string, min: number, max: number): object {
  return {
    type: "value",
    gridIndex: panel,
    name,
    nameLocation: "middle",
    nameGap: 30,
    min,
    max,
    minInterval: 1,
    splitLine: { show: false },
    axisLine: { onZero: false },
    axisLabel: { hideOverlap: true },
  };
}

function yAxis(panel: number, name: string, range: ReturnType<typeof niceRange>): object {
  return { type: "value", gridIndex: panel, name, nameLocation: "middle", nameGap: 44, ...range };
}

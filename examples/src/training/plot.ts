import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** A line of a plot: one value for each epoch. */
export interface Curve {
  readonly name: string;
  readonly values: readonly number[];
}

/** Losses on the left, accuracies on the right, over the epochs; as the text of an SVG file. */
export function plotTraining(title: string, losses: readonly Curve[], accuracies: readonly Curve[]): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 900, height: 380 });
  const epochs = Math.max(1, ...[...losses, ...accuracies].map(({ values }) => values.length));
  const series = (curves: readonly Curve[], grid: number): object[] =>
    curves.map(({ name, values }) => ({ type: "line", name, data: [...values], xAxisIndex: grid, yAxisIndex: grid, symbolSize: 5 }));
  const xAxis = (grid: number): object => ({
    type: "category",
    gridIndex: grid,
    name: "epoch",
    nameLocation: "middle",
    nameGap: 26,
    data: Array.from({ length: epochs }, (_, i) => i + 1),
  });
  chart.setOption({
    animation: false,
    title: { text: title, left: "center" },
    legend: { top: 32 },
    grid: [
      { left: 60, width: 350, top: 80, bottom: 55 },
      { left: 510, width: 350, top: 80, bottom: 55 },
    ],
    xAxis: [xAxis(0), xAxis(1)],
    yAxis: [
      { type: "value", gridIndex: 0, name: "loss", scale: true },
      { type: "value", gridIndex: 1, name: "accuracy", scale: true },
    ],
    series: [...series(losses, 0), ...series(accuracies, 1)],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

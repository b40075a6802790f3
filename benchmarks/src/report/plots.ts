import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { labelOf } from "./words.ts";

use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

/** One line, or one colour of bars or dots; null where there is nothing to draw. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

const width = 900;
const barHeight = 22;
/** One colour each for ours, PyTorch, and two more. */
const color = ["#2563eb", "#ea580c", "#16a34a", "#9333ea"];
const lineAtOne = { silent: true, symbol: "none", lineStyle: { color: "#6b7280", type: "dashed" }, label: { show: false } };

/** Ops of one group: to the left how much of the limit ours reaches, to the right how many times as fast as PyTorch. */
export function plotOps(title: string, names: readonly string[], fractions: readonly number[], ratios: readonly (number | null)[]): string {
  const height = 110 + barHeight * names.length;
  const hasPeer = ratios.some((ratio) => ratio !== null);
  const grids = [
    { left: 400, width: hasPeer ? 205 : 450, top: 60, bottom: 50 },
    { left: 660, width: 205, top: 60, bottom: 50 },
  ];
  const category = (grid: number): object => ({
    type: "category", gridIndex: grid, inverse: true, data: names, axisTick: { show: false }, axisLabel: { show: grid === 0, width: 390, interval: 0 },
  });
  return render(title, height, {
    color,
    legend: { show: false },
    grid: hasPeer ? grids : grids.slice(0, 1),
    xAxis: [
      { type: "value", gridIndex: 0, min: 0, max: Math.ceil(2 * Math.max(1, ...fractions)) / 2, ...axisName("fraction of the measured limit") },
      ...(hasPeer ? [{ type: "log", gridIndex: 1, ...spanAroundOne(ratios), ...axisName("times as fast as PyTorch") }] : []),
    ],
    yAxis: hasPeer ? [category(0), category(1)] : [category(0)],
    series: [
      { type: "bar", xAxisIndex: 0, yAxisIndex: 0, data: fractions, label: { show: true, position: "right", formatter: labelOf } },
      ...(hasPeer ? [dots({ name: "ratio", values: ratios }, 1)] : []),
    ],
  });
}

/** Ratios on a logarithmic axis, with a line at 1. */
export function plotRatios(title: string, names: readonly string[], series: readonly Series[]): string {
  return render(title, 130 + 2 * barHeight * names.length, {
    color: color.slice(1),
    legend: { top: 32, itemGap: 30 },
    grid: { left: 150, right: 60, top: 75, bottom: 50 },
    xAxis: { type: "log", ...spanAroundOne(series.flatMap(({ values }) => values)), ...axisName("times as fast") },
    yAxis: { type: "category", inverse: true, data: names },
    series: series.map((one) => dots(one, 0)),
  });
}

/** Bars side by side, or on top of each other. */
export function plotBars(title: string, names: readonly string[], series: readonly Series[], unit: string, isStacked = false): string {
  const rows = names.length * (isStacked ? 1 : series.length);
  return render(title, 140 + (barHeight + 6) * rows, {
    color,
    legend: { top: 32, itemGap: 30 },
    grid: { left: 150, right: 60, top: 75, bottom: 50 },
    xAxis: { type: "value", ...axisName(unit) },
    yAxis: { type: "category", inverse: true, data: names },
    series: series.map(({ name, values }) => ({
      type: "bar", name, data: values, ...(isStacked ? { stack: "all" } : { label: { show: true, position: "right", formatter: labelOf } }),
    })),
  });
}

/** Lines over numbered steps or sizes. */
export function plotLines(title: string, positions: readonly (number | string)[], series: readonly Series[], xName: string, yName: string): string {
  return render(title, 380, {
    color,
    legend: { top: 32, itemGap: 30 },
    grid: { left: 90, right: 40, top: 80, bottom: 55 },
    xAxis: { type: "category", data: positions, ...axisName(xName) },
    yAxis: { type: "value", name: yName, min: 0 },
    series: series.map(({ name, values }) => ({ type: "line", name, data: values, symbolSize: 5 })),
  });
}

function dots({ name, values }: Series, grid: number): object {
  return {
    type: "scatter",
    name,
    xAxisIndex: grid,
    yAxisIndex: grid,
    symbolSize: 9,
    data: values.flatMap((value, i) => (value === null ? [] : [[value, i]])),
    label: { show: true, position: "right", formatter: labelOf },
    markLine: { ...lineAtOne, data: [{ xAxis: 1 }] },
  };
}

function axisName(name: string): object {
  return { name, nameLocation: "middle", nameGap: 28, axisLabel: { hideOverlap: true } };
}

/** Powers of two around all values and 1. */
function spanAroundOne(values: readonly (number | null)[]): { min: number; max: number; logBase: number } {
  const exponents = values.flatMap((value) => (value === null || value <= 0 ? [] : [Math.log2(value)]));
  return { min: 2 ** Math.floor(Math.min(-1, ...exponents)), max: 2 ** Math.ceil(Math.max(1, ...exponents) + 0.5), logBase: 2 };
}

function render(title: string, height: number, option: object): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: "#ffffff", title: { text: title, left: "center" }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${withoutCounters(svg)}\n`;
}

/**
 * echarts numbers charts and styles over the life of the process; the same figures shall give the same file. The styles are for
 * the mouse, and so are the marks of what belongs to which series: a picture in a page needs neither.
 */
function withoutCounters(svg: string): string {
  return svg
    .replaceAll(/<style ?>[^]*?<\/style>\n?/g, "")
    .replaceAll(/ (class|ecmeta_\w+)="[^"]*"/g, "")
    .replaceAll(/zr\d+-/g, "zr-");
}

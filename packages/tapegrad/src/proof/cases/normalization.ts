import { functional } from "@tapegrad/nn";
import * as tg from "@tapegrad/tensor";
import type { Shape } from "@tapegrad/tensor";
import { op, within, type Case, type CaseInputs, type Family } from "../case-list.ts";
import { list, of, type Input } from "../input.ts";
import { corners, floats, strided } from "./operand-lists.ts";

/** Without the largest numbers: their squares overflow, and what is then infinite and what NaN is a matter of the order. */
const moderate = corners.filter((values) => values !== "large");

type BatchOptions = { readonly training?: boolean; readonly momentum?: number; readonly eps?: number };
type LayerOptions = { readonly shape: readonly number[]; readonly eps?: number };

/** Operands of a batch norm; `with` names those that are there beside x. */
function batch(x: Shape, parts: readonly ("weight" | "bias" | "mean" | "variance")[], details: Partial<Input> = {}): CaseInputs {
  const channels: Shape = [x[1] ?? 1];
  const { dtype = "float32" } = details;
  const part = (name: "weight" | "bias" | "mean" | "variance", more: Partial<Input>): Input | null => (parts.includes(name) ? of(channels, { dtype, ...more }) : null);
  return { x: of(x, { values: "fine", ...details }), weight: part("weight", {}), bias: part("bias", {}), mean: part("mean", { constant: true }), variance: part("variance", { constant: true, values: "positive" }) };
}

const all = ["weight", "bias", "mean", "variance"] as const;

const batchCases: readonly Case<BatchOptions>[] = [
  ...[[4, 3], [3, 2, 5], [2, 3, 2, 3], [2, 2, 2, 1, 3], [8, 1], [5, 17], [1, 2, 9]].flatMap((shape) => [true, false].map((training) => ({ inputs: batch(shape, all), options: { training } }))),
  ...[["weight"], ["bias"], ["weight", "bias"], ["mean", "variance"], [], ["weight", "mean", "variance"]].flatMap((parts) => [true, false].map((training) => ({ inputs: batch([3, 2, 4], parts as ("weight" | "bias")[]), options: { training } }))),
  ...strided.flatMap((layout) => [true, false].map((training) => ({ inputs: batch([3, 2, 4], all, { layout }), options: { training } }))),
  ...floats.flatMap((dtype) => [...moderate, "eighths" as const].flatMap((values) => [true, false].map((training) => ({ inputs: batch([4, 2, 3], all, { dtype, values }), options: { training } })))),
  ...[0, 0.5, 1].map((momentum) => ({ inputs: batch([3, 2, 4], all), options: { training: true, momentum } })),
  ...[0, 1e-3, 1].flatMap((eps) => [true, false].map((training) => ({ inputs: batch([3, 2, 4], all, { dtype: "float64" }), options: { training, eps } }))),
  ...[[0, 3], [0, 3, 2], [2, 3, 0], [2, 0]].flatMap((shape) => [true, false].map((training) => ({ inputs: batch(shape, all), options: { training } }))),
  // One value per channel has no variance.
  ...[[1, 3], [1, 3, 1]].flatMap((shape) => [true, false].map((training) => ({ inputs: batch(shape, all), options: { training } }))),
  // Refused.
  { inputs: batch([3], ["weight"]), options: { training: true } }, { inputs: { ...batch([3, 2], []), weight: of([3]) }, options: { training: true } }, { inputs: { ...batch([3, 2], []), mean: of([3], { constant: true }), variance: of([3], { constant: true }) }, options: { training: false } },
  ...[true, false].map((training) => ({ inputs: { ...batch([3, 2], []), x: of([3, 2], { dtype: "int32" }) }, options: { training } })),
  { inputs: { ...batch([4, 2], []), x: list([3, 1, 3, 2, 3, 3, 3, 4], { shape: [4, 2] }) }, options: { training: true } },
];

const layer = (x: Shape, shape: Shape, parts: readonly ("weight" | "bias")[], details: Partial<Input> = {}, eps?: number): Case<LayerOptions> => {
  const { dtype = "float32" } = details;
  return {
    inputs: { x: of(x, { values: "fine", ...details }), weight: parts.includes("weight") ? of(shape, { dtype }) : null, bias: parts.includes("bias") ? of(shape, { dtype }) : null },
    options: { shape, ...(eps === undefined ? {} : { eps }) },
  };
};

const layerCases: readonly Case<LayerOptions>[] = [
  ...[[[4, 3], [3]], [[3], [3]], [[2, 3, 4], [4]], [[2, 3, 4], [3, 4]], [[2, 3, 4], [2, 3, 4]], [[5, 17], [17]], [[1, 2], [2]], [[2, 2, 2, 3], [2, 3]]].flatMap(([x = [], shape = []]) => [layer(x, shape, ["weight", "bias"]), layer(x, shape, [])]),
  ...[["weight"], ["bias"]].map((parts) => layer([3, 4], [4], parts as ("weight" | "bias")[])),
  ...strided.flatMap((layout) => [layer([3, 4], [4], ["weight", "bias"], { layout }), layer([2, 3, 4], [3, 4], ["weight", "bias"], { layout, dtype: "float64" })]),
  ...floats.flatMap((dtype) => [...moderate, "eighths" as const].map((values) => layer([3, 6], [6], ["weight", "bias"], { values, dtype }))),
  ...[0, 1e-3, 1].map((eps) => layer([3, 4], [4], ["weight", "bias"], { dtype: "float64" }, eps)),
  ...[[[0, 3], [3]], [[2, 0], [0]], [[3, 1], [1]]].map(([x = [], shape = []]) => layer(x, shape, ["weight", "bias"])),
  // Refused.
  layer([2, 3], [2], []), layer([3], [2, 3], []), layer([2, 3], [], []), { inputs: { x: of([2, 3]), weight: of([2]), bias: null }, options: { shape: [3] } }, layer([2, 3], [3], [], { dtype: "int32" }),
];

export const normalizationFamily: Family = {
  name: "normalization",
  ops: [
    op<BatchOptions>({
      name: "batchNorm",
      torch: "(F.batch_norm(x, mean, variance, weight, bias, bool(o.training), 0.1 if o.momentum is None else o.momentum, 1e-5 if o.eps is None else o.eps), *([mean, variance] if mean is not None else []))",
      run: ({ x, weight, bias, mean, variance }, options) => {
        const out = tg.batchNorm(x, { weight, bias, runningMean: mean, runningVar: variance, ...options });
        return mean === null || variance === null ? out : [out, mean, variance];
      },
      tolerances: { value: within(8, 4), gradient: within(16, 16, 16), second: within(32, 64, 32) },
      cases: batchCases,
    }),
    op<LayerOptions>({
      name: "layerNorm",
      torch: "F.layer_norm(x, o.shape, weight, bias, 1e-5 if o.eps is None else o.eps)",
      run: ({ x, weight, bias }, { shape, ...options }) => functional.layerNorm(x, shape, { weight, bias, ...options }),
      tolerances: { value: within(8, 4), gradient: within(16, 16, 16), second: within(32, 64, 32) },
      cases: layerCases,
    }),
  ],
};

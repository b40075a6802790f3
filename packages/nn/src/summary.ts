import { formatShape, Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import type { AnyModule } from "./any-module.ts";
import type { Module } from "./module.ts";

/** One line of a summary. */
export interface LayerSummary {
  /** Path in the model; "" for the model itself. */
  readonly name: string;
  /** Class of the layer. */
  readonly type: string;
  readonly outputShape: readonly number[] | null;
  /** Parameters of the layer itself and of what is in it. */
  readonly parameters: number;
}

/** Layers in the order of their declaration, and their totals. */
export interface ModelSummary {
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly trainable: number;
  toString(): string;
}

/**
 * Runs an input through a model and tells for each layer its output shape and parameter count. Printed as a table.
 *
 * @example
 * nn.summary(new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU()), zeros([1, 4])).parameters; // 15
 */
export function summary(model: Module, input: Tensor): ModelSummary {
  const shapes = new Map<AnyModule, readonly number[]>();
  const modules = model.namedModules();
  const remove = modules.map(([, module]) =>
    module.registerForwardHook((ran, _inputs, output) => {
      if (output instanceof Tensor) shapes.set(ran, output.shape);
    }),
  );
  const modes = modules.map(([, module]) => module.training);
  try {
    model.eval();
    noGrad(() => model.forward(input));
  } finally {
    for (const undo of remove) undo();
    // One by one: a frozen layer may be in evaluation while its model trains.
    modules.forEach(([, module], i) => {
      module.training = modes[i] ?? true;
    });
  }
  const count = (tensors: readonly Tensor[]): number => tensors.reduce((total, x) => total + x.numel(), 0);
  const layers = modules.slice(1).map(([name, module]): LayerSummary => {
    return { name, type: module.constructor.name, outputShape: shapes.get(module) ?? null, parameters: count(module.parameters()) };
  });
  const parameters = count(model.parameters());
  const trainable = count(model.parameters().filter((parameter) => parameter.requiresGrad));
  const toString = (): string => formatTable(model.constructor.name, layers, parameters, trainable);
  return { layers, parameters, trainable, toString, [Symbol.for("nodejs.util.inspect.custom")]: toString };
}

function formatTable(title: string, layers: readonly LayerSummary[], parameters: number, trainable: number): string {
  const rows = layers.map(({ name, type, outputShape, parameters: own }) => [
    `${name} (${type})`,
    outputShape === null ? "not run" : formatShape(outputShape),
    own.toLocaleString("en-US"),
  ]);
  const header = ["Layer", "Output shape", "Parameters"];
  const widths = header.map((text, i) => Math.max(text.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string => cells.map((cell, i) => (i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ");
  const rule = "-".repeat(widths.reduce((total, width) => total + width, 4));
  return [title, line(header), rule, ...rows.map(line), rule, `${parameters.toLocaleString("en-US")} parameters, ${trainable.toLocaleString("en-US")} of them trainable`].join("\n");
}

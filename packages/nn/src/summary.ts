import { ArgumentError, formatShape, inTheNameOf, showValue, Tensor, zeros, type DType, type Shape } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { AnyModule } from "./any-module.ts";
import type { Module } from "./module.ts";

/** One line of a summary. */
export interface LayerSummary {
  /** Path in the model; "" for the model itself. */
  readonly name: string;
  /** Class of the layer. */
  readonly type: string;
  /** Shape of the tensor that the layer gave last; null if it did not run, or gives several or none. */
  readonly outputShape: Shape | null;
  /** Shapes of all tensors that it gave last; null if it did not run. */
  readonly outputShapes: readonly Shape[] | null;
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

/** What `summary` takes for what `forward` takes: a shape does for a tensor. */
export type SummaryInputs<In extends readonly unknown[]> = { [Position in keyof In]: Tensor extends In[Position] ? In[Position] | Shape : In[Position] };

/**
 * Runs a model in evaluation and tells for each layer its output shape and parameter count; of a single layer, its own. Printed as a table. For a
 * tensor, its shape may be given: it is then zeros of the dtype that the model's parameters have.
 *
 * Throws    ArgumentError `summary/model`; what `zeros` throws for a shape, and what the model throws
 * @example
 * nn.summary(new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU()), [1, 4]).parameters; // 15
 * nn.summary(new nn.MSELoss(), zeros([2, 3]), [2, 3]).layers.map((layer) => layer.outputShape); // [[]]
 */
export function summary<In extends unknown[]>(model: Module<In, unknown>, ...inputs: SummaryInputs<In>): ModelSummary {
  if (!((model as unknown) instanceof AnyModule)) throw new ArgumentError({ op: "summary", fact: `model must be a module, not ${showValue(model)}`, code: "summary/model" });
  const dtype = model.parameters()[0]?.dtype ?? "float32";
  const given = inputs.map((input) => inTheNameOf("summary", () => exampleOf(input, dtype)));
  const shapes = shapesOfRun(model, given as In);
  const count = (tensors: readonly Tensor[]): number => tensors.reduce((total, x) => total + x.numel(), 0);
  const modules = model.namedModules();
  const layers = (modules.length > 1 ? modules.slice(1) : modules).map(([name, module]): LayerSummary => {
    const outputShapes = shapes.get(module) ?? null;
    const [outputShape = null] = outputShapes?.length === 1 ? outputShapes : [];
    return { name, type: module.constructor.name, outputShape, outputShapes, parameters: count(module.parameters()) };
  });
  const parameters = count(model.parameters());
  const trainable = count(model.parameters().filter((parameter) => parameter.requiresGrad));
  const toString = (): string => formatTable(model.constructor.name, layers, parameters, trainable);
  return { layers, parameters, trainable, toString, [Symbol.for("nodejs.util.inspect.custom")]: toString };
}

/** The input, or zeros of the shape that stands for it. */
function exampleOf(input: unknown, dtype: DType): unknown {
  return Array.isArray(input) && input.every((size) => typeof size === "number") ? zeros(input, { dtype }) : input;
}

/** Shapes of what each module gave last. The model is left as it was. */
function shapesOfRun<In extends unknown[]>(model: Module<In, unknown>, inputs: In): ReadonlyMap<AnyModule, readonly Shape[]> {
  const shapes = new Map<AnyModule, readonly Shape[]>();
  const modules = model.namedModules();
  const remove = modules.map(([, module]) =>
    module.registerForwardHook((ran, _inputs, output) => {
      shapes.set(ran, tensorsIn(output).map(({ shape }) => shape));
    }),
  );
  const modes = modules.map(([, module]) => module.training);
  try {
    model.eval();
    noGrad(() => model.forward(...inputs));
  } finally {
    for (const undo of remove) undo();
    // One by one: a frozen layer may be in evaluation while its model trains.
    modules.forEach(([, module], i) => {
      module.training = modes[i] ?? true;
    });
  }
  return shapes;
}

function tensorsIn(output: unknown): Tensor[] {
  if (output instanceof Tensor) return [output];
  if (typeof output !== "object" || output === null) return [];
  return Array.isArray(output) || Object.getPrototypeOf(output) === Object.prototype ? Object.values(output).flatMap(tensorsIn) : [];
}

function formatTable(title: string, layers: readonly LayerSummary[], parameters: number, trainable: number): string {
  const rows = layers.map(({ name, type, outputShapes, parameters: own }) => [
    name === "" ? type : `${name} (${type})`,
    outputShapes === null ? "not run" : outputShapes.map(formatShape).join(", "),
    own.toLocaleString("en-US"),
  ]);
  const header = ["Layer", "Output shape", "Parameters"];
  const widths = header.map((text, i) => Math.max(text.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string => cells.map((cell, i) => (i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ");
  const rule = "-".repeat(widths.reduce((total, width) => total + width, 4));
  return [title, line(header), rule, ...rows.map(line), rule, `${parameters.toLocaleString("en-US")} parameters, ${trainable.toLocaleString("en-US")} of them trainable`].join("\n");
}

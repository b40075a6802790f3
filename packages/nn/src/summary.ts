import { ArgumentError, formatShape, inTheNameOf, MemoryError, onMeta, pushInterpreter, showValue, Tensor, zeros, type DType, type Shape } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { AnyModule } from "./any-module.ts";
import type { Module } from "./module.ts";
import { runningModules } from "./running-modules.ts";

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
  /** Floating-point operations of its products and convolutions when it ran last, a multiplication and its addition being two. */
  readonly flops: number;
}

/** Layers in the order of their declaration, and their totals. */
export interface ModelSummary {
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly trainable: number;
  /** Of the whole run. */
  readonly flops: number;
  toString(): string;
}

/** What `summary` takes for what `forward` takes: a shape does for a tensor. */
export type SummaryInputs<In extends readonly unknown[]> = { [Position in keyof In]: Tensor extends In[Position] ? In[Position] | Shape : In[Position] };

/**
 * Tells for each layer of a model its output shape, its parameters and its floating-point operations; of a single layer, its own. Printed as a
 * table. The model runs in evaluation and on shapes alone (`onMeta`): nothing is computed. For a tensor, its shape may be given: it is then of the
 * dtype that the model's parameters have.
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
  const { shapes, flops, total } = lookAtRun(model, given as In);
  const sizeOfAll = (tensors: readonly Tensor[]): number => tensors.reduce((total, x) => total + x.numel(), 0);
  const modules = model.namedModules();
  const layers = (modules.length > 1 ? modules.slice(1) : modules).map(([name, module]): LayerSummary => {
    const outputShapes = shapes.get(module) ?? null;
    const [outputShape = null] = outputShapes?.length === 1 ? outputShapes : [];
    return { name, type: module.constructor.name, outputShape, outputShapes, parameters: sizeOfAll(module.parameters()), flops: flops.get(module) ?? 0 };
  });
  const parameters = sizeOfAll(model.parameters());
  const trainable = sizeOfAll(model.parameters().filter((parameter) => parameter.requiresGrad));
  const toString = (): string => formatTable(model.constructor.name, { layers, parameters, trainable, flops: total });
  return { layers, parameters, trainable, flops: total, toString, [Symbol.for("nodejs.util.inspect.custom")]: toString };
}

/** The input, or zeros of the shape that stands for it. */
function exampleOf(input: unknown, dtype: DType): unknown {
  return Array.isArray(input) && input.every((size) => typeof size === "number") ? zeros(input, { dtype }) : input;
}

/** What was seen of a run. */
interface Seen {
  /** Of what each module gave last. */
  readonly shapes: Map<object, readonly Shape[]>;
  /** What each module's ops took, those of modules in it included. */
  readonly flops: Map<object, number>;
  total: number;
}

/** Runs the model and leaves it as it was. */
function lookAtRun<In extends unknown[]>(model: Module<In, unknown>, inputs: In): Seen {
  const modules = model.namedModules();
  const modes = modules.map(([, module]) => module.training);
  try {
    model.eval();
    return onMeta(() => watch(model, inputs));
  } catch (error) {
    // A model that decides by what it computes has to compute.
    if (error instanceof MemoryError && error.code === "meta/elements") return watch(model, inputs);
    throw error;
  } finally {
    // One by one: a frozen layer may be in evaluation while its model trains.
    modules.forEach(([, module], i) => {
      module.training = modes[i] ?? true;
    });
  }
}

function watch<In extends unknown[]>(model: Module<In, unknown>, inputs: In): Seen {
  const seen: Seen = { shapes: new Map(), flops: new Map(), total: 0 };
  const hooks = model.namedModules().map(([, module]) =>
    module.registerForwardHook((ran, _inputs, output) => void seen.shapes.set(ran, tensorsIn(output).map(({ shape }) => shape))),
  );
  const stopCounting = pushInterpreter((below) => ({
    run(op, operands, attrs, call) {
      const out = below.run(op, operands, attrs, call);
      if (op.flops !== null) count(seen, op.flops(operands, attrs, out));
      return out;
    },
  }));
  try {
    noGrad(() => model.forward(...inputs));
  } finally {
    stopCounting();
    for (const remove of hooks) remove();
  }
  return seen;
}

function count(seen: Seen, flops: number): void {
  seen.total += flops;
  for (const module of runningModules()) seen.flops.set(module, (seen.flops.get(module) ?? 0) + flops);
}

function tensorsIn(output: unknown): Tensor[] {
  if (output instanceof Tensor) return [output];
  if (typeof output !== "object" || output === null) return [];
  return Array.isArray(output) || Object.getPrototypeOf(output) === Object.prototype ? Object.values(output).flatMap(tensorsIn) : [];
}

function formatTable(title: string, { layers, parameters, trainable, flops }: Omit<ModelSummary, "toString">): string {
  const number = (value: number): string => value.toLocaleString("en-US");
  const rows = layers.map((layer) => [
    layer.name === "" ? layer.type : `${layer.name} (${layer.type})`,
    layer.outputShapes === null ? "not run" : layer.outputShapes.map(formatShape).join(", "),
    number(layer.parameters),
    number(layer.flops),
  ]);
  const header = ["Layer", "Output shape", "Parameters", "FLOPs"];
  const widths = header.map((text, i) => Math.max(text.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string => cells.map((cell, i) => (i >= 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ");
  const rule = "-".repeat(widths.reduce((total, width) => total + width, 2 * (widths.length - 1)));
  return [title, line(header), rule, ...rows.map(line), rule, `${number(parameters)} parameters, ${number(trainable)} of them trainable; ${number(flops)} FLOPs`].join("\n");
}

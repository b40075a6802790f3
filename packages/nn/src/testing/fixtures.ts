import { readFileSync } from "node:fs";
import type { AvgPool2dOptions, CrossEntropyOptions, MaxPool2dOptions, Pair, Shape } from "@tapegrad/tensor";
import type { BatchNormLayerOptions } from "../batch-norm.ts";
import type { Conv2dLayerOptions } from "../conv2d.ts";
import type { LayerNormLayerOptions } from "../layer-norm.ts";
import type { LinearOptions } from "../linear.ts";
import type { LocalResponseNormOptions } from "../local-response-norm.ts";

/** One forward and backward pass in PyTorch. */
export interface RecordedPass {
  readonly outShape: Shape;
  readonly out: readonly number[];
  readonly dX: readonly number[];
  /** By the parameter's name. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

type LayerOptions = LinearOptions & AvgPool2dOptions & MaxPool2dOptions & LayerNormLayerOptions & LocalResponseNormOptions;

type LayerAndOptions =
  | { readonly layer: "Conv2d"; readonly options: Conv2dLayerOptions }
  | { readonly layer: "Linear" | "MaxPool2d" | "AvgPool2d" | "LayerNorm" | "LocalResponseNorm" | "ReLU" | "Sigmoid" | "Tanh" | "Flatten"; readonly options: LayerOptions };

export type LayerCase = RecordedPass & LayerAndOptions & { readonly args: readonly (number | Pair)[]; readonly xShape: Shape };

interface BatchNormCase {
  readonly layer: "BatchNorm1d" | "BatchNorm2d";
  readonly args: readonly [number];
  readonly options: BatchNormLayerOptions;
  readonly xShape: Shape;
  readonly trained: RecordedPass;
  readonly buffers: Readonly<Record<string, readonly number[]>>;
  readonly evaluated: RecordedPass;
}

export interface LossCase extends RecordedPass {
  readonly layer: "CrossEntropyLoss" | "NLLLoss" | "MSELoss";
  readonly options: Omit<CrossEntropyOptions, "weight">;
  readonly weight: readonly number[] | null;
  readonly xShape: Shape;
  readonly targets: readonly number[] | null;
  readonly targetShape: Shape;
}

/** Names that PyTorch gives the parts of a model. */
export interface RecordedNames {
  readonly state: Readonly<Record<string, Shape>>;
  readonly parameters: readonly string[];
  readonly buffers: readonly string[];
  readonly modules: readonly string[];
  readonly children: readonly string[];
}

/** The norm of a tensor, and every n-th element. */
export interface SampledTensor {
  readonly norm: number;
  readonly elements: readonly number[];
}

interface Fixtures {
  readonly torch: string;
  readonly layers: readonly LayerCase[];
  readonly batchNorms: readonly BatchNormCase[];
  readonly losses: readonly LossCase[];
  readonly names: RecordedNames;
  readonly lenetNames: RecordedNames;
  readonly printed: string;
  readonly oneStep: { readonly loss: number; readonly tensors: Readonly<Record<string, { readonly gradient: SampledTensor; readonly stepped: SampledTensor }>> };
}

/** What fixtures/generate.py recorded. */
export const fixtures: Fixtures = JSON.parse(readFileSync(new URL("../../fixtures/pytorch.json", import.meta.url), "utf8"));

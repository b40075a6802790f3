import { integer, oneOf, share, tensorOrNull, type OptionRule } from "../option-rules.ts";
import type { OptionRules } from "../options.ts";
import type { Tensor } from "../tensor.ts";

/** How the losses of a batch become one. */
export type Reduction = "mean" | "sum" | "none";

/** Options of the classification losses. */
export interface ClassificationLossOptions {
  /** A factor for each class, [C]. */
  readonly weight?: Tensor | null;
  /** Targets with this value take no part; -100 unless told. It may lie outside [0, C). */
  readonly ignoreIndex?: number;
  /** "mean" (over the weights of the kept targets) unless told. */
  readonly reduction?: Reduction;
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends ClassificationLossOptions {
  /** Share of the target's probability that is spread over all classes; 0 unless told. */
  readonly labelSmoothing?: number;
}

/** Options of `mseLoss`. */
export interface MSELossOptions {
  /** "mean" unless told. */
  readonly reduction?: Reduction;
}

const reduction: OptionRule = oneOf("none", "mean", "sum");
export const classificationLossRules: OptionRules<ClassificationLossOptions> = { weight: tensorOrNull, ignoreIndex: integer, reduction };
export const crossEntropyRules: OptionRules<CrossEntropyOptions> = { ...classificationLossRules, labelSmoothing: share };
export const mseLossRules: OptionRules<MSELossOptions> = { reduction };

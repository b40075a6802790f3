import { adamStep, optimizerState, optionRules, type Tensor } from "@tapegrad/tensor";
import { Optimizer, type OptimizerRules, type Params, type ResolvedGroup } from "./optimizer.ts";

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions {
  /** 1e-3 unless told. */
  lr: number;
  /** Decay of the two averages; [0.9, 0.999] unless told. */
  betas: readonly [number, number];
  /** Added to the root; 1e-8 unless told. */
  eps: number;
  /** Adam adds it to the gradient (0 unless told); AdamW shrinks the weight by lr times it first (0.01 unless told). */
  weightDecay: number;
  /** Divides by the largest second moment so far. */
  amsgrad: boolean;
  /** Climbs instead of descending. */
  maximize: boolean;
}

interface AdamState {
  step: number;
  expAvg: Tensor | null;
  expAvgSq: Tensor | null;
  maxExpAvgSq: Tensor | null;
}

const isDecay = (beta: unknown): boolean => typeof beta === "number" && beta >= 0 && beta < 1;

const rules: OptimizerRules<AdamOptions, AdamState> = {
  options: {
    lr: optionRules.nonNegative,
    betas: { must: "a pair of numbers, 0 or more and below 1", accepts: (value) => Array.isArray(value) && value.length === 2 && value.every(isDecay) },
    eps: optionRules.nonNegative,
    weightDecay: optionRules.nonNegative,
    amsgrad: optionRules.boolean,
    maximize: optionRules.boolean,
  },
  state: { step: "count", expAvg: "tensor", expAvgSq: "tensor", maxExpAvgSq: "optional tensor" },
};

const defaults: AdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false };

/** What both do; they differ in where the weight decay enters. */
abstract class AdamBase extends Optimizer<AdamOptions, AdamState> {
  protected abstract readonly decoupled: boolean;

  protected override emptyState(): AdamState {
    return { step: 0, expAvg: null, expAvgSq: null, maxExpAvgSq: null };
  }

  protected override update(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<AdamOptions>, own: AdamState): void {
    own.expAvg = optimizerState(parameter, own.expAvg);
    own.expAvgSq = optimizerState(parameter, own.expAvgSq);
    if (group.amsgrad) own.maxExpAvgSq = optimizerState(parameter, own.maxExpAvgSq);
    own.step++;
    const { lr, eps, weightDecay, maximize, amsgrad, betas: [beta1, beta2] } = group;
    const constants = { lr, beta1, beta2, eps, weightDecay, maximize, decoupled: this.decoupled, step: own.step };
    adamStep(parameter, gradient, own.expAvg, own.expAvgSq, amsgrad ? own.maxExpAvgSq : null, constants);
  }
}

/**
 * Adam: steps by the mean of the gradients over the root of the mean of their squares, both corrected for their start at 0.
 *
 * Throws    IndexError `optim/option`, `optim/empty`, `optim/twice`; ArgumentError `optim/unknown-option`, `optim/params`; GradError
 *           `optim/leaf`; DTypeError `optim/dtype`
 * Source    Kingma and Ba 2015; as PyTorch
 * @example
 * const w = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.Adam([w], { lr: 0.1 });
 * mul(w, 2).backward();
 * optimizer.step();
 * w.toArray(); // [0.9]
 */
export class Adam extends AdamBase {
  protected override readonly decoupled = false;

  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, defaults, rules);
  }
}

/**
 * Adam with decoupled weight decay: the weight is multiplied by 1 - lr weightDecay before the step.
 *
 * Throws    IndexError `optim/option`, `optim/empty`, `optim/twice`; ArgumentError `optim/unknown-option`, `optim/params`; GradError
 *           `optim/leaf`; DTypeError `optim/dtype`
 * Source    Loshchilov and Hutter 2019; as PyTorch
 * @example
 * const w = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.AdamW([w], { lr: 0.1, weightDecay: 0 });
 * mul(w, 2).backward();
 * optimizer.step();
 * w.toArray(); // [0.9]
 */
export class AdamW extends AdamBase {
  protected override readonly decoupled = true;

  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, { ...defaults, weightDecay: 0.01 }, rules);
  }
}

import { optimizerState, optionRules, sgdStep, type Tensor } from "@tapegrad/tensor";
import { Optimizer, type OptimizerRules, type Params, type ResolvedGroup } from "./optimizer.ts";

/** Options of `SGD`. */
export interface SGDOptions {
  lr: number;
  /** 0 unless told. */
  momentum: number;
  /** 0 unless told. */
  dampening: number;
  /** L2 penalty added to the gradient; 0 unless told. */
  weightDecay: number;
  /** Needs momentum and no dampening. */
  nesterov: boolean;
  /** Climbs instead of descending. */
  maximize: boolean;
}

interface SGDState {
  momentumBuffer: Tensor | null;
}

const rules: OptimizerRules<SGDOptions, SGDState> = {
  options: {
    lr: optionRules.nonNegative,
    momentum: optionRules.share,
    dampening: optionRules.finite,
    weightDecay: optionRules.nonNegative,
    nesterov: optionRules.boolean,
    maximize: optionRules.boolean,
  },
  state: { momentumBuffer: "optional tensor" },
};

/**
 * Stochastic gradient descent, with momentum, Nesterov's or plain. The first step sets the momentum buffer to the gradient.
 *
 * Throws    IndexError `optim/option`, `optim/empty`, `optim/twice`; ArgumentError `optim/unknown-option`, `optim/params`; GradError
 *           `optim/leaf`; DTypeError `optim/dtype`
 * Source    as PyTorch
 * @example
 * const w = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.1 });
 * mul(w, 2).backward();
 * optimizer.step();
 * w.toArray(); // [0.8]
 */
export class SGD extends Optimizer<SGDOptions, SGDState> {
  constructor(params: Params<SGDOptions>, options: Partial<SGDOptions> & { lr: number }) {
    super(params, options, { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false }, rules);
  }

  protected override conflict({ momentum, dampening, nesterov }: SGDOptions): { name: string; value: number; must: string } | null {
    if (!nesterov) return null;
    if (dampening !== 0) return { name: "dampening", value: dampening, must: "0 with nesterov" };
    return momentum > 0 ? null : { name: "momentum", value: momentum, must: "above 0 with nesterov" };
  }

  protected override emptyState(): SGDState {
    return { momentumBuffer: null };
  }

  protected override update(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<SGDOptions>, own: SGDState): void {
    const isFirst = own.momentumBuffer === null;
    if (group.momentum !== 0) own.momentumBuffer = optimizerState(parameter, own.momentumBuffer);
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    sgdStep(parameter, gradient, momentum === 0 ? null : own.momentumBuffer, { lr, momentum, dampening, weightDecay, nesterov, maximize, first: isFirst });
  }
}

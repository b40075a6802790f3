import { optimizerState, sgdStep, type Tensor } from "@tapegrad/tensor";
import { Optimizer, requireOption, type ParamGroup, type ResolvedGroup } from "./optimizer.ts";

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

/**
 * Stochastic gradient descent, with momentum, Nesterov's or plain. The first step sets the momentum buffer to the gradient.
 *
 * Throws    IndexError `optim/option`, `optim/empty`, `optim/twice`; GradError `optim/leaf`; DTypeError `optim/dtype`
 * Source    as PyTorch
 * @example
 * const w = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.1 });
 * mul(w, 2).backward();
 * optimizer.step();
 * w.toArray(); // [0.8]
 */
export class SGD extends Optimizer<SGDOptions, SGDState> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroup<SGDOptions>>, options: Partial<SGDOptions> & { lr: number }) {
    super(params, { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, ...options });
  }

  protected override checkOptions({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    requireOption("SGD", "lr", lr, lr >= 0, "0 or more");
    requireOption("SGD", "momentum", momentum, momentum >= 0, "0 or more");
    requireOption("SGD", "weightDecay", weightDecay, weightDecay >= 0, "0 or more");
    requireOption("SGD", "dampening", dampening, !nesterov || dampening === 0, "0 with nesterov");
    requireOption("SGD", "momentum", momentum, !nesterov || momentum > 0, "above 0 with nesterov");
  }

  protected override emptyState(): SGDState {
    return { momentumBuffer: null };
  }

  protected override update(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<SGDOptions>): void {
    if (group.momentum === 0) {
      sgdStep(parameter, gradient, null, group, false);
      return;
    }
    const buffer = this.state.get(parameter)?.momentumBuffer ?? null;
    const own = buffer ?? optimizerState(parameter);
    if (buffer === null) this.state.set(parameter, { momentumBuffer: own });
    sgdStep(parameter, gradient, own, group, buffer === null);
  }
}

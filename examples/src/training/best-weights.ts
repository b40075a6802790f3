import type { nn } from "tapegrad";

/** Remembers a model's weights when it was best. */
export class BestWeights {
  readonly #model: nn.Module;
  #accuracy = -Infinity;
  #weights: nn.StateDict | null = null;

  constructor(model: nn.Module) {
    this.#model = model;
  }

  /** Copies the weights if the accuracy is the best so far. */
  note(accuracy: number): void {
    if (accuracy <= this.#accuracy) return;
    this.#accuracy = accuracy;
    this.#weights = Object.fromEntries(Object.entries(this.#model.stateDict()).map(([name, x]) => [name, x.clone()]));
  }

  /** Puts the best weights back; returns the accuracy that they had. */
  restore(): number {
    if (this.#weights !== null) this.#model.loadStateDict(this.#weights);
    return this.#accuracy;
  }
}

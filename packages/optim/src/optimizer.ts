import { IndexError, SerializationError, keep, sameShape, Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";

/** Parameters that share options; an option given here wins over the optimizer's. */
export type ParamGroup<Options> = Partial<Options> & { readonly params: Iterable<Tensor> };

/** A group with all its options. They may be changed between steps: `optimizer.paramGroups[0].lr *= 0.95`. */
export type ResolvedGroup<Options> = Options & { readonly params: readonly Tensor[] };

/** What an optimizer remembers, as plain numbers and tensors: parameters are numbered in order. */
export interface OptimizerState<Options> {
  readonly groups: readonly Options[];
  readonly state: Readonly<Record<number, Readonly<Record<string, Tensor | number>>>>;
}

/** Base of the optimizers: groups of parameters, their state, and what all of them do alike. */
export abstract class Optimizer<Options extends { lr: number }, State extends object> {
  /** The groups with their options, which may be changed between steps. */
  readonly paramGroups: readonly ResolvedGroup<Options>[];
  protected readonly state = new Map<Tensor, State>();

  /** Throws IndexError `optim/empty`, `optim/twice`, `optim/option`. */
  constructor(params: Iterable<Tensor> | Iterable<ParamGroup<Options>>, defaults: Options) {
    const entries = [...(params as Iterable<Tensor | ParamGroup<Options>>)];
    const groups = entries.filter((entry): entry is ParamGroup<Options> => !(entry instanceof Tensor));
    const loose = entries.filter((entry) => entry instanceof Tensor);
    this.paramGroups = [
      ...(loose.length > 0 ? [{ ...defaults, params: loose }] : []),
      ...groups.map((group) => ({ ...defaults, ...group, params: [...group.params] })),
    ];
    const all = this.paramGroups.flatMap((group) => group.params);
    if (all.length === 0) {
      throw new IndexError({ op: new.target.name, fact: "there are no parameters to optimise", hint: "pass model.parameters()", code: "optim/empty" });
    }
    if (new Set(all).size !== all.length) {
      throw new IndexError({ op: new.target.name, fact: "a parameter is listed twice: it would be updated twice a step", code: "optim/twice" });
    }
    for (const group of this.paramGroups) this.checkOptions(group);
  }

  /** Refuses options that make no sense. */
  protected abstract checkOptions(group: Options): void;

  /** Updates one parameter from its gradient. */
  protected abstract update(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<Options>): void;

  /** Moves every parameter that has a gradient. */
  step(): void {
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const parameter of group.params) if (parameter.grad !== null) this.update(parameter, parameter.grad, group);
      }
    });
  }

  /** Forgets the gradients. */
  zeroGrad(): void {
    for (const group of this.paramGroups) for (const parameter of group.params) parameter.grad = null;
  }

  /** What has to be saved to go on later just as now. */
  stateDict(): OptimizerState<Options> {
    const state: Record<number, Record<string, Tensor | number>> = {};
    this.#parameters().forEach((parameter, i) => {
      const own = this.state.get(parameter);
      if (own !== undefined) state[i] = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null)) as Record<string, Tensor | number>;
    });
    return { groups: this.paramGroups.map(({ params: _, ...options }) => options as object as Options), state };
  }

  /** Takes over saved options and state. Throws SerializationError `optim/state`. */
  loadStateDict(saved: OptimizerState<Options>): void {
    const parameters = this.#parameters();
    const fits = saved.groups.length === this.paramGroups.length && Object.entries(saved.state).every(([i, own]) => fitsParameter(parameters[Number(i)], own));
    if (!fits) {
      throw new SerializationError({ op: "loadStateDict", fact: "the saved state belongs to other parameters: groups or shapes differ", code: "optim/state" });
    }
    this.paramGroups.forEach((group, i) => Object.assign(group, saved.groups[i]));
    this.state.clear();
    for (const [i, own] of Object.entries(saved.state)) {
      const copied = Object.entries(own).map(([name, value]) => [name, typeof value === "number" ? value : keep(noGrad(() => value.clone()))]);
      this.state.set(parameters[Number(i)] as Tensor, { ...this.emptyState(), ...(Object.fromEntries(copied) as State) });
    }
  }

  /** State with every tensor missing. */
  protected abstract emptyState(): State;

  #parameters(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }
}

function fitsParameter(parameter: Tensor | undefined, own: Readonly<Record<string, Tensor | number>>): boolean {
  return parameter !== undefined && Object.values(own).every((value) => typeof value === "number" || sameShape(value.shape, parameter.shape));
}

/** Throws IndexError `optim/option` unless the value is in range. */
export function requireOption(optimizer: string, name: string, value: number, isValid: boolean, range: string): void {
  if (isValid) return;
  throw new IndexError({ op: optimizer, fact: `${name} ${value} must be ${range}`, code: "optim/option", data: { name, value } });
}

import { copy_, describe, DTypeError, formatShape, GradError, IndexError, optimizerState, sameShape, SerializationError, ShapeError, Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";

/** Parameters that share options; an option given here wins over the optimizer's. */
export type ParamGroup<Options> = Partial<Options> & { readonly params: Iterable<Tensor> };

/** A group with all its options. They may be changed between steps: `for (const group of optimizer.paramGroups) group.lr *= 0.95`. */
export type ResolvedGroup<Options> = Options & { readonly params: readonly Tensor[] };

/** What an optimizer remembers, as plain numbers and tensors: parameters are numbered in order. */
export interface OptimizerState<Options> {
  readonly paramGroups: readonly (Options & { readonly params: readonly number[] })[];
  readonly state: Readonly<Record<number, Readonly<Record<string, Tensor | number>>>>;
}

/** Base of the optimizers: groups of parameters, their state, and what all of them do alike. */
export abstract class Optimizer<Options extends { lr: number }, State extends object> {
  /** The groups with their options, which may be changed between steps. */
  readonly paramGroups: readonly ResolvedGroup<Options>[];
  protected readonly state = new Map<Tensor, State>();

  /** Throws IndexError `optim/empty`, `optim/twice`, `optim/option`; GradError `optim/leaf`; DTypeError `optim/dtype`. */
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
    for (const [i, parameter] of all.entries()) checkParameter(new.target.name, parameter, i);
    for (const group of this.paramGroups) this.checkOptions(group);
  }

  /** Refuses options that make no sense. */
  protected abstract checkOptions(group: Options): void;

  /** Updates one parameter from its gradient. */
  protected abstract update(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<Options>): void;

  /** Moves every parameter that has a gradient. Throws ShapeError `optim/gradient-shape`. */
  step(): void {
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const parameter of group.params) {
          const gradient = parameter.peekGrad();
          if (gradient === null) continue;
          if (!sameShape(gradient.shape, parameter.shape)) throw wrongGradient(this.constructor.name, parameter, gradient);
          this.update(parameter, gradient, group);
        }
      }
    });
  }

  /** Forgets the gradients. */
  zeroGrad(): void {
    for (const group of this.paramGroups) for (const parameter of group.params) parameter.dropGrad();
  }

  /** What has to be saved to go on later just as now: copies, which further steps leave alone. */
  stateDict(): OptimizerState<Options> {
    const numbers = new Map(this.#parameters().map((parameter, i) => [parameter, i]));
    const paramGroups = this.paramGroups.map((group) => ({ ...group, params: group.params.map((parameter) => numbers.get(parameter) ?? -1) }));
    const state: Record<number, Record<string, Tensor | number>> = {};
    for (const [parameter, own] of this.state) state[numbers.get(parameter) ?? -1] = copied(own);
    return { paramGroups, state };
  }

  /** Takes over saved options and state; nothing is changed unless all of it fits. Throws SerializationError `optim/state`. */
  loadStateDict(saved: OptimizerState<Options>): void {
    const misfit = this.#misfit(saved);
    if (misfit !== null) {
      throw new SerializationError({ op: `${this.constructor.name}.loadStateDict`, fact: misfit, hint: "make the optimizer as the one that was saved", code: "optim/state" });
    }
    const parameters = this.#parameters();
    const loaded = Object.entries(saved.state).map(([i, own]) => {
      const parameter = parameters[Number(i)] as Tensor;
      return [parameter, { ...this.emptyState(), ...adopted(own, parameter) }] as const;
    });
    this.paramGroups.forEach((group, i) => Object.assign(group, { ...saved.paramGroups[i], params: group.params }));
    this.state.clear();
    for (const [parameter, own] of loaded) this.state.set(parameter, own);
  }

  /** What keeps a saved state from being this optimizer's, or null. */
  #misfit({ paramGroups, state }: OptimizerState<Options>): string | null {
    const own = this.paramGroups;
    if (paramGroups.length !== own.length) return `the state has ${paramGroups.length} parameter groups, the optimizer ${own.length}`;
    for (const [i, group] of own.entries()) {
      const saved: object & { params: readonly number[] } = paramGroups[i] ?? { params: [] };
      if (saved.params.length !== group.params.length) return `group ${i} has ${saved.params.length} parameters in the state, ${group.params.length} in the optimizer`;
      const stranger = Object.keys(saved).find((name) => !Object.hasOwn(group, name));
      if (stranger !== undefined) return `the state has the option ${stranger}, which ${this.constructor.name} does not know`;
    }
    const parameters = this.#parameters();
    const names = Object.keys(this.emptyState());
    for (const [i, values] of Object.entries(state)) {
      const parameter = parameters[Number(i)];
      if (parameter === undefined) return `the state is for parameter ${i}, the optimizer has ${parameters.length}`;
      for (const [name, value] of Object.entries(values)) {
        if (!names.includes(name)) return `parameter ${i} has the state ${name}, which ${this.constructor.name} does not know`;
        if (typeof value !== "number" && !sameShape(value.shape, parameter.shape)) {
          return `parameter ${i} has shape ${formatShape(parameter.shape)}, its ${name} in the state ${formatShape(value.shape)}`;
        }
      }
    }
    return null;
  }

  /** State with every tensor missing. */
  protected abstract emptyState(): State;

  #parameters(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }
}

function checkParameter(optimizer: string, parameter: Tensor, position: number): void {
  const parts = { op: optimizer, details: [describe("parameter", parameter)], data: { parameter: position } };
  if (!parameter.dtype.startsWith("float")) {
    throw new DTypeError({ ...parts, fact: `parameter ${position} is ${parameter.dtype}: only floating tensors have gradients`, code: "optim/dtype" });
  }
  if (!parameter.isLeaf) {
    throw new GradError({
      ...parts,
      fact: `parameter ${position} is not a leaf: backward brings no gradient to the result of an op`,
      hint: "pass what it was computed from, or detach() it and set requiresGrad",
      code: "optim/leaf",
    });
  }
}

function wrongGradient(optimizer: string, parameter: Tensor, gradient: Tensor): ShapeError {
  return new ShapeError({
    op: optimizer,
    fact: "a gradient must have the shape of its parameter",
    details: [describe("parameter", parameter), describe("grad", gradient)],
    code: "optim/gradient-shape",
    data: { parameter: parameter.shape, gradient: gradient.shape },
  });
}

/** A parameter's state without what is missing, the tensors cloned. */
function copied(own: object): Record<string, Tensor | number> {
  const present = Object.entries(own as Readonly<Record<string, Tensor | number | null>>).filter((entry): entry is [string, Tensor | number] => entry[1] !== null);
  return Object.fromEntries(present.map(([name, value]) => [name, typeof value === "number" ? value : noGrad(() => value.clone())]));
}

/** A saved state in tensors of the layout and dtype that the parameter's updates are computed in. */
function adopted(own: Readonly<Record<string, Tensor | number>>, parameter: Tensor): object {
  const values = Object.entries(own).map(([name, value]) => [name, typeof value === "number" ? value : noGrad(() => copy_(optimizerState(parameter), value))]);
  return Object.fromEntries(values) as object;
}

/** Throws IndexError `optim/option` unless the value is in range. */
export function requireOption(optimizer: string, name: string, value: number, isValid: boolean, range: string): void {
  if (isValid) return;
  throw new IndexError({ op: optimizer, fact: `${name} ${value} must be ${range}`, code: "optim/option", data: { name, value } });
}

import { ArgumentError, checkOptions, copyOf, describe, DTypeError, GradError, IndexError, isFloating, notATensor, refusedOption, SerializationError, showValue, Tensor, type OptionRule, type OptionRules } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { adopted, copied, misfitOf, type OptimizerState, type StateRules } from "./optimizer-state.ts";

/** Parameters that share options; an option given here wins over the optimizer's. */
export type ParamGroup<Options> = Partial<Options> & { readonly params: Iterable<Tensor> };

/** A group with all its options. They may be changed between steps: `for (const group of optimizer.paramGroups) group.lr *= 0.95`. */
export type ResolvedGroup<Options> = Options & { readonly params: readonly Tensor[] };

/** What an optimizer takes: parameters, or groups of them. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>>;

/** What an optimizer says of its options and of its state, once for all checks. */
export interface OptimizerRules<Options extends object> {
  readonly options: OptionRules<Options>;
  readonly state: StateRules;
}

/** Base of the optimizers: groups of parameters, their state, and what all of them do alike. */
export abstract class Optimizer<Options extends { lr: number }, State extends object> {
  /** The groups with their options, which may be changed between steps. */
  readonly paramGroups: readonly ResolvedGroup<Options>[];
  protected readonly state = new Map<Tensor, State>();
  readonly #rules: OptimizerRules<Options>;

  /**
   * Throws    IndexError `optim/empty`, `optim/twice`, `optim/option`; ArgumentError `optim/unknown-option`, `optim/params`,
   *           `tapegrad/not-a-tensor`, `tapegrad/two-copies`; GradError `optim/leaf`; DTypeError `optim/dtype`
   */
  constructor(params: Params<Options>, options: Partial<Options>, defaults: Partial<Options>, rules: OptimizerRules<Options>) {
    const name = new.target.name;
    this.#rules = rules;
    checkOptions<Partial<Options>>(name, options, rules.options, "optim");
    const own = { ...defaults, ...given(options) };
    this.paramGroups = groupsOf(name, params, rules.options).map((group) => {
      const merged: object = { ...own, ...given(group), params: [...group.params] };
      // What may still be missing is found by the check that follows.
      return merged as ResolvedGroup<Options>;
    });
    const all = this.paramGroups.flatMap((group) => group.params);
    if (all.length === 0) {
      throw new IndexError({ op: name, fact: "there are no parameters to optimise", hint: "pass model.parameters()", code: "optim/empty" });
    }
    if (new Set(all).size !== all.length) {
      throw new IndexError({ op: name, fact: "a parameter is listed twice: it would be updated twice a step", code: "optim/twice" });
    }
    for (const [i, parameter] of all.entries()) checkParameter(name, parameter, i);
    for (const group of this.paramGroups) this.#checkGroup(group);
  }

  /** What keeps options, each of them in its range, from going together, or null. */
  protected conflict(_options: Options): { readonly name: string; readonly value: unknown; readonly must: string } | null {
    return null;
  }

  /** Updates one parameter from its gradient. */
  protected abstract update(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<Options>): void;

  /** Moves every parameter that has a gradient. Throws IndexError `optim/option` for an option that was changed since. */
  step(): void {
    for (const group of this.paramGroups) this.#checkGroup(group);
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const parameter of group.params) {
          const gradient = parameter.peekGrad();
          if (gradient !== null) this.update(parameter, gradient, group);
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

  /**
   * Takes over saved options and state; nothing is changed unless all of it fits. Parameters are told by their place in the
   * groups, as in PyTorch.
   *
   * Throws    SerializationError `optim/state`; ArgumentError `tapegrad/two-copies`
   */
  loadStateDict(saved: OptimizerState<Options>): void {
    const name = this.constructor.name;
    const conflict = (options: Options): string | null => {
      const found = this.conflict(options);
      return found === null ? null : `${found.name} ${showValue(found.value)} must be ${found.must}`;
    };
    const misfit = misfitOf(name, saved, this.paramGroups, this.#rules, conflict);
    if (misfit !== null) {
      throw new SerializationError({ op: `${name}.loadStateDict`, fact: misfit, hint: "make the optimizer as the one that was saved", code: "optim/state" });
    }
    const parameters = this.#parameters();
    const numbers = saved.paramGroups.flatMap(({ params }) => params);
    const loaded = Object.entries(saved.state).map(([i, own]) => {
      const parameter = parameters[numbers.indexOf(Number(i))] as Tensor;
      return [parameter, { ...this.emptyState(), ...adopted(own, parameter) }] as const;
    });
    this.paramGroups.forEach((group, i) => Object.assign(group, { ...saved.paramGroups[i], params: group.params }));
    this.state.clear();
    for (const [parameter, own] of loaded) this.state.set(parameter, own);
  }

  /** State with every tensor missing. */
  protected abstract emptyState(): State;

  #parameters(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }

  /** Throws IndexError `optim/option`. */
  #checkGroup(group: Options): void {
    const values = group as Readonly<Record<string, unknown>>;
    const rules = this.#rules.options as Readonly<Record<string, OptionRule>>;
    for (const name in rules) {
      const rule = rules[name] as OptionRule;
      if (!rule.accepts(values[name])) throw refusedOption(this.constructor.name, name, values[name], rule.must, "optim");
    }
    const found = this.conflict(group);
    if (found !== null) throw refusedOption(this.constructor.name, found.name, found.value, found.must, "optim");
  }
}

/** Options that are not undefined: those count as left out, here as everywhere. */
function given<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

/** The groups that were passed; parameters that were passed without one make up the first. */
function groupsOf<Options extends object>(optimizer: string, params: Params<Options>, rules: OptionRules<Options>): ParamGroup<Options>[] {
  const entries = [...iterated(optimizer, "params", params)];
  const loose = entries.filter((entry) => entry instanceof Tensor);
  const groups = entries.flatMap((entry, i) => {
    if (entry instanceof Tensor) return [];
    if (typeof entry !== "object" || entry === null || !("params" in entry)) throw notATensor(optimizer, `parameter ${i}`, entry);
    checkOptions(optimizer, entry, { ...rules, params: { must: "a list of tensors", accepts: () => true } }, "optim");
    const group: object = { ...entry, params: [...iterated(optimizer, `params of group ${i}`, entry.params)] };
    return [group as ParamGroup<Options>];
  });
  // Without an option of its own, so that it has the optimizer's.
  const first: object = { params: loose };
  return [...(loose.length > 0 ? [first as ParamGroup<Options>] : []), ...groups];
}

function iterated(optimizer: string, name: string, list: unknown): Iterable<unknown> {
  if (typeof list === "object" && list !== null && Symbol.iterator in list) return list as Iterable<unknown>;
  if (copyOf(list) !== null && !(list instanceof Tensor)) throw notATensor(optimizer, name, list);
  throw new ArgumentError({
    op: optimizer,
    fact: `${name} must be a list of tensors, not ${showValue(list)}`,
    hint: "pass model.parameters(), or [x] for a single tensor",
    code: "optim/params",
  });
}

function checkParameter(optimizer: string, parameter: unknown, position: number): void {
  if (!(parameter instanceof Tensor)) throw notATensor(optimizer, `parameter ${position}`, parameter);
  const parts = { op: optimizer, details: [describe("parameter", parameter)], data: { parameter: position } };
  if (!isFloating(parameter.dtype)) {
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

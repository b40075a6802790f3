import { ArgumentError, checkOptions, copyOf, describe, DTypeError, GradError, IndexError, isFloating, notATensor, refusedOption, SerializationError, showValue, Tensor, type OptionRule, type OptionRules } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { adopted, copied, fitted, keepState, tensorNames, type OptimizerState, type StateRules } from "./optimizer-state.ts";

/** Parameters that share options; an option given here wins over the optimizer's. */
export type ParamGroup<Options> = Partial<Options> & { readonly params: Iterable<Tensor> };

/** A group with all its options. They may be changed between steps: `for (const group of optimizer.paramGroups) group.lr *= 0.95`. */
export type ResolvedGroup<Options> = Options & { readonly params: readonly Tensor[] };

/** What an optimizer takes: parameters, or groups of them. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>>;

/** What an optimizer says of its options and of its state, once for all checks. */
export interface OptimizerRules<Options extends object, State extends object> {
  readonly options: OptionRules<Options>;
  readonly state: StateRules<State>;
}

/**
 * Base of the optimizers: groups of parameters, their state, and what all of them do alike. An optimizer of your own says what its
 * options may be, what it remembers of a parameter (`emptyState`, and under which names a saved state has it), and how a parameter
 * moves (`update`). Groups, checks, `zeroGrad`, saving and loading then work as with the others.
 *
 * @example
 * interface RMSpropOptions { lr: number; alpha: number; eps: number }
 * interface RMSpropState { step: number; squareAvg: Tensor | null }
 *
 * class RMSprop extends optim.Optimizer<RMSpropOptions, RMSpropState> {
 *   constructor(params: optim.Params<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
 *     const { nonNegative, share } = optim.optionRules;
 *     super(params, options, { lr: 0.01, alpha: 0.99, eps: 1e-8 }, {
 *       options: { lr: nonNegative, alpha: share, eps: nonNegative },
 *       state: { step: "count", squareAvg: "tensor" },
 *     });
 *   }
 *   protected override emptyState(): RMSpropState {
 *     return { step: 0, squareAvg: null };
 *   }
 *   protected override update(parameter: Tensor, gradient: Tensor, { lr, alpha, eps }: RMSpropOptions, own: RMSpropState) {
 *     own.step++;
 *     own.squareAvg ??= zerosLike(parameter);
 *     own.squareAvg.mul_(alpha).add_(gradient.square().mul(1 - alpha));
 *     parameter.sub_(gradient.mul(lr).div(own.squareAvg.sqrt().add(eps)));
 *   }
 * }
 *
 * const w = tensor([1], { requiresGrad: true });
 * const optimizer = new RMSprop([w], { lr: 0.05 });
 * w.mul(2).backward();
 * optimizer.step();
 * w.item().toFixed(3); // "0.500"
 */
export abstract class Optimizer<Options extends { lr: number }, State extends object> {
  /** The groups with their options, which may be changed between steps. */
  readonly paramGroups: readonly ResolvedGroup<Options>[];
  /** What is remembered of each parameter that has been updated. */
  protected readonly state = new Map<Tensor, State>();
  readonly #rules: OptimizerRules<Options, State>;
  /** The names under which states have tensors. */
  readonly #tensorNames: readonly string[];

  /**
   * Throws    IndexError `optim/empty`, `optim/twice`, `optim/option`; ArgumentError `optim/unknown-option`, `optim/params`,
   *           `tapegrad/not-a-tensor`, `tapegrad/two-copies`; GradError `optim/leaf`; DTypeError `optim/dtype`
   */
  constructor(params: Params<Options>, options: Partial<Options>, defaults: Partial<Options>, rules: OptimizerRules<Options, State>) {
    const name = new.target.name;
    this.#rules = rules;
    this.#tensorNames = tensorNames(rules.state);
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

  /**
   * Updates one parameter in place from its gradient, off the tape, and what is remembered of it in `own`, which the first time is an
   * `emptyState()`. Tensors put into `own` survive scopes, and are copied where they are the gradient itself, which `zeroGrad` frees.
   */
  protected abstract update(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<Options>, own: State): void;

  /** Moves every parameter that has a gradient. Throws IndexError `optim/option` for an option that was changed since. */
  step(): void {
    for (const group of this.paramGroups) this.#checkGroup(group);
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const parameter of group.params) {
          const gradient = parameter.peekGrad();
          if (gradient !== null) this.#updateOne(parameter, gradient, group);
        }
      }
    });
  }

  #updateOne(parameter: Tensor, gradient: Tensor, group: ResolvedGroup<Options>): void {
    let own = this.state.get(parameter);
    if (own === undefined) {
      own = this.emptyState();
      this.state.set(parameter, own);
    }
    this.update(parameter, gradient, group, own);
    keepState(own as Record<string, unknown>, this.#tensorNames, gradient);
  }

  /** Forgets the gradients. */
  zeroGrad(): void {
    for (const group of this.paramGroups) for (const parameter of group.params) parameter.dropGrad();
  }

  /**
   * What has to be saved to go on later just as now: copies, which further steps leave alone.
   *
   * Throws    SerializationError `optim/undeclared`
   */
  stateDict(): OptimizerState<Options> {
    const numbers = new Map(this.#parameters().map((parameter, i) => [parameter, i]));
    const paramGroups = this.paramGroups.map((group) => ({ ...group, params: group.params.map((parameter) => numbers.get(parameter) ?? -1) }));
    const state: Record<number, Record<string, Tensor | number>> = {};
    for (const [parameter, own] of this.state) {
      const stranger = Object.keys(own).find((name) => !Object.hasOwn(this.#rules.state, name));
      if (stranger !== undefined) throw undeclared(this.constructor.name, stranger);
      const copy = copied(own);
      if (Object.keys(copy).length > 0) state[numbers.get(parameter) ?? -1] = copy;
    }
    return { paramGroups, state };
  }

  /**
   * Takes over saved options and state; nothing is changed unless all of it fits. Parameters are told by their place in the
   * groups, as in PyTorch; options that the optimizer does not know, like an `initialLr` that a program has put there, are kept.
   *
   * Throws    SerializationError `optim/state`; ArgumentError `tapegrad/two-copies`
   */
  loadStateDict(saved: OptimizerState<Options>): void {
    this.prepareLoad(saved)();
  }

  /** Checks what `loadStateDict` checks, and throws what it throws; what it returns then cannot fail. @internal */
  prepareLoad(saved: unknown): () => void {
    const name = this.constructor.name;
    const conflict = (options: Options): string | null => {
      const found = this.conflict(options);
      return found === null ? null : `${found.name} ${showValue(found.value)} must be ${found.must}`;
    };
    const checked = fitted<Options>(name, saved, this.paramGroups, this.#rules, conflict);
    if (typeof checked === "string") {
      throw new SerializationError({ op: `${name}.loadStateDict`, fact: checked, hint: "make the optimizer as the one that was saved", code: "optim/state" });
    }
    const parameters = this.#parameters();
    const numbers = checked.paramGroups.flatMap(({ params }) => params);
    const loaded = Object.entries(checked.state).map(([i, own]) => {
      const parameter = parameters[numbers.indexOf(Number(i))] as Tensor;
      return [parameter, { ...this.emptyState(), ...adopted(own, parameter) }] as const;
    });
    return () => {
      this.paramGroups.forEach((group, i) => Object.assign(group, { ...checked.paramGroups[i], params: group.params }));
      this.state.clear();
      for (const [parameter, own] of loaded) this.state.set(parameter, own);
    };
  }

  /** The groups with their options, a line for each. */
  toString(): string {
    const lines = this.paramGroups.map((group, i) => {
      const { params, ...options } = group;
      const elements = params.reduce((sum, parameter) => sum + parameter.numel(), 0);
      const values = Object.entries(options).map(([name, value]) => `${name} ${showValue(value)}`);
      return `  group ${i}: ${params.length} ${params.length === 1 ? "parameter" : "parameters"} of ${elements} elements, ${values.join(", ")}\n`;
    });
    return `${this.constructor.name}(\n${lines.join("")})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What is remembered of a parameter before its first update: counts at 0, tensors null. */
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

/** What no rule names, no state could be loaded with. */
function undeclared(optimizer: string, name: string): SerializationError {
  return new SerializationError({
    op: `${optimizer}.stateDict`,
    fact: `the state has ${name}, for which the optimizer has no rule`,
    hint: `add ${name}: "tensor", "optional tensor", "count" or "number" to the rules of the state`,
    code: "optim/undeclared",
    data: { name },
  });
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

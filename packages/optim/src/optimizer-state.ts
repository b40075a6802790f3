import { copy_, copyOf, foreignError, formatShape, isFloating, keep, optimizerState, optionRules, sameShape, showName, showNames, showValue, Tensor, type OptionRule } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";

/** What an optimizer remembers, as plain numbers and tensors: parameters are numbered in order. */
export interface OptimizerState<Options> {
  readonly paramGroups: readonly (Options & { readonly params: readonly number[] })[];
  readonly state: Readonly<Record<number, Readonly<Record<string, Tensor | number>>>>;
}

/**
 * What an optimizer remembers of one parameter, by name: tensors of the parameter's shape, of which a saved state may lack the optional
 * ones, counts of steps, and other finite numbers.
 */
export type StateRules<State extends object> = { readonly [Name in keyof Required<State>]: StateRule };

type StateRule = "tensor" | "optional tensor" | "count" | "number";
type NamedRules = Readonly<Record<string, StateRule>>;

interface Rules {
  readonly options: object;
  readonly state: NamedRules;
}

interface Group {
  readonly params: readonly Tensor[];
}

/** A saved state that is one of an optimizer with these groups, or what keeps it from being that. Throws ArgumentError `tapegrad/two-copies`. */
export function fitted<Options>(optimizer: string, saved: unknown, groups: readonly Group[], rules: Rules, conflict: (options: Options) => string | null): OptimizerState<Options> | string {
  return misfitOf(optimizer, saved, groups, rules, conflict) ?? (saved as OptimizerState<Options>);
}

function misfitOf<Options>(optimizer: string, saved: unknown, groups: readonly Group[], rules: Rules, conflict: (options: Options) => string | null): string | null {
  if (!isRecord(saved) || !Array.isArray(saved["paramGroups"]) || !isRecord(saved["state"])) {
    return `the state must have paramGroups and state, as stateDict() gives them, and is ${showValue(saved)}${isRecord(saved) ? ` with ${showNames(Object.keys(saved)) || "nothing"}` : ""}`;
  }
  const savedGroups = saved["paramGroups"] as readonly unknown[];
  if (savedGroups.length !== groups.length) return `the state has ${savedGroups.length} parameter groups, the optimizer ${groups.length}`;
  const options = rules.options as Readonly<Record<string, OptionRule>>;
  for (const [i, group] of groups.entries()) {
    const misfit = groupMisfit(optimizer, i, savedGroups[i], group, options) ?? conflict(savedGroups[i] as Options);
    if (misfit !== null) return misfit;
  }
  const numbers = (savedGroups as readonly { readonly params: readonly number[] }[]).flatMap(({ params }) => params);
  if (new Set(numbers).size !== numbers.length) return "the state lists a parameter twice";
  const parameters = groups.flatMap(({ params }) => params);
  for (const [i, values] of Object.entries(saved["state"])) {
    // Else "", " 1" or "01" would be numbers of parameters too.
    const parameter = String(Number(i)) === i ? parameters[numbers.indexOf(Number(i))] : undefined;
    if (parameter === undefined) return `the state is for parameter ${showName(i)}, the optimizer has ${parameters.length}`;
    const misfit = parameterMisfit(optimizer, i, values, parameter, rules.state);
    if (misfit !== null) return misfit;
  }
  return null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function groupMisfit(optimizer: string, i: number, saved: unknown, group: Group, rules: Readonly<Record<string, OptionRule>>): string | null {
  if (!isRecord(saved)) return `group ${i} of the state must be an object, not ${showValue(saved)}`;
  const { params, ...options } = saved;
  if (!Array.isArray(params) || !params.every((number) => Number.isInteger(number) && number >= 0)) {
    return `params of group ${i} in the state must be a list of numbers of parameters, not ${showValue(params)}`;
  }
  if (params.length !== group.params.length) return `group ${i} has ${params.length} parameters in the state, ${group.params.length} in the optimizer`;
  // Own options of the program's are its own affair. This one, which JSON can hold, would be more than an option.
  if (Object.hasOwn(options, "__proto__")) return `the state has the option __proto__, which ${optimizer} does not know`;
  for (const [name, { accepts, must }] of Object.entries(rules)) {
    if (!Object.hasOwn(options, name)) return `group ${i} of the state has no ${name}`;
    if (!accepts(options[name])) return `${name} ${showValue(options[name])} in group ${i} of the state must be ${must}`;
  }
  return null;
}

const numberRules: Readonly<Record<"count" | "number", OptionRule>> = { count: optionRules.nonNegativeInteger, number: optionRules.finite };

function parameterMisfit(optimizer: string, i: string, values: unknown, parameter: Tensor, rules: NamedRules): string | null {
  if (!isRecord(values)) return `the state of parameter ${i} must be an object, not ${showValue(values)}`;
  const stranger = Object.keys(values).find((name) => !Object.hasOwn(rules, name));
  if (stranger !== undefined) return `parameter ${i} has the state ${showName(stranger)}, which ${optimizer} does not know`;
  for (const [name, kind] of Object.entries(rules)) {
    const value = values[name] ?? null;
    if (value === null && kind === "optional tensor") continue;
    if (value === null) return `parameter ${i} has no ${name} in the state`;
    if (kind === "count" || kind === "number") {
      const { accepts, must } = numberRules[kind];
      if (!accepts(value)) return `${name} ${showValue(value)} of parameter ${i} in the state must be ${must}`;
      continue;
    }
    if (copyOf(value) !== null && !Tensor.isTensor(value)) throw foreignError(`${optimizer}.loadStateDict`, `${name} of parameter ${i}`, value, import.meta.url);
    if (!Tensor.isTensor(value) || !isFloating(value.dtype)) {
      return `${name} of parameter ${i} in the state must be a floating tensor, not ${Tensor.isTensor(value) ? value.dtype : showValue(value)}`;
    }
    if (!sameShape(value.shape, parameter.shape)) {
      return `parameter ${i} has shape ${formatShape(parameter.shape)}, its ${name} in the state ${formatShape(value.shape)}`;
    }
    // Reading throws MemoryError for a tensor that a scope has freed: better before the first change.
    void value.storage.elements;
  }
  return null;
}

/** The names under which states of these rules have tensors. */
export function tensorNames(rules: NamedRules): string[] {
  return Object.keys(rules).filter((name) => rules[name] === "tensor" || rules[name] === "optional tensor");
}

/** Lets the tensors of a state outlive the scope and the gradient that they were made with. */
export function keepState(own: Record<string, unknown>, names: readonly string[], gradient: Tensor): void {
  for (const name of names) {
    const value = own[name];
    if (!(value instanceof Tensor)) continue;
    if (value.storage === gradient.storage) own[name] = keep(value.clone());
    else value.storage.kept = true;
  }
}

/** What is there of a parameter's state. */
function present(own: object): [name: string, value: Tensor | number][] {
  return Object.entries(own as Readonly<Record<string, Tensor | number | null | undefined>>).filter((entry): entry is [string, Tensor | number] => (entry[1] ?? null) !== null);
}

/** A parameter's state without what is missing, the tensors cloned. */
export function copied(own: object): Record<string, Tensor | number> {
  return Object.fromEntries(present(own).map(([name, value]) => [name, typeof value === "number" ? value : noGrad(() => value.clone())]));
}

/** A saved state in tensors of the layout and dtype that the parameter's updates are computed in. */
export function adopted(own: object, parameter: Tensor): object {
  return Object.fromEntries(present(own).map(([name, value]) => [name, typeof value === "number" ? value : noGrad(() => copy_(optimizerState(parameter), value))]));
}

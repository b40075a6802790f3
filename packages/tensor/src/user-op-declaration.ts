import { ArgumentError } from "./errors.ts";
import { isBuiltIn } from "./op.ts";
import { isFreeForSaved } from "./op-context.ts";
import type { UserOpSpec } from "./op-spec.ts";
import { anyDType, boolean, callable, type OptionRule } from "./option-rules.ts";
import { checkOptions, refusedOption, type OptionRules } from "./options.ts";
import { showName, showNames, showValue } from "./show-value.ts";

/** A declaration whose names are not known to the compiler. */
type AnyUserOpSpec = UserOpSpec<readonly string[], unknown, readonly string[], readonly string[]>;

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");
const texts: OptionRule = { must: "a list of names", accepts: isTexts };
const object: OptionRule = { must: "an object", accepts: (value) => typeof value === "object" && value !== null };
const name: OptionRule = { must: "a name", accepts: (value) => typeof value === "string" && value !== "" };
const dtypes: OptionRule = { must: `a list of dtypes (${anyDType.must})`, accepts: (value) => Array.isArray(value) && value.length > 0 && value.every((dtype) => anyDType.accepts(dtype)) };

const rules: OptionRules<AnyUserOpSpec> = {
  name, inputs: texts, outputs: texts, saves: texts, infer: callable, forward: callable, backward: object, composite: callable, createGraphByComposite: boolean,
  changes: texts, halfNative: boolean, random: boolean, scoped: boolean, flops: callable, dtypes, samples: callable,
};

/** Throws ArgumentError and IndexError `defineOp/...` for a declaration that is none: types do not reach programs in JavaScript. */
export function checkDeclaration(spec: object): asserts spec is AnyUserOpSpec {
  checkOptions("defineOp", spec as AnyUserOpSpec, rules);
  const declared = spec as AnyUserOpSpec;
  for (const required of ["name", "inputs", "infer", "forward"] as const) {
    if (declared[required] === undefined) throw refusedOption("defineOp", required, undefined, rules[required].must);
  }
  if (isBuiltIn(declared.name)) {
    throw refused(declared, "built-in", "this is an op of tapegrad's, which cannot be replaced", "give it a name of its own, with a prefix for instance: defineOp({ name: \"my/NAME\", ... })".replace("NAME", showName(declared.name)));
  }
  const bare = checkInputs(declared);
  checkOutputs(declared, bare);
  checkNames(declared, "saves", [...bare, ...(declared.outputs ?? ["out"])], "input or output");
  checkNames(declared, "changes", bare, "input");
  checkRestLast(declared);
  checkGradients(declared, bare);
  if (declared.createGraphByComposite === true && declared.composite === undefined) throw refused(declared, "composite", "createGraphByComposite needs a composite to differentiate");
}

function refused(spec: AnyUserOpSpec, reason: string, fact: string, hint?: string): ArgumentError {
  return new ArgumentError({ op: "defineOp", fact: `${showName(spec.name)}: ${fact}`, ...(hint === undefined ? {} : { hint }), code: `defineOp/${reason}` });
}

/** The inputs' names without their marks. */
function checkInputs(spec: AnyUserOpSpec): readonly string[] {
  const { inputs } = spec;
  if (inputs.length === 0) throw refused(spec, "inputs", "it needs an input");
  const bare = inputs.map((input) => input.replace(/(\?|\.\.\.)$/, ""));
  inputs.forEach((input, i) => {
    checkName(spec, "inputs", "input", bare, i);
    if (input.endsWith("...") && i < inputs.length - 1) throw refused(spec, "inputs", `${showName(input)} stands for any number of inputs, and so must be the last`);
  });
  return bare;
}

function checkOutputs(spec: AnyUserOpSpec, inputs: readonly string[]): void {
  const { outputs } = spec;
  if (outputs === undefined) {
    if (inputs.includes("out")) throw refused(spec, "inputs", "the name out is the output's");
    return;
  }
  if (outputs.length === 0) throw refused(spec, "outputs", "it needs an output");
  const names = [...inputs, ...outputs];
  outputs.forEach((_, i) => checkName(spec, "outputs", "output", names, inputs.length + i));
}

/** The name at a place: a word of its own, that is free in what gradient functions get. */
function checkName(spec: AnyUserOpSpec, reason: "inputs" | "outputs", kind: string, names: readonly string[], at: number): void {
  const one = names[at] ?? "";
  if (!/^[A-Za-z_$][\w$]*$/.test(one)) throw refused(spec, reason, `the ${kind} ${showValue(one)} needs a name of letters and digits`);
  if (names.indexOf(one) < at) throw refused(spec, reason, `the name ${showName(one)} is given twice`);
  if (!isFreeForSaved(one)) throw refused(spec, reason, `no ${kind} can be called ${showName(one)}: gradient functions get something else by that name`);
}

function checkNames(spec: AnyUserOpSpec, list: "saves" | "changes", known: readonly string[], kind: string): void {
  const names = spec[list] ?? [];
  const stranger = names.find((one) => !known.includes(one));
  if (stranger !== undefined) throw refused(spec, list, `${list} names ${showName(stranger)}, which is no ${kind}; there are ${showNames(known)}`);
  const twice = names.find((one, i) => names.indexOf(one) < i);
  if (twice !== undefined) throw refused(spec, list, `${list} names ${showName(twice)} twice`);
}

/** The saved tensors of any number of inputs are what is left of the list behind the others. */
function checkRestLast(spec: AnyUserOpSpec): void {
  const rest = spec.inputs.at(-1)?.endsWith("...") === true ? spec.inputs.at(-1)?.slice(0, -3) : undefined;
  const at = rest === undefined ? -1 : (spec.saves ?? []).indexOf(rest);
  if (at >= 0 && at < (spec.saves?.length ?? 0) - 1) throw refused(spec, "saves", `${showName(rest ?? "")} stands for any number of inputs, and so must be the last of saves`);
}

function checkGradients(spec: AnyUserOpSpec, inputs: readonly string[]): void {
  if (spec.backward === undefined) return;
  const gradients = spec.backward as Readonly<Record<string, unknown>>;
  const stranger = Object.keys(gradients).find((one) => !inputs.includes(one));
  if (stranger !== undefined) throw refused(spec, "gradient", `backward has a gradient for ${showName(stranger)}, which is no input; there are ${showNames(inputs)}`);
  for (const input of inputs) {
    const gradient = Object.hasOwn(gradients, input) ? gradients[input] : undefined;
    if (gradient === null || typeof gradient === "function") continue;
    const what = gradient === undefined ? "has no gradient" : `has ${showValue(gradient)}`;
    throw refused(spec, "gradient", `backward ${what} for ${showName(input)}: it needs a function, or null if there is none`);
  }
}

import { inputVariable, noGrad, type Variable } from "@tapegrad/autograd";
import { Module, type AnyModule } from "@tapegrad/nn";
import { copy_, GradError, isFloating, tensor, type Tensor } from "@tapegrad/tensor";
import { surroundingsOf } from "./surroundings.ts";
import { tensorsIn, withTensors, type NamedTensor } from "./tensor-tree.ts";

/** What is checked: a function, or a module with its parameters. */
export type Checked = ((...inputs: never[]) => unknown) | AnyModule;

const isModule = (f: Checked): f is AnyModule => f instanceof Module;

/** The function as one of variables, which it reads where they stand. */
export interface Subject {
  readonly variables: readonly Variable[];
  /** Floating outputs, always from the same surroundings. */
  run(): readonly NamedTensor[];
  /** Makes everything what it was. */
  restore(): void;
}

/** Throws GradError `checkGradients/no-grad`, `checkGradients/dtype`, `checkGradients/outputs`. */
export function subjectOf(op: string, f: Checked, inputs: readonly unknown[]): Subject {
  const module = isModule(f) ? f : null;
  const call = (given: readonly unknown[]): unknown => (isModule(f) ? f.forward(...(given as never[])) : f(...(given as never[])));
  const found = inputs.flatMap((input, i) => tensorsIn(input, `input ${i}`));
  const parameters = (module?.namedParameters() ?? []).filter(([, parameter]) => parameter.requiresGrad).map(([name, parameter]): NamedTensor => ({ name: `parameter ${name}`, tensor: parameter }));
  const places = wantedPlaces(found);
  checkVariables(op, [...places.map((place) => found[place] as NamedTensor), ...parameters], found.length);
  // Leaves of their own, laid out as what they stand for: nothing is left in the caller's tensors.
  const moving = found.map(({ tensor: x }, place) => (places.includes(place) ? x.detach().requiresGrad_() : x));
  const surroundings = surroundingsOf(module);
  return {
    variables: [
      ...places.map((place) => inputVariable(found[place]?.name ?? "", moving, [place])),
      ...parameters.map(({ name, tensor: parameter }) => parameterVariable(name, parameter)),
    ],
    run() {
      surroundings.restore();
      let next = 0;
      const given = inputs.map((input) => withTensors(input, () => moving[next++] as Tensor));
      return checkedOutputs(op, tensorsIn(call(given), "output"));
    },
    restore: () => surroundings.restore(),
  };
}

/** Those that require grad; where none does, all in float64. */
function wantedPlaces(found: readonly NamedTensor[]): number[] {
  const placesOf = (isWanted: (x: Tensor) => boolean): number[] => found.flatMap(({ tensor: x }, place) => (isWanted(x) ? [place] : []));
  const wanted = placesOf((x) => x.requiresGrad);
  return wanted.length > 0 ? wanted : placesOf((x) => x.dtype === "float64");
}

function checkVariables(op: string, variables: readonly NamedTensor[], inputCount: number): void {
  if (variables.length === 0) {
    throw new GradError({
      op,
      fact: `none of the ${inputCount} tensors among the inputs is float64, and no parameter requires grad: there is nothing to compare`,
      hint: 'make them with { dtype: "float64" }',
      code: `${op}/no-grad`,
    });
  }
  const coarse = variables.find(({ tensor: x }) => x.dtype !== "float64");
  if (coarse === undefined) return;
  throw new GradError({
    op,
    fact: `${coarse.name} is ${coarse.tensor.dtype}: for numeric derivatives it must be float64, others are too coarse`,
    ...(coarse.name.startsWith("parameter") ? { hint: 'module.to("float64")' } : {}),
    code: `${op}/dtype`,
    data: { name: coarse.name, dtype: coarse.tensor.dtype },
  });
}

function checkedOutputs(op: string, outputs: readonly NamedTensor[]): readonly NamedTensor[] {
  const floating = outputs.filter(({ tensor: x }) => isFloating(x.dtype));
  const coarse = floating.find(({ tensor: x }) => x.dtype !== "float64");
  if (floating.length > 0 && coarse === undefined) return floating;
  const fact = coarse === undefined ? "there is no floating tensor among the outputs" : `${coarse.name} is ${coarse.tensor.dtype}: for numeric derivatives it must be float64, others are too coarse`;
  throw new GradError({ op, fact, code: `${op}/outputs` });
}

/** A parameter is moved in place, for the module reads it where it is. */
function parameterVariable(name: string, parameter: Tensor): Variable {
  const set = (values: Float64Array): void => noGrad(() => void copy_(parameter, tensor(values, { shape: parameter.shape })));
  return {
    name,
    current: () => parameter,
    at(values, work) {
      const before = Float64Array.from(parameter.toTypedArray());
      set(values);
      try {
        return work();
      } finally {
        set(before);
      }
    },
  };
}

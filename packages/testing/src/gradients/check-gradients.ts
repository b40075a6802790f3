import { jacobians, noGrad, type Jacobian } from "@tapegrad/autograd";
import type { AnyModule } from "@tapegrad/nn";
import { checkArgument, checkOptions, formatShape, GradError, optionRules, type OptionRules, type Tensor } from "@tapegrad/tensor";
import type { Tolerances } from "../close/tolerances.ts";
import { indexOf } from "../index-of.ts";
import { worstOf, type WorstDerivative } from "./difference.ts";
import { kinkHint } from "./kink.ts";
import { gradientsOf } from "./second-order.ts";
import { subjectOf, type Checked, type Subject } from "./subject.ts";
import type { NamedTensor } from "./tensor-tree.ts";

/** A function of these inputs, or a module whose `forward` takes them. */
export type CheckedFunction<In extends readonly unknown[]> = ((...inputs: In) => object) | (AnyModule & { forward(...inputs: In): object });

/** Options of `checkGradients`: |tape - numeric| <= atol + rtol |numeric|. */
export interface CheckGradientsOptions {
  /** 2 compares second derivatives too; 1 unless told. */
  readonly order?: 1 | 2;
  /** 1e-7 unless told, 1e-5 for second derivatives. */
  readonly rtol?: number;
  /** 1e-9 unless told, 1e-8 for second derivatives. */
  readonly atol?: number;
  /** Step of the numeric derivative; 1e-3 unless told. */
  readonly step?: number;
  /** Returns what was found for every output and variable instead of throwing. */
  readonly report?: boolean;
}

/** All derivatives of one output by one input or parameter; numbers are those of the one that is farthest off. */
export interface GradientReport {
  readonly order: 1 | 2;
  /** `output`, `output.1`; of second derivatives `(gradient of input 0)`. */
  readonly output: string;
  /** `input 0`, `input 1.weight`, `parameter fc.bias`; of second derivatives also `the upstream gradient of output`. */
  readonly variable: string;
  /** Whether all are within the tolerances. */
  readonly ok: boolean;
  /** How many are not, and how many there are. */
  readonly off: number;
  readonly count: number;
  /** Indices in the output and in the variable. */
  readonly outputIndex: readonly number[];
  readonly variableIndex: readonly number[];
  readonly tape: number;
  readonly numeric: number;
  /** |tape - numeric|. */
  readonly error: number;
}

const rules: OptionRules<CheckGradientsOptions> = {
  order: { must: "1 or 2", accepts: (value) => value === 1 || value === 2 },
  rtol: optionRules.nonNegative,
  atol: optionRules.nonNegative,
  step: optionRules.positive,
  report: optionRules.boolean,
};

const checked = { must: "a function or a module", accepts: (value: unknown) => typeof value === "function" || (typeof value === "object" && value !== null && "forward" in value) };
const list = { must: "a list of inputs", accepts: Array.isArray };

const defaults: Readonly<Record<1 | 2, Tolerances>> = { 1: { rtol: 1e-7, atol: 1e-9 }, 2: { rtol: 1e-5, atol: 1e-8 } };

const op = "checkGradients";

/**
 * Compares the tape's derivatives of a function or a module with numeric ones, element by element: of every floating output by every
 * input that requires grad (where none does, by every one in float64) and by every parameter of the module. Inputs and outputs may be
 * tensors, and arrays and plain objects that hold some; inputs keep their layout. Random numbers from the default generator are the same
 * in every run, so that dropout can be checked; generator, buffers and parameters are afterwards what they were.
 *
 * Everything that is compared must be float64, the function smooth around the inputs, and the same whenever it is called.
 *
 * Throws    GradError `checkGradients/mismatch`, `checkGradients/nondeterministic`, `checkGradients/no-grad`, `checkGradients/dtype`,
 *           `checkGradients/outputs`, `checkGradients/no-graph`; IndexError `checkGradients/option`; ArgumentError `checkGradients/unknown-option`
 * @example
 * import { checkGradients } from "tapegrad/testing";
 *
 * checkGradients((x: Tensor) => x.mul(x).sum(), [tensor([1, 2], "float64")], { order: 2 }); // true
 * checkGradients(new nn.Linear(3, 2).to("float64"), [rand([4, 3], { dtype: "float64" })]); // true
 * checkGradients((x: Tensor) => x.mul(x.detach()), [tensor([1, 2], "float64")]); // throws checkGradients/mismatch
 */
export function checkGradients<In extends readonly unknown[]>(f: CheckedFunction<In>, inputs: readonly [...In], options: CheckGradientsOptions & { readonly report: true }): GradientReport[];
export function checkGradients<In extends readonly unknown[]>(f: CheckedFunction<In>, inputs: readonly [...In], options?: CheckGradientsOptions): true;
export function checkGradients(f: Checked, inputs: readonly unknown[], options: CheckGradientsOptions = {}): true | GradientReport[] {
  checkArgument(op, "f", f, checked);
  checkArgument(op, "inputs", inputs, list);
  checkOptions(op, options, rules);
  const { order = 1, step = 1e-3, report = false } = options;
  const subject = subjectOf(op, f, inputs);
  const settingsOf = (own: 1 | 2): Settings => ({ order: own, step, mayThrow: !report, rtol: options.rtol ?? defaults[own].rtol, atol: options.atol ?? defaults[own].atol });
  try {
    checkRepeats(subject);
    const first = compare(subject, settingsOf(1));
    const second = order === 2 ? compare(gradientsOf(op, subject), settingsOf(2)) : [];
    return report ? [...first, ...second] : true;
  } finally {
    subject.restore();
  }
}

interface Settings extends Tolerances {
  readonly order: 1 | 2;
  readonly step: number;
  readonly mayThrow: boolean;
}

function compare(subject: Subject, settings: Settings): GradientReport[] {
  const { order, step, mayThrow } = settings;
  const outputs = subject.run();
  const run = (): Tensor[] => subject.run().map(({ tensor }) => tensor);
  const evaluate = order === 1 ? () => noGrad(run) : run;
  // A function may have no second derivatives; one without first ones is a mistake.
  const found = jacobians({ op, variables: subject.variables, run, evaluate, step, mayBeConstant: order === 2 });
  const pairs = found.flatMap((jacobian): Pair[] => {
    const worst = worstOf(jacobian, settings);
    return worst === null ? [] : [{ worst, jacobian, report: reportOf(subject, outputs, jacobian, worst, order) }];
  });
  const firstOff = pairs.find(({ report }) => !report.ok);
  if (mayThrow && firstOff !== undefined) throw mismatch(subject, firstOff, pairs.map(({ report }) => report), evaluate);
  return pairs.map(({ report }) => report);
}

interface Pair {
  readonly jacobian: Jacobian;
  readonly worst: WorstDerivative;
  readonly report: GradientReport;
}

function reportOf({ variables }: Subject, outputs: readonly NamedTensor[], { output, variable, numeric }: Jacobian, worst: WorstDerivative, order: 1 | 2): GradientReport {
  const out = outputs[output] as NamedTensor;
  const by = variables[variable] as Subject["variables"][number];
  return {
    order,
    output: out.name,
    variable: by.name,
    ok: worst.off === 0,
    off: worst.off,
    count: numeric.length,
    outputIndex: indexOf(worst.element, out.tensor.shape),
    variableIndex: indexOf(worst.place, by.current().shape),
    tape: worst.tape,
    numeric: worst.numeric,
    error: worst.error,
  };
}

function mismatch({ variables }: Subject, { worst, jacobian, report }: Pair, all: readonly GradientReport[], run: () => readonly Tensor[]): GradError {
  const variable = variables[jacobian.variable] as Subject["variables"][number];
  const hint = kinkHint(variable, worst.place, () => run()[jacobian.output]?.toTypedArray()[worst.element] as number, worst);
  const off = all.filter(({ ok }) => !ok);
  return new GradError({
    op,
    fact: `d ${report.output}${formatShape(report.outputIndex)} / d ${report.variable}${formatShape(report.variableIndex)} is ${report.tape} on the tape, ${shown(report.numeric)} numerically`,
    details: off.map((each) => `${each.output} by ${each.variable}: ${each.off} of ${each.count} ${each.count === 1 ? "derivative" : "derivatives"} off`),
    ...(hint === null ? {} : { hint }),
    code: `${op}/mismatch`,
    data: { ...report },
  });
}

/** Without the digits that the stencil does not know. */
const shown = (numeric: number): string => String(Number(numeric.toPrecision(12)));

/** Throws GradError `checkGradients/nondeterministic` unless two calls give the same. */
function checkRepeats(subject: Subject): void {
  const once = noGrad(() => subject.run());
  const again = noGrad(() => subject.run());
  once.forEach(({ name, tensor }, i) => {
    const [before, after] = [tensor.toTypedArray(), again[i]?.tensor.toTypedArray()];
    const at = before.findIndex((value: number, element: number) => !Object.is(value, after?.[element]));
    if (at < 0) return;
    throw new GradError({
      op,
      fact: `the function is not the same twice: ${name}${formatShape(indexOf(at, tensor.shape))} was ${before[at]}, then ${after?.[at]}`,
      hint: "give what is random in it the default generator, which is made to repeat itself here",
      code: `${op}/nondeterministic`,
    });
  });
}

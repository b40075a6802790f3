import { checkArgument, checkOptions, GradError, optionRules, requireTensor, type OptionRules, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "./grad-mode.ts";
import { inputVariable, jacobians, type Jacobian } from "./jacobians.ts";
import { defaultStep } from "./stencil.ts";

/** Tolerances of `gradcheck`: |tape - numeric| <= atol + rtol |numeric|. */
export interface GradcheckOptions {
  readonly rtol?: number;
  readonly atol?: number;
  /** Step of the numeric derivative. */
  readonly step?: number;
  /** Returns the worst error of every input instead of throwing at the first that is too large. */
  readonly report?: boolean;
}

/** Where tape and numeric derivative of an input differ most, measured against what the tolerances allow. */
export interface GradcheckError {
  /** Position among the inputs. */
  readonly input: number;
  /** |tape - numeric|. */
  readonly error: number;
  /** Whether that is within the tolerances. */
  readonly ok: boolean;
  /** Flat positions in input and output. */
  readonly element: number;
  readonly output: number;
  readonly tape: number;
  readonly numeric: number;
}

const rules: OptionRules<GradcheckOptions> = { rtol: optionRules.nonNegative, atol: optionRules.nonNegative, step: optionRules.positive, report: optionRules.boolean };

/**
 * Compares the tape's Jacobian of a function with a numeric one, element by element. The inputs that require grad must be
 * float64 leaves, and there must be one; the function must be deterministic and smooth around them. With `report`, the worst
 * error of each of them comes back, in their order (an input without elements has none).
 *
 * Throws    GradError `gradcheck/mismatch`, `gradcheck/dtype`, `gradcheck/no-grad`; IndexError `gradcheck/option`
 * @example
 * gradcheck((x) => mul(x, x), [tensor([1, 2], { dtype: "float64", requiresGrad: true })]); // true
 */
export function gradcheck(run: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options: GradcheckOptions & { readonly report: true }): GradcheckError[];
export function gradcheck(run: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options?: GradcheckOptions): true;
export function gradcheck(run: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options: GradcheckOptions = {}): true | GradcheckError[] {
  checkArgument("gradcheck", "run", run, optionRules.callable);
  checkOptions("gradcheck", options, rules);
  const { rtol = 1e-7, atol = 1e-9, step = defaultStep, report = false } = options;
  const positions = checkedInputs(inputs);
  const moving = [...inputs];
  // One that is passed twice is one variable.
  const variables = positions.map((position) => inputVariable(`input ${position}`, moving, inputs.flatMap((other, i) => (other === inputs[position] ? [i] : []))));
  const runOnce = (): Tensor[] => [run(...moving)];
  const found = jacobians({ op: "gradcheck", variables, run: runOnce, evaluate: () => noGrad(runOnce), step });
  const errors = found.map((jacobian, k) => errorsOf(jacobian, positions[k] as number, { rtol, atol }));
  if (!report) {
    const [first] = errors.flatMap((each) => each.find(({ ok }) => !ok) ?? []).sort((a, b) => a.output - b.output);
    if (first !== undefined) throw mismatch(first);
    return true;
  }
  return errors.flatMap((each) => each.reduce<GradcheckError | null>((worst, error) => (worst === null || excess(error, rtol) > excess(worst, rtol) ? error : worst), null) ?? []);
}

function errorsOf({ tape, numeric, columns }: Jacobian, input: number, { rtol, atol }: { readonly rtol: number; readonly atol: number }): GradcheckError[] {
  return Array.from(numeric, (expected, at) => {
    const found = tape[at] as number;
    const error = Math.abs(found - expected);
    return { input, error, ok: error <= atol + rtol * Math.abs(expected), element: at % columns, output: Math.floor(at / columns), tape: found, numeric: expected };
  });
}

/** NaN is the worst of all. */
function excess({ error, numeric }: GradcheckError, rtol: number): number {
  return Number.isNaN(error) ? Infinity : error - rtol * Math.abs(numeric);
}

/** Positions of the inputs whose derivatives are compared. */
function checkedInputs(inputs: readonly Tensor[]): number[] {
  checkArgument("gradcheck", "inputs", inputs, { must: "a list of tensors", accepts: Array.isArray });
  const positions = inputs.flatMap((input, i) => {
    requireTensor("gradcheck", `input ${i}`, input);
    return input.requiresGrad ? [i] : [];
  });
  if (positions.length === 0) {
    throw new GradError({
      op: "gradcheck",
      fact: `none of the ${inputs.length} inputs requires grad: there is nothing to compare`,
      hint: "make them with { requiresGrad: true }",
      code: "gradcheck/no-grad",
    });
  }
  const coarse = positions.map((i) => inputs[i] as Tensor).find(({ dtype }) => dtype !== "float64");
  if (coarse === undefined) return positions;
  throw new GradError({ op: "gradcheck", fact: `input dtype ${coarse.dtype} must be float64: others are too coarse`, code: "gradcheck/dtype", data: { dtype: coarse.dtype } });
}

function mismatch({ input, element, output, tape, numeric }: GradcheckError): GradError {
  return new GradError({
    op: "gradcheck",
    fact: `d output[${output}] / d input ${input}[${element}] is ${tape} on the tape, ${numeric} numerically`,
    code: "gradcheck/mismatch",
    data: { input, element, output, tape, numeric },
  });
}

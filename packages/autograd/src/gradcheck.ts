import { checkArgument, checkOptions, GradError, inTheNameOf, mul, optionRules, requireTensor, sum, tensor, type OptionRules, type Tensor } from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import { noGrad } from "./grad-mode.ts";

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

/** The fourth-order central difference: its error falls with the fourth power of the step. */
const stencil: readonly (readonly [offset: number, weight: number])[] = [
  [-2, 1 / 12],
  [-1, -8 / 12],
  [1, 8 / 12],
  [2, -1 / 12],
];

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
  const { rtol = 1e-7, atol = 1e-9, step = 1e-3, report = false } = options;
  const positions = checkedInputs(inputs);
  const checked = positions.map((input) => inputs[input] as Tensor);
  const output = run(...inputs);
  const worst = new Map<number, { readonly excess: number; readonly found: GradcheckError }>();
  for (let element = 0; element < output.numel(); element++) {
    const picked = sum(mul(output, unit(output, element)));
    const analytic = inTheNameOf("gradcheck", () => grad([picked], checked, { allowUnused: true, retainGraph: true }));
    checked.forEach((input, k) => {
      const numeric = numericRow(run, inputs, input, element, step);
      const row = analytic[k]?.toTypedArray() ?? new Float64Array(input.numel());
      const position = positions[k] as number;
      for (let i = 0; i < numeric.length; i++) {
        const found = row[i] as number;
        const expected = numeric[i] as number;
        const error = Math.abs(found - expected);
        const ok = error <= atol + rtol * Math.abs(expected);
        if (!ok && !report) throw mismatch(position, i, element, found, expected);
        // NaN is the worst of all.
        const excess = Number.isNaN(error) ? Infinity : error - rtol * Math.abs(expected);
        if (excess <= (worst.get(position)?.excess ?? -Infinity)) continue;
        worst.set(position, { excess, found: { input: position, error, ok, element: i, output: element, tape: found, numeric: expected } });
      }
    });
  }
  return report ? positions.flatMap((position) => worst.get(position)?.found ?? []) : true;
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

function mismatch(input: number, element: number, output: number, tape: number, numeric: number): GradError {
  return new GradError({
    op: "gradcheck",
    fact: `d output[${output}] / d input ${input}[${element}] is ${tape} on the tape, ${numeric} numerically`,
    code: "gradcheck/mismatch",
    data: { input, element, output, tape, numeric },
  });
}

function unit(output: Tensor, element: number): Tensor {
  const values = new Float64Array(output.numel());
  values[element] = 1;
  return tensor(values, { shape: output.shape, dtype: output.dtype });
}

/** Numeric derivatives of one output element with respect to each element of an input. */
function numericRow(run: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], input: Tensor, element: number, step: number): Float64Array {
  const values = Float64Array.from(input.toTypedArray());
  const at = (index: number, offset: number): number => {
    const moved = values.slice();
    moved[index] = (moved[index] as number) + offset;
    const shifted = tensor(moved, { shape: input.shape });
    const out = noGrad(() => run(...inputs.map((other) => (other === input ? shifted : other))));
    return out.toTypedArray()[element] as number;
  };
  return values.map((_, i) => stencil.reduce((total, [offset, weight]) => total + (weight * at(i, offset * step)) / step, 0));
}

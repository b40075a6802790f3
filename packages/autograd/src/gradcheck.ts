import { GradError, sum, mul, tensor, type Tensor } from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import { noGrad } from "./grad-mode.ts";

/** Tolerances of `gradcheck`: |tape - numeric| <= atol + rtol |numeric|. */
export interface GradcheckOptions {
  readonly rtol?: number;
  readonly atol?: number;
  /** Step of the numeric derivative. */
  readonly step?: number;
}

/** The fourth-order central difference: its error falls with the fourth power of the step. */
const stencil: readonly (readonly [offset: number, weight: number])[] = [
  [-2, 1 / 12],
  [-1, -8 / 12],
  [1, 8 / 12],
  [2, -1 / 12],
];

/**
 * Compares the tape's Jacobian of a function with a numeric one, element by element. The inputs must be float64 leaves that
 * require grad; the function must be deterministic and smooth around them.
 *
 * Throws    GradError `gradcheck/mismatch`, `gradcheck/dtype`
 * @example
 * gradcheck((x) => mul(x, x), [tensor([1, 2], { dtype: "float64", requiresGrad: true })]); // true
 */
export function gradcheck(run: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  const { rtol = 1e-7, atol = 1e-9, step = 1e-3 } = options;
  const checked = inputs.filter((input) => input.requiresGrad);
  for (const input of checked) {
    if (input.dtype !== "float64") {
      throw new GradError({ op: "gradcheck", fact: `input dtype ${input.dtype} must be float64: others are too coarse`, code: "gradcheck/dtype", data: { dtype: input.dtype } });
    }
  }
  const output = run(...inputs);
  for (let element = 0; element < output.numel(); element++) {
    const picked = sum(mul(output, unit(output, element)));
    const analytic = grad([picked], checked, { allowUnused: true, retainGraph: true });
    checked.forEach((input, k) => {
      const numeric = numericRow(run, inputs, input, element, step);
      const row = analytic[k]?.toTypedArray() ?? new Float64Array(input.numel());
      for (let i = 0; i < numeric.length; i++) {
        const found = row[i] as number;
        const expected = numeric[i] as number;
        if (Math.abs(found - expected) <= atol + rtol * Math.abs(expected)) continue;
        throw new GradError({
          op: "gradcheck",
          fact: `d output[${element}] / d input ${k}[${i}] is ${found} on the tape, ${expected} numerically`,
          code: "gradcheck/mismatch",
          data: { input: k, element: i, output: element, tape: found, numeric: expected },
        });
      }
    });
  }
  return true;
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

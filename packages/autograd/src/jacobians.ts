import { inTheNameOf, tensor, type Tensor } from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import { slopes } from "./stencil.ts";

/** What a function is derived by: an input, or a parameter of a module. */
export interface Variable {
  readonly name: string;
  /** The leaf that stands for it now. */
  current(): Tensor;
  /** Runs something while the function sees other values there. */
  at<T>(values: Float64Array, work: () => T): T;
}

/** A variable that is passed to the function: other values are another leaf in its places. @internal */
export function inputVariable(name: string, inputs: Tensor[], places: readonly number[]): Variable {
  const [place = 0] = places;
  const current = (): Tensor => inputs[place] as Tensor;
  return {
    name,
    current,
    at(values, work) {
      const leaf = current();
      const put = (x: Tensor): void => places.forEach((each) => (inputs[each] = x));
      put(tensor(values, { shape: leaf.shape, requiresGrad: true }));
      try {
        return work();
      } finally {
        put(leaf);
      }
    },
  };
}

/** All derivatives of one output by one variable: element `e` by element `i` at `e * columns + i`. */
export interface Jacobian {
  readonly output: number;
  readonly variable: number;
  readonly columns: number;
  readonly tape: Float64Array;
  readonly numeric: Float64Array;
}

/** A function of variables, which it reads where they stand. */
export interface JacobianOptions {
  /** Who asks, for errors. */
  readonly op: string;
  readonly variables: readonly Variable[];
  /** Gives the outputs, on the tape. */
  readonly run: () => readonly Tensor[];
  /** Gives them without it, where that is enough. */
  readonly evaluate: () => readonly Tensor[];
  readonly step: number;
  /** Whether it is no mistake if no output depends on any variable. */
  readonly mayBeConstant?: boolean;
}

/**
 * The tape's Jacobians and numeric ones, output by output and variable by variable. Outputs that depend on no variable have zeros on
 * the tape; if none does, and that is a mistake, it throws what `grad` throws.
 * @internal
 */
export function jacobians(options: JacobianOptions): Jacobian[] {
  const { op, variables } = options;
  const outputs = options.run();
  const tape = inTheNameOf(op, () => tapeRows(outputs, variables.map((variable) => variable.current()), options.mayBeConstant ?? false));
  const sizes = outputs.map((output) => output.numel());
  return variables.flatMap((variable, v) => {
    const numeric = numericRows(options, variable, sizes);
    return outputs.map((_, o) => ({ output: o, variable: v, columns: variable.current().numel(), tape: tape[o]?.[v] as Float64Array, numeric: numeric[o] as Float64Array }));
  });
}

/** By output and variable. Taken before anything is moved, since a parameter is moved in place. */
function tapeRows(outputs: readonly Tensor[], leaves: readonly Tensor[], mayBeConstant: boolean): Float64Array[][] {
  const isMistake = !mayBeConstant && outputs.every((output) => !output.requiresGrad);
  return outputs.map((output) => {
    const rows = leaves.map((leaf) => new Float64Array(output.numel() * leaf.numel()));
    if (!output.requiresGrad && !isMistake) return rows;
    for (let element = 0; element < output.numel(); element++) {
      const found = grad([output], leaves, { gradOutputs: [unit(output, element)], allowUnused: true, retainGraph: true });
      found.forEach((gradient, v) => {
        if (gradient !== null) rows[v]?.set(gradient.toTypedArray(), element * gradient.numel());
      });
    }
    return rows;
  });
}

function unit(output: Tensor, element: number): Tensor {
  const values = new Float64Array(output.numel());
  values[element] = 1;
  return tensor(values, { shape: output.shape, dtype: output.dtype });
}

/** By output. A step of one element tells a column for every output at once. */
function numericRows({ evaluate, step }: JacobianOptions, variable: Variable, sizes: readonly number[]): Float64Array[] {
  const values = Float64Array.from(variable.current().toTypedArray());
  const rows = sizes.map((size) => new Float64Array(size * values.length));
  for (let i = 0; i < values.length; i++) {
    const column = slopes((moved) => variable.at(moved, () => valuesOf(evaluate())), values, i, step);
    let from = 0;
    sizes.forEach((size, o) => {
      for (let element = 0; element < size; element++) (rows[o] as Float64Array)[element * values.length + i] = column[from + element] as number;
      from += size;
    });
  }
  return rows;
}

/** The elements of all outputs, one after another. */
function valuesOf(outputs: readonly Tensor[]): Float64Array {
  const values = new Float64Array(outputs.reduce((total, output) => total + output.numel(), 0));
  let from = 0;
  for (const output of outputs) {
    values.set(output.toTypedArray(), from);
    from += output.numel();
  }
  return values;
}

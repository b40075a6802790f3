import type { DType } from "@tapegrad/kernels";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Name of an input without the mark of an optional one. */
type Bare<N extends string> = N extends `${infer M}?` ? M : N;

/** Tensors for a tuple of input names; those with a `?` may be null. */
export type Inputs<N extends readonly string[]> = {
  readonly [K in keyof N]: N[K] extends `${string}?` ? Tensor | null : Tensor;
};

/** What `backward` may read: names of inputs, and `out`. */
export type Savable<N extends readonly string[]> = Bare<N[number]> | "out";

/** Saved tensors by name. */
type SavedByName<N extends readonly string[], S extends readonly string[]> = {
  readonly [K in S[number]]: `${K}?` extends N[number] ? Tensor | null : Tensor;
};

/** What a gradient function gets besides `dOut`: the saved tensors by name, and the call's circumstances. */
export type BackwardContext<N extends readonly string[], A, S extends readonly string[]> = SavedByName<N, S> & {
  readonly attrs: A;
  /** Shapes of the inputs that require grad, in order; undefined for the others. */
  readonly shapes: readonly (Shape | undefined)[];
  /** Tensors that `forward` kept for `backward` alone: masks, indices, statistics. */
  readonly aux: readonly Tensor[];
  /** Computes once what several inputs' gradients share. */
  once<T>(compute: () => T): T;
};

/** Shape and dtype of an op's output. */
export interface OutputSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Where `forward` leaves what only `backward` needs. The tape owns it and frees it at once. */
export interface OpCall {
  aux: Tensor[] | null;
}

/** Operands for one test of an op: made by the suite from a shape and a range, or given outright. */
export interface SampleInput {
  readonly shape: Shape;
  /** Range of the values; [-2, 2] unless told. Integer dtypes get integers in it. */
  readonly range?: readonly [number, number];
  /** Values stay at least this far from these points, so that the numeric derivative exists. */
  readonly avoid?: readonly number[];
  /** All values differ by at least 0.05, so that no two compete for a maximum. */
  readonly distinct?: boolean;
  /** Exact values instead, row-major. */
  readonly values?: readonly number[];
  /** The dtype, where it is not the one under test. */
  readonly dtype?: DType;
}

/** One call of an op for the proof suite. */
export interface Sample<A> {
  /** In the order of the inputs; null for an optional one left out. */
  readonly inputs: readonly (SampleInput | null)[];
  readonly attrs: A;
}

/** A wrong call and the error that it must raise, word for word. */
export interface ErrorSample {
  readonly call: () => unknown;
  readonly error: string;
  readonly message: string;
}

/** The declaration of an op: everything that is particular to it, in one place. */
export interface OpSpec<N extends readonly string[], A, S extends readonly string[]> {
  readonly name: string;
  /** Names of the tensor inputs; a `?` at the end marks an optional one. */
  readonly inputs: N;
  /** What `backward` reads. Checked for changes in place, released after use. */
  readonly saves: S;
  /** Checks the inputs and says what comes out. Throws the op's errors. */
  infer(inputs: Inputs<N>, attrs: A): OutputSpec;
  /** Runs the kernels. Inputs have passed `infer`, whose result is `out`. */
  forward(inputs: Inputs<N>, attrs: A, out: OutputSpec, call: OpCall): Tensor;
  /**
   * The gradient for each input, in ordinary ops, or null for an input that has none. Run only for inputs that need one;
   * the engine sums over broadcast dimensions. Absent for ops that have no derivative.
   */
  readonly backward?: { readonly [K in Bare<N[number]>]: ((dOut: Tensor, saved: BackwardContext<N, A, S>) => Tensor) | null };
  /** Gradient functions read `dOut` once: where nobody else reads it, the last one may compute in its memory. */
  readonly gradientInPlace?: boolean;
  /** The op in simpler ops: an oracle for the tests. */
  readonly composite?: (inputs: Inputs<N>, attrs: A) => Tensor;
  /** `backward` runs kernels that have no derivative of their own: `createGraph` differentiates `composite` instead. */
  readonly createGraphByComposite?: boolean;
  /** The output shares the input's storage. */
  readonly view?: boolean;
  /** `forward` takes 16-bit floats as they are; otherwise they are computed in float32. */
  readonly halfNative?: boolean;
  /** Draws random numbers: two runs differ. */
  readonly random?: boolean;
  /** `forward` makes intermediate tensors, which are freed as soon as it returns. */
  readonly scoped?: boolean;
  /** The public function takes numbers in the place of tensors, for errors to say so. */
  readonly takesNumbers?: boolean;
  /** dtypes of the first input that the op takes; all floating ones unless told. */
  readonly dtypes?: readonly DType[];
  readonly samples: () => readonly Sample<A>[];
  readonly errors?: () => readonly ErrorSample[];
}

/** What the tape remembers of a call, from which a `BackwardContext` is made. */
export interface RecordedCall {
  readonly attrs: unknown;
  readonly shapes: readonly (Shape | undefined)[];
  readonly aux: readonly Tensor[] | null;
  /** A saved tensor, checked for changes. */
  savedNamed(name: string): Tensor | null;
}

/** An op with its types forgotten, as interpreters and the tape see it. */
export interface Op {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly saves: readonly string[];
  /** For each name in `saves`: the input's position, or -1 for the output. */
  readonly savedPositions: readonly number[];
  readonly differentiable: boolean;
  readonly view: boolean;
  readonly halfNative: boolean;
  readonly random: boolean;
  readonly scoped: boolean;
  readonly takesNumbers: boolean;
  readonly createGraphByComposite: boolean;
  readonly dtypes: readonly DType[];
  readonly infer: (inputs: readonly (Tensor | null)[], attrs: unknown) => OutputSpec;
  readonly forward: (inputs: readonly (Tensor | null)[], attrs: unknown, out: OutputSpec, call: OpCall) => Tensor;
  /** Whether it has gradient functions of its own. */
  readonly hasGradients: boolean;
  readonly gradientInPlace: boolean;
  /** By position of the input. */
  readonly gradients: readonly (((dOut: Tensor, saved: unknown) => Tensor) | null)[];
  readonly composite: ((inputs: readonly (Tensor | null)[], attrs: unknown) => Tensor) | null;
  readonly samples: () => readonly Sample<unknown>[];
  readonly errors: () => readonly ErrorSample[];
}

/** One level of interpretation: the tape, a profiler, a graph printer. Calls `below.run` to go on. */
export interface Interpreter {
  run(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, call: OpCall): Tensor;
}

/** Passed for calls that nobody records: what `forward` leaves in it is freed at once. */
export const unrecorded: OpCall = { aux: null };

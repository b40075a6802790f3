import type { DType } from "@tapegrad/kernels";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Name of an input without its mark: `?` for one that may be left out, `...` for any number of them. */
type Bare<N extends string> = N extends `${infer M}?` ? M : N extends `${infer M}...` ? M : N;

type FixedInputs<N extends readonly string[]> = {
  readonly [K in keyof N]: N[K] extends `${string}?` ? Tensor | null : Tensor;
};

/** Tensors for a tuple of input names: those with a `?` may be null, a last one with `...` stands for any number. */
export type Inputs<N extends readonly string[]> = N extends readonly [...infer Fixed extends readonly string[], `${string}...`]
  ? readonly [...FixedInputs<Fixed>, ...Tensor[]]
  : FixedInputs<N>;

/** Names of the outputs of an op that does not name them. */
export type OneOutput = readonly ["out"];

/** Never there. Beside what a function must return, it lets a list that is written there count as a tuple. */
type AsTuple = readonly [never, ...never[]];

/** What stands for the outputs: `One` alone, or a tuple of them where there are several. */
type ForOutputs<O extends readonly string[], One> = O extends readonly [string] ? One : { readonly [K in keyof O]: One };

/** What an op gives: a tensor, or a tuple of them. */
export type Results<O extends readonly string[]> = ForOutputs<O, Tensor>;

/** What `backward` may read: names of inputs and of outputs. */
export type Savable<N extends readonly string[], O extends readonly string[] = OneOutput> = Bare<N[number]> | O[number];

/** Saved tensors by name. */
type SavedByName<N extends readonly string[], S extends readonly string[]> = {
  readonly [K in S[number]]: `${K}?` extends N[number] ? Tensor | null : `${K}...` extends N[number] ? readonly Tensor[] : Tensor;
};

/** The gradient of the output, or of each of several: null for those that nothing depends on. */
type OutputGradients<O extends readonly string[]> = O extends readonly [string] ? Tensor : { readonly [K in keyof O]: Tensor | null };

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

/** The declaration of an op: everything that is particular to it, in one place. What a program's own op may declare. */
export interface UserOpSpec<N extends readonly string[], A, S extends readonly string[], O extends readonly string[] = OneOutput> {
  readonly name: string;
  /** Names of the tensor inputs; a `?` at the end marks an optional one, `...` at the end of the last one any number of them. */
  readonly inputs: N;
  /** Names of the outputs, where there are several. */
  readonly outputs?: O;
  /** What `backward` reads; any number of inputs last. Checked for changes in place, released after use. */
  readonly saves?: S;
  /** Checks the inputs and says what comes out. Throws the op's errors. */
  infer(inputs: Inputs<N>, attrs: A): NoInfer<ForOutputs<O, OutputSpec>> | AsTuple;
  /**
   * Computes the result. Inputs have passed `infer`, whose result is `out`. What it calls is part of the op: neither the tape nor another
   * interpreter sees it.
   */
  forward(inputs: Inputs<N>, attrs: A, out: NoInfer<ForOutputs<O, OutputSpec>>, call: OpCall): NoInfer<Results<O>> | AsTuple;
  /**
   * The gradient for each input, in ordinary ops, or null for an input that has none. Run only for inputs that need one;
   * the engine sums over broadcast dimensions. Absent for ops that have no derivative. `at` is which one of any number of inputs it is for.
   */
  readonly backward?: { readonly [K in Bare<N[number]>]: ((dOut: NoInfer<OutputGradients<O>>, saved: BackwardContext<N, A, S>, at: number) => Tensor) | null };
  /** The op in simpler ops: an oracle for the tests. */
  readonly composite?: (inputs: Inputs<N>, attrs: A) => NoInfer<Results<O>> | AsTuple;
  /** `backward` runs kernels that have no derivative of their own: `createGraph` differentiates `composite` instead. */
  readonly createGraphByComposite?: boolean;
  /** Names of the inputs that `forward` changes in place; it counts their storages' versions up. The first of them may be the output. */
  readonly changes?: readonly Bare<N[number]>[];
  /** `forward` takes 16-bit floats as they are; otherwise they are computed in float32. */
  readonly halfNative?: boolean;
  /** Draws random numbers: two runs differ. */
  readonly random?: boolean;
  /** Floating-point operations of one call, a multiplication and its addition being two. Absent where they are few beside those of products. */
  readonly flops?: (inputs: Inputs<N>, attrs: A, out: ForOutputs<NoInfer<O>, OutputSpec>) => number;
  /** `forward` makes intermediate tensors, which are freed as soon as it returns: what has to live on, `keep`. Ops of programs do unless this is false. */
  readonly scoped?: boolean;
  /** dtypes of the first input that the op takes; all floating ones unless told. */
  readonly dtypes?: readonly DType[];
  readonly samples?: () => readonly Sample<A>[];
}

/** The declaration of an op of the library, which is trusted to be as it says. */
export interface OpSpec<N extends readonly string[], A, S extends readonly string[], O extends readonly string[] = OneOutput> extends UserOpSpec<N, A, S, O> {
  readonly saves: S;
  /** Gradient functions read `dOut` once: where nobody else reads it, the last one may compute in its memory. */
  readonly gradientInPlace?: boolean;
  /** The output shares the input's storage. */
  readonly view?: boolean;
  /** Nothing that `forward` or `backward` makes is freed when it returns, not even where inputs were copied for it. */
  readonly unscoped?: boolean;
  /** The public function takes numbers in the place of tensors, for errors to say so. */
  readonly takesNumbers?: boolean;
  readonly samples: () => readonly Sample<A>[];
  readonly errors?: () => readonly ErrorSample[];
}

/** What the tape remembers of a call, from which a `BackwardContext` is made. */
export interface RecordedCall {
  readonly attrs: unknown;
  readonly shapes: readonly (Shape | undefined)[];
  readonly aux: readonly Tensor[] | null;
  /** A saved tensor, or a list of any number of them, checked for changes. */
  savedNamed(name: string): Tensor | null | readonly Tensor[];
}

/** An op with its types forgotten, as interpreters and the tape see it. */
export interface Op {
  readonly name: string;
  readonly inputs: readonly string[];
  /** The position from which any number of inputs follow; -1 if their number is fixed. */
  readonly restAt: number;
  readonly outputs: readonly string[];
  /** Whether there are several outputs (of a `Function` any number, with no names), so that `forward`, `infer`, `composite` and the interpreters give lists. */
  readonly isMany: boolean;
  readonly saves: readonly string[];
  /** For each name in `saves`: the input's position, or -1, -2, ... for the first, second, ... output. */
  readonly savedPositions: readonly number[];
  readonly differentiable: boolean;
  readonly changes: readonly string[];
  readonly view: boolean;
  readonly halfNative: boolean;
  readonly random: boolean;
  readonly scoped: boolean;
  readonly unscoped: boolean;
  readonly takesNumbers: boolean;
  /** Null where they do not count. */
  readonly flops: ((inputs: readonly (Tensor | null)[], attrs: unknown, out: OutputSpec | readonly OutputSpec[]) => number) | null;
  readonly createGraphByComposite: boolean;
  readonly dtypes: readonly DType[];
  readonly infer: (inputs: readonly (Tensor | null)[], attrs: unknown) => OutputSpec | readonly OutputSpec[];
  readonly forward: (inputs: readonly (Tensor | null)[], attrs: unknown, out: OutputSpec | readonly OutputSpec[], call: OpCall) => OpResult;
  /** Whether it has gradient functions of its own. */
  readonly hasGradients: boolean;
  readonly gradientInPlace: boolean;
  /** By position in `inputs`: the last one is that of any number of inputs. */
  readonly gradients: readonly (((dOut: Tensor | readonly (Tensor | null)[], saved: unknown, at: number) => Tensor) | null)[];
  readonly composite: ((inputs: readonly (Tensor | null)[], attrs: unknown) => OpResult) | null;
  readonly samples: () => readonly Sample<unknown>[];
  readonly errors: () => readonly ErrorSample[];
}

/** What an op gives: a tensor, or a list of them if it has several outputs. */
export type OpResult = Tensor | readonly Tensor[];

/** One level of interpretation: the tape, a profiler, a graph printer. */
export interface Interpreter {
  /** Gives what the op gives, which `below.run(op, inputs, attrs, call)` computes. What this function computes with ops is seen by the levels below alone. */
  run(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, call: OpCall): OpResult;
}

/** What errors call the input at a position. */
export function inputName(op: Op, position: number): string {
  if (op.restAt < 0 || position < op.restAt) return op.inputs[position]?.replace("?", "") ?? `input ${position}`;
  return `${op.inputs[op.restAt]?.replace("...", "")}[${position - op.restAt}]`;
}

/** Passed for calls that nobody records: what `forward` leaves in it is freed at once. */
export const unrecorded: OpCall = { aux: null };

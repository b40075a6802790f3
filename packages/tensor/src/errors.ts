import { MemoryError, TapegradError, type ErrorParts } from "@tapegrad/kernels";

export { MemoryError, TapegradError };

/** Runs what a public function leaves to others: their errors say what the user called. */
export function inTheNameOf<T>(op: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TapegradError) error.rename(op);
    throw error;
  }
}

export type { ErrorParts };

/** Shapes that do not fit together. */
export class ShapeError extends TapegradError {}
/** A dtype that the op does not take. */
export class DTypeError extends TapegradError {}
/** An index, dimension, class label or argument out of its range. */
export class IndexError extends TapegradError {}
/** An argument of a kind that is not taken: no tensor, one of another copy of the library, an option that does not exist. */
export class ArgumentError extends TapegradError {}
/** Misuse of the tape: no graph, a changed saved tensor, an in-place change of a leaf. */
export class GradError extends TapegradError {}
/** Data that cannot be had, or is not what it should be. */
export class DataError extends TapegradError {}
/** A file or dictionary of weights that does not fit. */
export class SerializationError extends TapegradError {}

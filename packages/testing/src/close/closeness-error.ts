import { TapegradError, type ErrorParts } from "@tapegrad/tensor";

/** Test runners print the difference of these, where an error has them. */
export interface Compared {
  readonly actual: unknown;
  readonly expected: unknown;
}

/** Values are not close enough, or no such values at all: an assertion that failed. */
export class ClosenessError extends TapegradError {
  /** What was found, as nested arrays, and what was expected; where there are many elements, neither is there. */
  declare readonly actual?: unknown;
  declare readonly expected?: unknown;

  constructor(parts: ErrorParts, compared: Compared | null = null) {
    super(parts);
    if (compared !== null) Object.assign(this, compared);
  }
}

import { TapegradError } from "@tapegrad/tensor";

/** The error that a call throws on purpose; fails if it ends otherwise. */
export function thrownBy(run: () => unknown): TapegradError {
  try {
    run();
  } catch (error) {
    if (error instanceof TapegradError) return error;
    throw error;
  }
  throw new Error("expected a TapegradError, but nothing was thrown");
}

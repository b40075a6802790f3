import { TapegradError } from "tapegrad";
import { UsageError } from "./options.ts";

/** Runs a program: errors made for people are printed without a stack, and the exit code tells. */
export async function program(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof UsageError || error instanceof TapegradError) console.error(error instanceof TapegradError ? `${error.name}: ${error.message}` : error.message);
    else console.error(error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

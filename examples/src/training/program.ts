import { TapegradError } from "tapegrad";
import { CheckError } from "./check.ts";
import { UsageError } from "./options.ts";
import { OutputError } from "./outputs.ts";

/** Runs a program: errors made for people are printed without a stack, and the exit code tells: 2 for a wrong command line, 1 for the rest. */
export async function program(main: () => Promise<unknown>): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) if (!stream.listeners("error").includes(stopPrinting)) stream.on("error", stopPrinting);
  try {
    await main();
  } catch (error) {
    console.error(forPeople(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** Whoever read our output has gone (`| head -1`), or its disk is full: that ends the printing, not the training. */
function stopPrinting(): void {}

/** What to print of an error: where it came from only if nobody foresaw it. */
function forPeople(error: unknown): unknown {
  if (error instanceof TapegradError) return `${error.name}: ${error.message}`;
  return error instanceof UsageError || error instanceof CheckError || error instanceof OutputError ? error.message : error;
}

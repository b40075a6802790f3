import { parseArgs } from "node:util";

/** What every example understands on its command line. */
export interface ExampleOptions {
  readonly seed: number;
  /** A run of seconds on small synthetic data: shows that the program works, says nothing about accuracy. */
  readonly quick: boolean;
  /** Where the figures go, as JSON. */
  readonly json: string | undefined;
  /** A folder with the data set; fetched and cached unless given. */
  readonly data: string | undefined;
}

/** An argument that makes no sense: told in one line, without a stack. */
export class UsageError extends Error {}

/** A number from the command line. Throws UsageError. */
export function numberOption(name: string, text: string | undefined, fallback: number, isValid: (value: number) => boolean, range: string): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() !== "" && isValid(value)) return value;
  throw new UsageError(`--${name} ${text}: must be ${range}`);
}

export const isPositiveInteger = (value: number): boolean => Number.isInteger(value) && value > 0;
export const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;

/** Reads `[--seed N] [--quick] [--json FILE] [--data DIR]`. Throws UsageError. */
export function readOptions(args: readonly string[]): ExampleOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { seed: { type: "string" }, quick: { type: "boolean" }, json: { type: "string" }, data: { type: "string" } },
    });
    const seed = numberOption("seed", values.seed, 1, Number.isInteger, "an integer");
    return { seed, quick: values.quick ?? false, json: values.json, data: values.data };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

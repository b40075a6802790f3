import { parseArgs } from "node:util";
import { checkOutputFile } from "./outputs.ts";

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

/** One of several words from the command line. Throws UsageError. */
export function choiceOption<Choice extends string>(name: string, text: string | undefined, choices: readonly [fallback: Choice, ...others: Choice[]]): Choice {
  if (text === undefined) return choices[0];
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`--${name} ${text}: must be one of ${choices.join(", ")}`);
}

/**
 * Reads `[--seed N] [--quick] [--json FILE] [--data DIR]`, and the texts of the further options named in `own`.
 *
 * Throws UsageError; OutputError if FILE cannot be written.
 */
export function readOptions<const Own extends string = never>(args: readonly string[], own: readonly Own[] = []): ExampleOptions & { readonly own: Readonly<Partial<Record<Own, string>>> } {
  const texts = ["seed", "json", "data", ...own].map((name) => [name, { type: "string" }] as const);
  const values = parse(args, { quick: { type: "boolean" }, ...Object.fromEntries(texts) });
  const text = (name: string): string | undefined => (typeof values[name] === "string" ? values[name] : undefined);
  const json = text("json");
  if (json !== undefined) checkOutputFile("json", json);
  return {
    seed: numberOption("seed", text("seed"), 1, Number.isInteger, "an integer"),
    quick: values["quick"] === true,
    json,
    data: text("data"),
    own: Object.fromEntries(own.map((name) => [name, text(name)])) as Partial<Record<Own, string>>,
  };
}

function parse(args: readonly string[], options: Readonly<Record<string, { type: "string" | "boolean" }>>): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

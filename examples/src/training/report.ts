import type { nn } from "tapegrad";
import { writeWhole } from "./outputs.ts";

/** What an example found, in the form that `--json` writes. */
export interface Figures {
  readonly system: string;
  readonly seed: number;
  /** The images it was trained on: "CIFAR-10", "synthetic images"; `null` where a program needs none. */
  readonly data: string | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly parameters: number;
}

/** How many numbers a model learns. */
export function countParameters(model: nn.Module): number {
  return model.parameters().reduce((total, parameter) => total + parameter.numel(), 0);
}

/** Prints the figures, and writes them where `--json` asks. Returns them. */
export function report(figures: Figures, json: string | undefined): Figures {
  const trained = figures.data === null ? "" : `, ${figures.data}`;
  console.log(`\n${figures.system}, seed ${figures.seed}${trained}: ${figures.parameters.toLocaleString("en-US")} parameters, ${figures.seconds.toFixed(1)} s`);
  for (const [name, value] of Object.entries(figures.metrics)) console.log(`  ${name.padEnd(28)} ${Number.isInteger(value) ? value : value.toPrecision(6)}`);
  if (json !== undefined) writeWhole(json, `${JSON.stringify(figures, null, 1)}\n`);
  return figures;
}

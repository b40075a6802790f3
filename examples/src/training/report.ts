import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { nn } from "tapegrad";

/** Writes a file that appears under its name only when it is whole; makes its folder. */
export function writeWhole(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.part`;
  writeFileSync(partial, content);
  renameSync(partial, path);
}

/** What an example found, in the form that `--json` writes. */
export interface Figures {
  readonly system: string;
  readonly seed: number;
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
  console.log(`\n${figures.system}, seed ${figures.seed}: ${figures.parameters.toLocaleString("en-US")} parameters, ${figures.seconds.toFixed(1)} s`);
  for (const [name, value] of Object.entries(figures.metrics)) console.log(`  ${name.padEnd(28)} ${Number.isInteger(value) ? value : value.toPrecision(6)}`);
  if (json !== undefined) writeWhole(json, `${JSON.stringify(figures, null, 1)}\n`);
  return figures;
}

import { IndexError, optionRules, showValue } from "@tapegrad/tensor";

const { accepts, must } = optionRules.positiveInteger;

/** Throws IndexError `LAYER/size` unless every size is a positive integer. */
export function requirePositive(layer: string, sizes: Readonly<Record<string, unknown>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (accepts(size)) continue;
    throw new IndexError({ op: layer, fact: `${name} ${showValue(size)} must be ${must}`, code: `${layer}/size`, data: { [name]: size } });
  }
}

import { IndexError } from "@tapegrad/tensor";

/** Throws IndexError `LAYER/size` unless every size is a positive integer. */
export function requirePositive(layer: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isInteger(size) && size > 0) continue;
    throw new IndexError({ op: layer, fact: `${name} ${size} must be a positive integer`, code: `${layer}/size`, data: { [name]: size } });
  }
}

import { IndexError } from "@tapegrad/tensor";

/** Throws IndexError `dataset/index` */
export function checkIndex(op: string, index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new IndexError({
    op,
    fact: `index ${index} is outside [0, ${length})`,
    code: "dataset/index",
    data: { index, length },
  });
}

import { formatShape, type Tensor } from "@tapegrad/tensor";

/** A data set in a few words, whatever it holds: its own, or its class and its size. */
export function datasetText(dataset: object & { readonly length: number }): string {
  const hasOwn = dataset.toString !== Object.prototype.toString && !Array.isArray(dataset);
  if (hasOwn) return String(dataset);
  const { constructor } = dataset;
  return `${typeof constructor === "function" && constructor !== Object ? constructor.name : "Dataset"}(${countText(dataset.length, "item")})`;
}

export function countText(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** An entry of an item: dtype and shape. */
export function entryText(x: Tensor): string {
  return `${x.dtype} ${formatShape(x.shape.slice(1))}`;
}

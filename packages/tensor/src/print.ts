import type { Tensor } from "./tensor.ts";

export function formatTensor(x: Tensor): string {
  return `tensor(${JSON.stringify(x.toArray())})`;
}

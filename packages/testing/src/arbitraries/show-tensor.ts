import { formatShape, type NestedArray, type Tensor } from "@tapegrad/tensor";

/** More elements than this say little in a line. */
const mostShown = 100;

/** `Tensor [2, 2] float32, strides [1, 2]: [[1, -0], [NaN, 2.5]]`; strides only where they are not those of its rows. */
export function showTensor(x: Tensor): string {
  const strides = x.isContiguous() ? "" : `, strides ${formatShape(x.strides)}`;
  const offset = x.offset === 0 ? "" : `, offset ${x.offset}`;
  return `Tensor ${formatShape(x.shape)} ${x.dtype}${strides}${offset}: ${shownValues(x)}`;
}

function shownValues(x: Tensor): string {
  if (x.numel() === 0) return "[]";
  if (x.numel() <= mostShown) return showNested(x.toArray());
  const first = x.detach().reshape([x.numel()]).narrow(0, 0, mostShown);
  return `${showNested(first.toArray()).slice(0, -1)}, ... ${x.numel() - mostShown} more]`;
}

function showNested(values: NestedArray): string {
  if (typeof values === "object") return `[${values.map(showNested).join(", ")}]`;
  return Object.is(values, -0) ? "-0" : String(values);
}

import type { Shape } from "@tapegrad/tensor";

/** The index that an element has along each dimension, of its place in the rows. */
export function indexOf(place: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length).fill(0);
  let rest = place;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const length = shape[dim] as number;
    index[dim] = rest % length;
    rest = Math.floor(rest / length);
  }
  return index;
}

import type { Shape } from "@tapegrad/tensor";
import type { Limits } from "./shapes.ts";

/** A smaller shape, and the places in the rows of the larger one that its elements come from. */
export interface Cut {
  readonly shape: Shape;
  readonly places: readonly number[];
}

/** Longer dimensions are cut before one of their indices is picked. */
const mostPicked = 4;

/** Single indices of a dimension, without it, and parts along it, the smallest first. */
export function* cutShapes(shape: Shape, { minRank, minLength }: Limits): IterableIterator<Cut> {
  for (const [dim, length] of shape.entries()) {
    if (shape.length > minRank && length <= Math.max(mostPicked, minLength)) {
      for (let at = 0; at < length; at++) yield { shape: shape.toSpliced(dim, 1), places: placesOf(shape, dim, at, at + 1) };
    }
    for (const [from, to] of parts(length, Math.max(minLength, 1))) yield { shape: shape.with(dim, to - from), places: placesOf(shape, dim, from, to) };
  }
}

/** Either half, and all but the last or the first. */
function parts(length: number, least: number): (readonly [from: number, to: number])[] {
  const middle = Math.ceil(length / 2);
  const all: (readonly [number, number])[] = [[0, middle], [middle, length], [0, length - 1], [1, length]];
  return all.filter(([from, to]) => to - from >= least && to - from < length);
}

function placesOf(shape: Shape, dim: number, from: number, to: number): number[] {
  const inner = shape.slice(dim + 1).reduce((size, length) => size * length, 1);
  const length = shape[dim] as number;
  const size = shape.reduce((product, each) => product * each, 1);
  return Array.from({ length: size }, (_, place) => place).filter((place) => {
    const index = Math.floor(place / inner) % length;
    return index >= from && index < to;
  });
}

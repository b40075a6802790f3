import fc from "fast-check";
import * as reference from "@tapegrad/reference";
import { tensor, type DType, type Pair, type Shape, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "../../layer-traits.ts";
import type { Module } from "../../module.ts";
import { dyadic, leaf } from "../pattern.ts";

/** What a forward pass must give, and what comes back. */
export interface Expected {
  readonly out: reference.NdArray;
  /** Gradients for an upstream gradient: `dX`, that of the second input if it has one, and the parameters' names. */
  readonly backward: (dOut: reference.NdArray) => Readonly<Record<string, reference.NdArray>>;
}

/** A layer with all it needs to run. */
export interface LayerCase {
  readonly options: unknown;
  readonly make: (dtype: DType) => Module<Tensor[]>;
  /** Fresh leaves, as the reference has them. Values are exact in float32, so that both dtypes start from the numbers that it gets. */
  readonly inputs: (dtype: DType) => Tensor[];
  /** From plain loops; of a module in training or in evaluation. `out` is what it gave, for what was drawn at random. */
  readonly expected: (module: Module<Tensor[]>, out: Tensor) => Expected;
}

/** All that the tests know of a layer or loss. */
export interface LayerEntry {
  readonly cases: fc.Arbitrary<LayerCase>;
  /** What it declares. */
  readonly traits: LayerTraits;
  /** Whether training and evaluation differ. */
  readonly hasModes: boolean;
}

export const seed = fc.integer({ min: 0, max: 4000 });
export const size = fc.integer({ min: 1, max: 4 });
export const pairOf = (least: number, most: number): fc.Arbitrary<Pair> => fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

export const array = (shape: Shape, from: number): reference.NdArray => reference.ndarray(offKinks(shape, from), shape);

/** A leaf with the values of `array`. */
export const input = (shape: Shape, from: number) => (dtype: DType): Tensor => leaf(offKinks(shape, from), shape, dtype);

/** No value is 0, and none comes nearer to it than half of their distances. */
function offKinks(shape: Shape, from: number): Float64Array {
  return dyadic(shape, from).map((value) => value + 1 / 2048);
}

/** The plain numbers of a tensor; `fallback` everywhere where the layer has none. */
export function arrayOf(x: Tensor | null, shape: Shape, fallback: number): reference.NdArray {
  return x === null ? reference.full(fallback, shape) : reference.ndarray(Float64Array.from(x.toTypedArray(), Number), shape);
}

/** A member of a module that has it: `weight`, `bias`, `runningMean`. */
export function memberOf(module: Module<Tensor[]>, name: string): Tensor | null {
  const member = Object.entries(module).find(([field]) => field === name)?.[1] as Tensor | null | undefined;
  if (member === undefined) throw new Error(`${module.constructor.name} has no ${name}`);
  return member;
}

/** Indices, given as they are. */
export const labels = (values: Int32Array<ArrayBuffer>, shape: Shape): Tensor => tensor(values, { shape });

import { broadcastTo, ndarray, permute, reshape, zeros, type NdArray } from "@tapegrad/reference";
import { epsilon, exactly, input, type Oracle } from "./oracle.ts";
import { wordOf } from "./philox.ts";

interface Range {
  readonly dim: number;
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

const product = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** Calls `visit` with every index of a shape and its row-major position. */
function forEachIndex(shape: readonly number[], visit: (index: readonly number[], position: number) => void): void {
  for (let position = 0; position < product(shape); position++) {
    let rest = position;
    const index = shape.map(() => 0);
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      index[dim] = rest % (shape[dim] as number);
      rest = Math.floor(rest / (shape[dim] as number));
    }
    visit(index, position);
  }
}

function positionOf(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((position, i, dim) => position * (shape[dim] as number) + i, 0);
}

/** An array of a shape whose element at each index is x's at another index. */
function picked(x: NdArray, shape: readonly number[], from: (index: readonly number[]) => readonly number[]): NdArray {
  const out = zeros(shape);
  forEachIndex(shape, (index, position) => {
    out.data[position] = x.data[positionOf(from(index), x.shape)] as number;
  });
  return out;
}

/** An array of a shape to whose element at another index each of x's is added. */
function added(x: NdArray, shape: readonly number[], to: (index: readonly number[], position: number) => readonly number[]): NdArray {
  const out = zeros(shape);
  forEachIndex(x.shape, (index, position) => {
    const target = positionOf(to(index, position), shape);
    out.data[target] = (out.data[target] as number) + (x.data[position] as number);
  });
  return out;
}

interface Part {
  readonly strides: readonly number[];
  readonly offset: number;
  readonly baseShape: readonly number[];
  readonly baseStrides: readonly number[];
}

/** Row-major positions in the base of a view's elements: the two are the same places of one memory. */
function placesIn({ strides, offset, baseShape, baseStrides }: Part, shape: readonly number[]): number[] {
  const at = (index: readonly number[], steps: readonly number[]): number => index.reduce((place, i, dim) => place + i * (steps[dim] as number), 0);
  const ofBase = new Map<number, number>();
  forEachIndex(baseShape, (index, position) => ofBase.set(at(index, baseStrides), position));
  const places: number[] = [];
  forEachIndex(shape, (index) => places.push(ofBase.get(offset + at(index, strides)) as number));
  return places;
}

/** Negative indices count from the end. */
const wrapped = (index: number, size: number): number => (index < 0 ? index + size : index);

export const layoutOracles: Readonly<Record<string, Oracle>> = {
  clone: exactly((call) => input(call, 0)),
  view: exactly((call) => reshape(input(call, 0), call.out.shape)),
  permute: exactly((call) => permute(input(call, 0), (call.attrs as { dims: readonly number[] }).dims)),
  expand: exactly((call) => broadcastTo(input(call, 0), call.out.shape)),
  to: exactly((call) => input(call, 0)),
  classIndices: exactly((call) => input(call, 0)),
  slice: exactly((call) => {
    const { dim, start, step } = call.attrs as Range;
    return picked(input(call, 0), call.out.shape, (index) => index.with(dim, start + (index[dim] as number) * step));
  }),
  sliceBackward: exactly((call) => {
    const { dim, start, step } = call.attrs as Range;
    return added(input(call, 0), call.out.shape, (index) => index.with(dim, start + (index[dim] as number) * step));
  }),
  part: exactly((call) => {
    const x = input(call, 0);
    return ndarray(placesIn(call.attrs as Part, call.out.shape).map((place) => x.data[place] as number), call.out.shape);
  }),
  partBackward: exactly((call) => {
    const [x, out] = [input(call, 0), zeros(call.out.shape)];
    placesIn(call.attrs as Part, x.shape).forEach((place, i) => (out.data[place] = x.data[i] as number));
    return out;
  }),
  replacePart: exactly((call) => {
    const [x, part] = [input(call, 0), input(call, 1)];
    const out = ndarray([...x.data], x.shape);
    placesIn(call.attrs as Part, part.shape).forEach((place, i) => (out.data[place] = part.data[i] as number));
    return out;
  }),
  cat: exactly((call) => {
    const { dim } = call.attrs as { dim: number };
    const out = zeros(call.out.shape);
    let start = 0;
    call.inputs.forEach((_, i) => {
      const x = input(call, i);
      forEachIndex(x.shape, (index, position) => {
        out.data[positionOf(index.with(dim, start + (index[dim] as number)), out.shape)] = x.data[position] as number;
      });
      start += x.shape[dim] as number;
    });
    return out;
  }),
  gather: exactly((call) => {
    const { dim } = call.attrs as { dim: number };
    const [x, indices] = [input(call, 0), input(call, 1)];
    return picked(x, call.out.shape, (index) => index.with(dim, wrapped(indices.data[positionOf(index, indices.shape)] as number, x.shape[dim] as number)));
  }),
  scatterAdd: exactly((call) => {
    const { dim, shape } = call.attrs as { dim: number; shape: readonly number[] };
    const indices = input(call, 1);
    return added(input(call, 0), shape, (index, position) => index.with(dim, wrapped(indices.data[position] as number, shape[dim] as number)));
  }),
  indexSelect: exactly((call) => {
    const { dim } = call.attrs as { dim: number };
    const [x, indices] = [input(call, 0), input(call, 1)];
    return picked(x, call.out.shape, (index) => index.with(dim, wrapped(indices.data[index[dim] as number] as number, x.shape[dim] as number)));
  }),
  indexAdd: exactly((call) => {
    const { dim, shape } = call.attrs as { dim: number; shape: readonly number[] };
    const indices = input(call, 1);
    return added(input(call, 0), shape, (index) => index.with(dim, wrapped(indices.data[index[dim] as number] as number, shape[dim] as number)));
  }),
  dropout: {
    run: (call) => {
      const { p, at } = call.attrs as { p: number; at: readonly [number, number, number, number] };
      const x = input(call, 0);
      return ndarray(x.data.map((value, i) => (wordOf(i, at) >>> 8 >= Math.ceil(p * 2 ** 24) ? value / (1 - p) : 0)), x.shape);
    },
    bound: ({ out }) => ({ rtol: epsilon(out.dtype), atol: 0 }),
    exactOnIntegers: false,
  },
  dropoutBackward: {
    run: (call) => {
      const [dOut, mask] = [input(call, 0), input(call, 1)];
      const { p } = call.attrs as { p: number };
      return ndarray(dOut.data.map((g, i) => (mask.data[i] !== 0 ? g / (1 - p) : 0)), dOut.shape);
    },
    bound: ({ out }) => ({ rtol: epsilon(out.dtype), atol: 0 }),
    exactOnIntegers: false,
  },
};

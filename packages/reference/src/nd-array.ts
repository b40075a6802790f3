/** A row-major, contiguous array of float64 numbers: the only data type of this package. */
export interface NdArray {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** Numbers nested to any depth, as JSON holds them. */
export type Nested = number | readonly Nested[];

/** Number of elements of an array of this shape; 1 for the 0-d shape []. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** Row-major strides, counted in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, dim) => sizeOf(shape.slice(dim + 1)));
}

/**
 * Wraps a Float64Array without copying it; any other list of numbers is copied.
 *
 * Throws RangeError when the number of elements does not fit the shape.
 *
 * @example
 * const x = ndarray([1, 2, 3, 4, 5, 6], [2, 3]);
 */
export function ndarray(data: ArrayLike<number>, shape: readonly number[]): NdArray {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`ndarray: ${data.length} elements cannot have shape [${shape.join(", ")}]`);
  }
  return { data: data instanceof Float64Array ? data : Float64Array.from(data), shape: [...shape] };
}

export function full(value: number, shape: readonly number[]): NdArray {
  return ndarray(new Float64Array(sizeOf(shape)).fill(value), shape);
}

export function zeros(shape: readonly number[]): NdArray {
  return full(0, shape);
}

export function zerosLike(x: NdArray): NdArray {
  return zeros(x.shape);
}

/** Evenly spaced numbers, both ends included, laid out row by row in `shape`. */
export function linspace(from: number, to: number, shape: readonly number[]): NdArray {
  const size = sizeOf(shape);
  const step = size > 1 ? (to - from) / (size - 1) : 0;
  const data = Float64Array.from({ length: size }, (_, i) => from + step * i);
  // The sum above may miss the end by a rounding error; numpy.linspace sets it exactly, too.
  if (size > 1) data[size - 1] = to;
  return ndarray(data, shape);
}

/**
 * Reads nested lists, whose shape is taken from the first element of each level.
 *
 * Throws RangeError when the lists are ragged.
 */
export function fromNested(nested: Nested): NdArray {
  const shape: number[] = [];
  for (let level: Nested | undefined = nested; typeof level === "object"; level = level[0]) shape.push(level.length);
  const data: number[] = [];
  const visit = (value: Nested, depth: number): void => {
    const length = typeof value === "number" ? undefined : value.length;
    if (length !== shape[depth]) {
      throw new RangeError(`fromNested: a list at depth ${depth} has length ${length}, the first one has ${shape[depth]}`);
    }
    if (typeof value === "number") data.push(value);
    else for (const element of value) visit(element, depth + 1);
  };
  visit(nested, 0);
  return ndarray(data, shape);
}

/** The same elements under another shape; the data is shared. */
export function reshape(x: NdArray, shape: readonly number[]): NdArray {
  return ndarray(x.data, shape);
}

/** Throws RangeError, naming operation and operand, unless `x` has exactly this shape. */
export function requireShape(op: string, name: string, x: NdArray, shape: readonly number[]): void {
  if (x.shape.length !== shape.length || x.shape.some((length, dim) => length !== shape[dim])) {
    throw new RangeError(`${op}: ${name}.shape = [${x.shape.join(", ")}] must be [${shape.join(", ")}]`);
  }
}

/** The lengths of a 4-d array, or a RangeError that names operation and operand. */
export function requireRank4(op: string, name: string, x: NdArray): readonly [number, number, number, number] {
  const [n, c, h, w] = x.shape;
  if (x.shape.length !== 4 || n === undefined || c === undefined || h === undefined || w === undefined) {
    throw new RangeError(`${op}: ${name}.shape = [${x.shape.join(", ")}] must have 4 dimensions`);
  }
  return [n, c, h, w];
}

/** Turns a possibly negative dimension into one in 0..rank-1, or throws RangeError. */
export function resolveDim(op: string, dim: number, rank: number): number {
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    throw new RangeError(`${op}: dim = ${dim} must be an integer from ${-rank} to ${rank - 1}`);
  }
  return dim < 0 ? dim + rank : dim;
}

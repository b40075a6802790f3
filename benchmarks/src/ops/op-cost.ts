import type { ConvSpec, OpSpec, PoolSpec } from "./op-case.ts";

/** The least that a call has to do: each input read once, each output written once; operations of the textbook's algorithm. */
export interface OpCost {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** A multiplication, an addition, a comparison, an exponential each count as one. 0 for copies. */
  readonly flops: number;
}

const floatBytes = 4;

/** Counts what a call has to do. */
export function costOf(spec: OpSpec): OpCost {
  switch (spec.op) {
    case "matmul": {
      const { m, n, k } = spec;
      return floats(m * k + k * n, m * n, 2 * m * n * k);
    }
    case "conv2d": return convolutionCost(spec);
    case "maxPool2d":
    case "avgPool2d": return poolCost(spec);
    case "batchNorm": {
      const size = elements(spec.shape);
      // Forward: sum, sum of squares, scale and shift. Backward: two sums of products, and what is made of them.
      return spec.direction === "forward" ? floats(size, size, 5 * size) : floats(2 * size, size, 8 * size);
    }
    case "softmax": {
      const size = elements(spec.shape);
      return spec.direction === "forward" ? floats(size, size, 4 * size) : floats(2 * size, size, 4 * size);
    }
    case "crossEntropy": {
      const size = elements(spec.shape);
      const labels = spec.shape[0] ?? 0;
      return spec.direction === "forward" ? floats(size + labels, 1, 3 * size) : floats(size + labels, size, 2 * size);
    }
    case "dropout": {
      const size = elements(spec.shape);
      // The mask is a byte for each element, made here and read in backward.
      return spec.direction === "forward" ? floats(size, 1.25 * size, 2 * size) : floats(1.25 * size, size, size);
    }
    case "relu": {
      const size = elements(spec.shape);
      return spec.direction === "forward" ? floats(size, size, size) : floats(2 * size, size, size);
    }
    case "add":
    case "mul": return floats(2 * spec.size, spec.size, spec.size);
    case "exp": return floats(spec.size, spec.size, spec.size);
    // relu(x * y + z): what a single pass would move.
    case "chain":
    case "chainInPlace": return floats(3 * spec.size, spec.size, 3 * spec.size);
    case "addRow":
    case "addColumn": {
      const [rows, columns] = spec.shape;
      const size = rows * columns;
      return floats(size + (spec.op === "addRow" ? columns : rows), size, size);
    }
    case "addTransposed": return floats(2 * elements(spec.shape), elements(spec.shape), elements(spec.shape));
    case "sum": {
      const [rows, columns] = spec.shape;
      const results = spec.dim === null ? 1 : spec.dim === 0 ? columns : rows;
      return floats(rows * columns, results, rows * columns);
    }
    case "clone":
    case "transpose":
    case "channelsLast": return floats(elements(spec.shape), elements(spec.shape), 0);
    // Parameter, gradient and momentum in, parameter and momentum out.
    case "sgd": return floats(3 * spec.size, 2 * spec.size, 4 * spec.size);
    // One more state, and a square root and a division.
    case "adam": return floats(4 * spec.size, 3 * spec.size, 12 * spec.size);
  }
}

/** Height and width of a convolution's output. */
export function convolvedSize({ size, kernel, stride, padding }: ConvSpec): number {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

function convolutionCost(spec: ConvSpec): OpCost {
  const { direction, batch, inputs, outputs, size, kernel, groups } = spec;
  const outputPixels = convolvedSize(spec) ** 2;
  const x = batch * inputs * size ** 2;
  const weight = (outputs * inputs * kernel ** 2) / groups;
  const y = batch * outputs * outputPixels;
  const flops = 2 * batch * outputPixels * weight;
  switch (direction) {
    case "forward": return floats(x + weight, y, flops);
    case "input": return floats(y + weight, x, flops);
    case "weight": return floats(x + y, weight, flops);
  }
}

function poolCost({ op, direction, shape, kernel }: PoolSpec): OpCost {
  const size = elements(shape);
  const pooled = size / kernel ** 2;
  // The maximum remembers where it was, in four bytes.
  const places = op === "maxPool2d" ? pooled : 0;
  return direction === "forward" ? floats(size, pooled + places, size) : floats(pooled + places, size, pooled);
}

function floats(read: number, written: number, flops: number): OpCost {
  return { bytesRead: floatBytes * read, bytesWritten: floatBytes * written, flops };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

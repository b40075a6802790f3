/** One number for both axes, or one for height and one for width. */
export type Pair = number | readonly [height: number, width: number];

/** How a window slides along height or width; `before` and `after` are the paddings at the two ends. */
export interface WindowAxis {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly output: number;
}

/** Number of input positions between the first and the last tap of a window, both included. */
export function windowExtent(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1;
}

/** Reads an option of both axes. Throws RangeError unless its numbers are integers of at least `least`. */
export function readPair(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const pair: readonly [number, number] = typeof value === "number" ? [value, value] : value;
  if (pair.some((length) => !Number.isInteger(length) || length < least)) {
    throw new RangeError(`${op}: ${name} = [${pair.join(", ")}] must be integers of at least ${least}`);
  }
  return pair;
}

/**
 * Counts the places of a window along an axis, rounding down or, with ceilMode, up.
 *
 * A window that would start in the padding after the input is dropped, so that none lies fully outside (PyTorch's rule).
 *
 * Throws RangeError when the window is larger than the padded input.
 */
export function windowAxis(op: string, axis: Omit<WindowAxis, "output">, ceilMode = false): WindowAxis {
  const { input, kernel, stride, dilation, before, after } = axis;
  const extent = windowExtent(kernel, dilation);
  const room = before + input + after - extent;
  if (room < 0) throw new RangeError(`${op}: a window of ${extent} is larger than the padded input of ${before + input + after}`);
  if (!ceilMode) return { ...axis, output: Math.floor(room / stride) + 1 };
  const output = Math.ceil(room / stride) + 1;
  return { ...axis, output: (output - 1) * stride >= input + before ? output - 1 : output };
}

/** The input position under a tap of the window at `place`; negative, or beyond the input, in the padding. */
export function inputPosition(axis: WindowAxis, place: number, tap: number): number {
  return place * axis.stride - axis.before + tap * axis.dilation;
}

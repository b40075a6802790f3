import { type NdArray, requireRank4 } from "./nd-array.ts";
import { inputPosition, type Pair, readPair, type WindowAxis, windowAxis } from "./window-axis.ts";

export interface Pool2dOptions {
  /** As the kernel by default. */
  readonly stride?: Pair;
  readonly padding?: Pair;
  /** Round the output size up instead of down: the last window may hang over the end. */
  readonly ceilMode?: boolean;
}

export interface PoolWindows {
  /** Shape of the input, [N, C, H, W], and of the output, [N, C, OH, OW]. */
  readonly xShape: readonly [number, number, number, number];
  readonly outShape: readonly [number, number, number, number];
  readonly vertical: WindowAxis;
  readonly horizontal: WindowAxis;
}

/**
 * Lays out the windows of a pooling.
 *
 * Throws    RangeError for x that is not 4-d, bad options, padding above half the kernel, a window larger than the padded input
 */
export function poolWindows(op: string, x: NdArray, kernel: Pair, options: Pool2dOptions & { readonly dilation?: Pair }): PoolWindows {
  const xShape = requireRank4(op, "x", x);
  const kernels = readPair(op, "kernel", kernel, 1);
  const strides = readPair(op, "stride", options.stride ?? kernel, 1);
  const paddings = readPair(op, "padding", options.padding ?? 0, 0);
  const dilations = readPair(op, "dilation", options.dilation ?? 1, 1);
  const axis = (side: 0 | 1): WindowAxis => {
    const padding = paddings[side];
    if (padding > kernels[side] / 2) {
      throw new RangeError(`${op}: padding = ${padding} must be at most half of the kernel, ${kernels[side]}`);
    }
    const placement = { kernel: kernels[side], stride: strides[side], dilation: dilations[side], before: padding, after: padding };
    return windowAxis(op, { input: xShape[2 + side]!, ...placement }, options.ceilMode);
  };
  const vertical = axis(0);
  const horizontal = axis(1);
  return { xShape, outShape: [xShape[0], xShape[1], vertical.output, horizontal.output], vertical, horizontal };
}

/** Where a window lies: its image plane, its place in the output, and the input indices under it, padding left out. */
export interface PoolWindow {
  /** Index of element (0, 0) of the plane [H, W] that the window slides over. */
  readonly planeStart: number;
  readonly outIndex: number;
  readonly row: number;
  readonly column: number;
  readonly inputs: readonly number[];
}

export function forEachWindow(windows: PoolWindows, visit: (window: PoolWindow) => void): void {
  const { xShape, vertical, horizontal } = windows;
  for (let plane = 0; plane < xShape[0] * xShape[1]; plane++) {
    const planeStart = plane * vertical.input * horizontal.input;
    for (let row = 0; row < vertical.output; row++) {
      for (let column = 0; column < horizontal.output; column++) {
        const inputs: number[] = [];
        for (const h of positionsInside(vertical, row)) {
          for (const w of positionsInside(horizontal, column)) inputs.push(planeStart + h * horizontal.input + w);
        }
        visit({ planeStart, outIndex: (plane * vertical.output + row) * horizontal.output + column, row, column, inputs });
      }
    }
  }
}

function positionsInside(axis: WindowAxis, place: number): number[] {
  const positions = Array.from({ length: axis.kernel }, (_, tap) => inputPosition(axis, place, tap));
  return positions.filter((position) => position >= 0 && position < axis.input);
}

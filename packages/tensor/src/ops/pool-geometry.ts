import type { WindowGeometry } from "../compute/backend.ts";
import { ShapeError } from "../errors.ts";
import { boolean, sides, type OptionRule } from "../option-rules.ts";
import type { OptionRules } from "../options.ts";
import { formatShape, type Shape } from "../shape.ts";
import { describe, requireTensor, type Tensor } from "../tensor.ts";
import { pair, type Pair } from "./window.ts";

/** Options that both poolings take; a single number counts for both directions. */
export interface Pool2dOptions {
  /** The kernel's size unless told. */
  readonly stride?: number | Pair;
  /** At most half of the kernel. */
  readonly padding?: number | Pair;
  /** Rounds the output size up: the last window may hang over the edge. */
  readonly ceilMode?: boolean;
}

export const kernelRule: OptionRule = sides(1);
export const pool2dRules: OptionRules<Pool2dOptions> = { stride: sides(1), padding: sides(0), ceilMode: boolean };

/** Shape of the output. */
export function pooledShape(shape: Shape, { outSize }: WindowGeometry): Shape {
  return [...shape.slice(0, -2), ...outSize];
}

/** Windows from options that were checked. Throws ShapeError `OP/dims`, `OP/padding`, `OP/too-small`. */
export function poolGeometry(op: string, x: Tensor, kernelSize: number | Pair, options: Pool2dOptions & { dilation?: number | Pair }): WindowGeometry {
  requireTensor(op, "x", x);
  if (x.ndim !== 3 && x.ndim !== 4) {
    throw new ShapeError({ op, fact: `x must be [N, C, H, W] or [C, H, W], not ${x.ndim}-d`, details: [describe("x", x)], code: `${op}/dims`, data: { x: x.shape } });
  }
  const kernel = pair(kernelSize);
  const stride = pair(options.stride ?? kernel);
  const padding = pair(options.padding ?? 0);
  const dilation = pair(options.dilation ?? 1);
  if (2 * padding[0] > kernel[0] || 2 * padding[1] > kernel[1]) {
    throw new ShapeError({
      op,
      fact: `padding ${formatShape(padding)} must be at most half of the kernel ${formatShape(kernel)}`,
      details: [describe("x", x)],
      code: `${op}/padding`,
      data: { padding, kernel },
    });
  }
  const size = (dim: 0 | 1): number => {
    const length = x.shape.at(dim - 2) as number;
    const room = length + 2 * padding[dim] - dilation[dim] * (kernel[dim] - 1) - 1;
    if (room < 0) {
      throw new ShapeError({
        op,
        fact: `a window of ${formatShape(kernel)} is larger than the padded image of ${formatShape(x.shape.slice(-2).map((n, i) => n + 2 * (padding[i] ?? 0)))}`,
        details: [describe("x", x)],
        code: `${op}/too-small`,
        data: { x: x.shape, kernel, padding },
      });
    }
    // Such a window has no maximum, and its index would point outside the image.
    if (padding[dim] > 0 && dilation[dim] > length) {
      throw new ShapeError({
        op,
        fact: `with dilation ${dilation[dim]} on ${length} pixels a window could lie in the padding alone`,
        details: [describe("x", x)],
        code: `${op}/too-small`,
        data: { x: x.shape, dilation, padding },
      });
    }
    if (options.ceilMode !== true) return Math.floor(room / stride[dim]) + 1;
    const windows = Math.ceil(room / stride[dim]) + 1;
    // No window starts in the padding behind the image (as PyTorch).
    return (windows - 1) * stride[dim] >= length + padding[dim] ? windows - 1 : windows;
  };
  return { kernel, stride, padding, dilation, outSize: [size(0), size(1)] };
}

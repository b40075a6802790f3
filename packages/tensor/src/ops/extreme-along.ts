import { reduceKernel } from "../compute/reduce.ts";
import { defineOp } from "../op.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { to } from "./cast.ts";
import { everyDType } from "./every-dtype.ts";
import { gather, scatterAdd } from "./gather.ts";
import { refuseEmpty } from "./reduce-options.ts";
import { reshapeOrSame } from "./reshape.ts";

/** Of a tensor with 1 dimension at least. */
interface AlongAttrs {
  readonly dim: number;
  readonly keepdim: boolean;
}

const outputsOf = ({ dim, keepdim }: AlongAttrs, shape: Shape): Shape => (keepdim ? shape.with(dim, 1) : shape.toSpliced(dim, 1));

/** The extreme elements along a dimension, and where the first of them are. */
function defineAlong(name: "max" | "min", index: "argmax" | "argmin") {
  return defineOp<readonly ["x"], AlongAttrs, readonly ["indices"], readonly ["values", "indices"]>({
    name,
    inputs: ["x"],
    outputs: ["values", "indices"],
    saves: ["indices"],
    dtypes: everyDType,
    infer: ([x], attrs) => {
      refuseEmpty(name, x, [attrs.dim]);
      const shape = outputsOf(attrs, x.shape);
      return [{ shape, dtype: x.dtype }, { shape, dtype: "int32" }];
    },
    scoped: true,
    forward: ([x], { dim }, [{ shape }]) => {
      const kept = x.shape.with(dim, 1);
      const indices = reduceKernel(index, x.dtype === "bool" ? to(x, "uint8") : x, [dim], kept, "int32");
      return [reshapeOrSame(gather(x, dim, indices), shape), reshapeOrSame(indices, shape)];
    },
    backward: {
      x: ([dValues], { indices, attrs: { dim }, shapes: [shape = []] }) => {
        const kept = shape.with(dim, 1);
        // Indices have no gradient: where one arrives, it is that of the values.
        return scatterAdd(reshapeOrSame(dValues as Tensor, kept), dim, reshapeOrSame(indices, kept), shape);
      },
    },
    samples: () => [
      { inputs: [{ shape: [5], distinct: true }], attrs: { dim: 0, keepdim: false } },
      { inputs: [{ shape: [3, 4], distinct: true }], attrs: { dim: 1, keepdim: true } },
      { inputs: [{ shape: [2, 3, 4], distinct: true }], attrs: { dim: 1, keepdim: false } },
      { inputs: [{ shape: [0, 3], distinct: true }], attrs: { dim: 1, keepdim: false } },
    ],
  });
}

export const maxAlong = defineAlong("max", "argmax");
export const minAlong = defineAlong("min", "argmin");

import { addInto as addKernel } from "../compute/pointwise.ts";
import { backend } from "../compute/chosen-backend.ts";
import { copyInto as copyKernel } from "../compute/copy.ts";
import { toDType } from "../compute/cast.ts";
import { defineOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { everyDType } from "./every-dtype.ts";

// What changes a tensor in place without computing with it. The tape does not record these: who calls them has seen to it.

const fillOp = defineOp<readonly ["x"], { readonly value: number }>({
  name: "fill",
  inputs: ["x"],
  saves: [],
  changes: ["x"],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x]) => x,
  forward: ([x], { value }) => {
    if (x.numel() > 0) backend.fill(x, value);
    x.storage.version++;
    return x;
  },
  samples: () => [{ inputs: [{ shape: [5] }], attrs: { value: 2 } }, { inputs: [{ shape: [0] }], attrs: { value: 2 } }],
});

/** Sets all elements of a row-major tensor. */
export function fillWith(x: Tensor, value: number): void {
  fillOp.run([x], { value });
}

const copyOp = defineOp<readonly ["target", "source"], null>({
  name: "copyInto",
  inputs: ["target", "source"],
  saves: [],
  changes: ["target"],
  dtypes: everyDType,
  halfNative: true,
  infer: ([target]) => target,
  forward: ([target, source]) => {
    const cast = toDType(source, target.dtype);
    copyKernel(cast, target);
    if (cast !== source) cast.storage.free();
    target.storage.version++;
    return target;
  },
  samples: () => [
    { inputs: [{ shape: [2, 3] }, { shape: [3] }], attrs: null },
    { inputs: [{ shape: [2, 3] }, { shape: [2, 3], dtype: "int32" }], attrs: null },
    { inputs: [{ shape: [0] }, { shape: [1] }], attrs: null },
  ],
});

/** Copies elements into a tensor, cast and broadcast. Where the two overlap, as if the source had been copied first. */
export function copyInto(target: Tensor, source: Tensor): void {
  copyOp.run([target, source], null);
}

const accumulateOp = defineOp<readonly ["sum", "term"], null>({
  name: "accumulate",
  inputs: ["sum", "term"],
  saves: [],
  changes: ["sum"],
  halfNative: true,
  infer: ([sum]) => sum,
  forward: ([sum, term]) => {
    addKernel(sum, term);
    sum.storage.version++;
    return sum;
  },
  samples: () => [{ inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], attrs: null }, { inputs: [{ shape: [0] }, { shape: [0] }], attrs: null }],
});

/** `sum += term`, both row-major, of one shape and dtype. */
export function accumulate(sum: Tensor, term: Tensor): void {
  accumulateOp.run([sum, term], null);
}

import type { StreamPlace } from "../compute/backend.ts";
import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { defaultGenerator, type Generator } from "../generator.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import { boolean, generator, share } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { emptyTensor, requireTensor, type Tensor } from "../tensor.ts";

interface DropoutAttrs {
  readonly p: number;
  /** Key and counter of the random stream. */
  readonly at: StreamPlace;
}

const definition = defineOp<readonly ["x"], DropoutAttrs>({
  name: "dropout",
  inputs: ["x"],
  saves: [],
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  forward: ([x], { p, at }, spec, call) => {
    const source = contiguousKernel(x);
    const out = emptyTensor(spec.shape, source.dtype);
    const mask = emptyTensor(spec.shape, "uint8");
    if (out.numel() > 0) backend.dropout(source, out, mask, p, at);
    call.aux = [mask];
    return out;
  },
  backward: { x: (dOut, { aux: [mask], attrs: { p } }) => backwardOp.run([dOut, mask as Tensor], { p }) },
  samples: () => [[], [17], [3, 4], [0]].map((shape) => ({ inputs: [{ shape }], attrs: { p: 0.4, at: [1, 2, 3, 0] as const } })),
});

const backwardOp: DefinedOp<readonly ["dOut", "mask"], { p: number }> = defineOp<readonly ["dOut", "mask"], { p: number }, readonly ["mask"]>({
  name: "dropoutBackward",
  inputs: ["dOut", "mask"],
  saves: ["mask"],
  infer: ([dOut]) => ({ shape: dOut.shape, dtype: dOut.dtype }),
  forward: ([dOut, mask], { p }, spec) => {
    const [source, kept] = [contiguousKernel(dOut), contiguousKernel(mask)];
    const dX = emptyTensor(spec.shape, source.dtype);
    if (dX.numel() > 0) backend.dropoutBackward(source, kept, dX, p);
    return dX;
  },
  backward: { dOut: (g, { mask, attrs }) => backwardOp.run([g, mask], attrs), mask: null },
  samples: () => [{ inputs: [{ shape: [5] }, { shape: [5], values: [1, 0, 1, 1, 0], dtype: "uint8" }], attrs: { p: 0.25 } }],
});

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Probability that an element is dropped; 0.5 unless told. */
  readonly p?: number;
  /** Off, the input comes back as it is. On unless told. */
  readonly training?: boolean;
  readonly generator?: Generator;
}

export const dropoutRules: OptionRules<DropoutOptions> = {
  p: { must: "a probability: from 0 (keep all) to 1 (drop all)", accepts: share.accepts },
  training: boolean,
  generator,
};

/**
 * Zeros each element with probability `p`, an infinite or NaN one too, and scales the rest by 1 / (1 - p), so that the expectation stays.
 *
 * Gradient  dx = dOut / (1 - p) where kept, else 0
 * Throws    IndexError `dropout/option`, ArgumentError `dropout/unknown-option`
 * @example
 * dropout(tensor([1, 2]), { p: 0 }).toArray(); // [1, 2]
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  checkOptions("dropout", options, dropoutRules);
  return dropoutChecked(x, options);
}

/** `dropout` with options that were checked before. @internal */
export function dropoutChecked(x: Tensor, options: DropoutOptions): Tensor {
  requireTensor("dropout", "x", x);
  const { p = 0.5, training = true } = options;
  if (!training || p === 0) return x;
  // Nothing is drawn where all is dropped.
  return definition.run([x], { p, at: p === 1 ? [0, 0, 0, 0] : (options.generator ?? defaultGenerator).take(x.numel()) });
}

import * as tg from "@tapegrad/tensor";
import { crossed, op, within, type Case, type Family } from "../case-list.ts";
import { of } from "../input.ts";
import { unaryOperands } from "./operand-lists.ts";

const operands = unaryOperands().map((x) => ({ x }));
const chosen = [of([13], { values: "everySpecial" }), of([13], { values: "everySpecial", dtype: "float64" }), of([13], { values: "everySpecial", dtype: "float16" }), of([9], { values: "fine" }), of([9], { dtype: "int32" }), of([9], { dtype: "int64" }), of([9], { dtype: "uint8" }), of([5], { dtype: "bool" }), of([3, 4], { layout: "transposed" })].map((x) => ({ x }));

type Bounds = { readonly min?: number; readonly max?: number };
const bounds: readonly Bounds[] = [{ min: -1, max: 1 }, { min: 0 }, { max: 0.5 }, { min: -0, max: 0 }, { min: 1, max: 1 }, { min: 1, max: -1 }, { min: -Infinity, max: Infinity }, { min: NaN }, { max: NaN }, { min: -1.5, max: 2.5 }, { min: 2, max: 2.5 }, { min: 3, max: 1 }, { min: NaN, max: 1 }, { min: Infinity }, { max: -Infinity }, { min: -300, max: 300 }, { min: 300 }, { max: -300 }, { min: 2 ** 40 }, { min: -(2 ** 40), max: 2 ** 40 }, {}];

export const parametricFamily: Family = {
  name: "parametric",
  ops: [
    op({
      name: "clamp",
      torch: "torch.clamp(x, o.min, o.max)",
      run: ({ x }, options: Bounds) => tg.clamp(x, options),
      cases: [...crossed(operands, [{ min: -1, max: 1 }]), ...crossed(chosen, bounds.slice(1))],
    }),
    op({
      name: "leakyRelu",
      torch: "F.leaky_relu(x, 0.01 if o.negativeSlope is None else o.negativeSlope)",
      run: ({ x }, options: { readonly negativeSlope?: number }) => tg.leakyRelu(x, options),
      tolerances: { value: within(1) },
      cases: [...crossed(operands, [{}]), ...crossed(chosen, [0, 0.5, 1, -0.25, 2].map((negativeSlope) => ({ negativeSlope })))],
    }),
    op({
      name: "softplus",
      torch: "F.softplus(x, 1 if o.beta is None else o.beta, 20 if o.threshold is None else o.threshold)",
      run: ({ x }, options: { readonly beta?: number; readonly threshold?: number }) => tg.softplus(x, options),
      tolerances: { value: within(4), gradient: within(6), second: within(16, 2) },
      cases: [...crossed(operands, [{}]), ...crossed(chosen, [{ beta: 2.5 }, { beta: 0.5, threshold: 1 }, { threshold: 0 }, { beta: -1 }])] as readonly Case<{ readonly beta?: number; readonly threshold?: number }>[],
    }),
    op({
      name: "dropout",
      torch: "F.dropout(x, o.p, o.training)",
      run: ({ x }, options: { readonly p: number; readonly training: boolean }) => tg.dropout(x, options),
      cases: [...crossed(operands.slice(0, 40), [{ p: 0, training: true }]), ...crossed(chosen, [{ p: 0.5, training: false }, { p: 1, training: true }, { p: 1, training: false }, { p: 1.5, training: true }, { p: -0.1, training: true }])],
    }),
  ],
};

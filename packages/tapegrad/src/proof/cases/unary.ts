import * as tg from "@tapegrad/tensor";
import type { Tensor } from "@tapegrad/tensor";
import { op, within, type Family, type OpCases, type Tolerances } from "../case-list.ts";
import { unaryOperands } from "./operand-lists.ts";
import type { Recipe } from "../input.ts";

/** A pointwise op of one operand and no options. */
function unary(name: string, torch: string, run: (x: Tensor) => Tensor, tolerances: Partial<Tolerances> = {}, usual: Recipe = "eighths"): OpCases {
  return op({ name, torch, run: ({ x }) => run(x), tolerances, cases: unaryOperands(usual).map((x) => ({ inputs: { x }, options: {} })) });
}

/** Two roundings apart: what two good libraries may differ by. */
const near: Partial<Tolerances> = { value: within(2), gradient: within(4), second: within(8, 1) };
/** Where a derivative is a difference that cancels, such as 1 - y². */
const cancelling: Partial<Tolerances> = { value: within(2), gradient: within(8, 4), second: within(8, 4, 1) };

export const unaryFamily: Family = {
  name: "unary",
  ops: [
    unary("abs", "torch.abs(x)", tg.abs),
    unary("neg", "torch.neg(x)", tg.neg),
    unary("sign", "torch.sign(x)", tg.sign),
    unary("floor", "torch.floor(x)", tg.floor),
    unary("ceil", "torch.ceil(x)", tg.ceil),
    unary("round", "torch.round(x)", tg.round),
    unary("trunc", "torch.trunc(x)", tg.trunc),
    unary("square", "torch.square(x)", tg.square),
    unary("relu", "torch.relu(x)", tg.relu),
    unary("isnan", "torch.isnan(x)", tg.isnan),
    unary("isinf", "torch.isinf(x)", tg.isinf),
    unary("isfinite", "torch.isfinite(x)", tg.isfinite),
    unary("logicalNot", "torch.logical_not(x)", tg.logicalNot),
    unary("reciprocal", "torch.reciprocal(x)", tg.reciprocal, near),
    unary("sqrt", "torch.sqrt(x)", tg.sqrt, near, "positive"),
    unary("rsqrt", "torch.rsqrt(x)", tg.rsqrt, near, "positive"),
    unary("exp", "torch.exp(x)", tg.exp, near),
    unary("expm1", "torch.expm1(x)", tg.expm1, cancelling),
    unary("log", "torch.log(x)", tg.log, near, "positive"),
    unary("log1p", "torch.log1p(x)", tg.log1p, near, "positive"),
    unary("log2", "torch.log2(x)", tg.log2, near, "positive"),
    unary("log10", "torch.log10(x)", tg.log10, near, "positive"),
    unary("sin", "torch.sin(x)", tg.sin, near),
    unary("cos", "torch.cos(x)", tg.cos, near),
    unary("tan", "torch.tan(x)", tg.tan, near),
    unary("sigmoid", "torch.sigmoid(x)", tg.sigmoid, cancelling),
    unary("tanh", "torch.tanh(x)", tg.tanh, cancelling),
    unary("erf", "torch.erf(x)", tg.erf, { ...near, value: within(2, 1) }),
  ],
};

import { dtypeInfo, type DType } from "@tapegrad/kernels";
import { Tensor } from "./tensor.ts";

/** What an option may be; `must` is how errors say it. */
export interface OptionRule {
  readonly must: string;
  readonly accepts: (value: unknown) => boolean;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isInteger = (value: unknown, least: number): boolean => Number.isInteger(value) && (value as number) >= least;

export const finite: OptionRule = { must: "a finite number", accepts: isNumber };
export const nonNegative: OptionRule = { must: "a finite number, 0 or more", accepts: (value) => isNumber(value) && value >= 0 };
export const positive: OptionRule = { must: "a finite number above 0", accepts: (value) => isNumber(value) && value > 0 };
/** A number from 0 to 1, both included. */
export const share: OptionRule = { must: "a number from 0 to 1", accepts: (value) => isNumber(value) && value >= 0 && value <= 1 };
export const integer: OptionRule = { must: "an integer", accepts: (value) => Number.isInteger(value) };
export const nonZeroInteger: OptionRule = { must: "an integer other than 0", accepts: (value) => Number.isInteger(value) && value !== 0 };
export const positiveInteger: OptionRule = { must: "a positive integer", accepts: (value) => isInteger(value, 1) };
export const nonNegativeInteger: OptionRule = { must: "an integer, 0 or more", accepts: (value) => isInteger(value, 0) };
export const boolean: OptionRule = { must: "true or false", accepts: (value) => typeof value === "boolean" };
export const callable: OptionRule = { must: "a function", accepts: (value) => typeof value === "function" };

/** Dtypes that have gradients. */
export const floatingDType: OptionRule = {
  must: "float32, float64, float16 or bfloat16",
  accepts: (value) => typeof value === "string" && Object.hasOwn(dtypeInfo, value) && dtypeInfo[value as DType].isFloating,
};
export const anyDType: OptionRule = {
  must: `one of ${Object.keys(dtypeInfo).join(", ")}`,
  accepts: (value) => typeof value === "string" && Object.hasOwn(dtypeInfo, value),
};

/** Whatever draws numbers: one of another copy of the library serves as well, for it only counts. */
export const generator: OptionRule = {
  must: "a Generator",
  accepts: (value) => typeof value === "object" && value !== null && "take" in value && typeof value.take === "function",
};
/** Errors about a tensor of another copy of the library are left to the op that meets it: it says more. */
export const tensorOrNull: OptionRule = {
  must: "a tensor or null",
  accepts: (value) => value === null || value instanceof Tensor || (typeof value === "object" && "storage" in value),
};

/** A dimension or a list of dimensions; whether they exist is for the op to say. */
export const dims: OptionRule = {
  must: "a number or a list of numbers",
  accepts: (value) => (Array.isArray(value) ? value.every((dim) => typeof dim === "number") : typeof value === "number"),
};
export const dim: OptionRule = { must: "a number", accepts: (value) => typeof value === "number" };
/** A limit, which may be infinite. */
export const bound: OptionRule = { must: "a number", accepts: (value) => typeof value === "number" };

/** One integer for both directions, or a pair of them; `least` or more. */
export function sides(least: number): OptionRule {
  return {
    must: `an integer or a pair of integers, ${least} or more`,
    accepts: (value) => (Array.isArray(value) ? value.length === 2 && value.every((side) => isInteger(side, least)) : isInteger(value, least)),
  };
}

export function orNull(rule: OptionRule): OptionRule {
  return { must: `${rule.must}, or null`, accepts: (value) => value === null || rule.accepts(value) };
}

/** One of several texts. */
export function oneOf(...texts: readonly string[]): OptionRule {
  return { must: texts.map((text) => JSON.stringify(text)).join(" or "), accepts: (value) => typeof value === "string" && texts.includes(value) };
}

/** What either rule accepts. */
export function either(a: OptionRule, b: OptionRule): OptionRule {
  return { must: `${a.must}, or ${b.must}`, accepts: (value) => a.accepts(value) || b.accepts(value) };
}

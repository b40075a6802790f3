export { Adam, AdamW } from "./adam.ts";
export type { AdamOptions } from "./adam.ts";
export { Optimizer } from "./optimizer.ts";
export type { OptimizerRules, ParamGroup, Params, ResolvedGroup } from "./optimizer.ts";
export type { OptimizerState, StateRules } from "./optimizer-state.ts";
export { SGD } from "./sgd.ts";
export type { SGDOptions } from "./sgd.ts";
export { optionRules } from "@tapegrad/tensor";
export type { OptionRule, OptionRules } from "@tapegrad/tensor";

import { optionRules, SerializationError, showValue, type GeneratorState, type OptionRule } from "@tapegrad/tensor";

/** Where a loader stands, as plain numbers that JSON keeps. */
export interface DataLoaderState {
  /** Items of the data set, and how it is gone through: a state fits a loader that does the same. */
  readonly items: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  /** Batches that the running epoch has given; null between two epochs. */
  readonly position: number | null;
  /** Where the generator stood when the order of the running epoch was drawn; null without one, or without `shuffle`. */
  readonly orderFrom: GeneratorState | null;
  /** Where the generator stands. */
  readonly generator: GeneratorState;
}

/** How a loader goes through its data set. */
export type LoaderPlan = Pick<DataLoaderState, "items" | "batchSize" | "shuffle" | "dropLast">;

const planNames = ["items", "batchSize", "shuffle", "dropLast"] as const;

const position: OptionRule = optionRules.orNull(optionRules.nonNegativeInteger);

/** A saved state that is one of a loader with that plan and so many batches. Throws SerializationError `dataLoader/state`. */
export function checkedState(saved: unknown, plan: LoaderPlan, batches: number): DataLoaderState {
  if (typeof saved !== "object" || saved === null) throw misfit(`a state must be an object, as stateDict() gives it, not ${showValue(saved)}`);
  const state = saved as Partial<Record<keyof DataLoaderState, unknown>>;
  for (const name of planNames) {
    if (state[name] !== plan[name]) throw misfit(`${name} is ${showValue(state[name])} in the state, ${showValue(plan[name])} in the loader`);
  }
  if (!position.accepts(state.position)) throw misfit(`position ${showValue(state.position)} in the state must be ${position.must}`);
  const at = state.position as number | null;
  if (at !== null && at > batches) throw misfit(`position ${at} in the state lies behind the ${batches} batches of an epoch`);
  if (plan.shuffle && at !== null && (state.orderFrom ?? null) === null) throw misfit("orderFrom is missing in the state: where the order of the running epoch was drawn from");
  return saved as DataLoaderState;
}

function misfit(fact: string): SerializationError {
  return new SerializationError({ op: "DataLoader.loadStateDict", fact, hint: "make the loader as the one that was saved", code: "dataLoader/state" });
}

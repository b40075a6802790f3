import { noGrad } from "@tapegrad/autograd";
import type { AnyModule } from "@tapegrad/nn";
import { copy_, defaultGenerator } from "@tapegrad/tensor";

/** What a function may find or change beside its inputs: where the default generator stands, and a module's buffers. */
export interface Surroundings {
  /** Makes all of it what it was. */
  restore(): void;
}

export function surroundingsOf(module: AnyModule | null): Surroundings {
  const state = defaultGenerator.getState();
  const buffers = (module?.buffers() ?? []).map((buffer) => ({ buffer, values: noGrad(() => buffer.clone()) }));
  return {
    restore() {
      defaultGenerator.setState(state);
      noGrad(() => buffers.forEach(({ buffer, values }) => copy_(buffer, values)));
    },
  };
}

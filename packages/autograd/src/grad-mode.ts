import { checkArgument, GradError, optionRules } from "@tapegrad/tensor";

let recording = true;

/** Whether ops on tensors that require grad are recorded. */
export function isGradEnabled(): boolean {
  return recording;
}

/** Turns recording on or off until it is set again. Prefer `noGrad` and `enableGrad`, which restore it. */
export function setGradEnabled(on: boolean): void {
  checkArgument("setGradEnabled", "on", on, optionRules.boolean);
  recording = on;
}

function during<T>(name: string, on: boolean, run: () => T): T {
  checkArgument(name, "run", run, optionRules.callable);
  const before = recording;
  recording = on;
  try {
    const result = run();
    if (result instanceof Promise) {
      throw new GradError({
        op: name,
        fact: "the function is asynchronous: recording would be switched back before it ends",
        hint: "switch inside it, around the synchronous parts",
        code: "gradMode/async",
      });
    }
    return result;
  } finally {
    recording = before;
  }
}

/**
 * Runs a function without recording.
 *
 * Throws    GradError `gradMode/async`
 * @example
 * const w = tensor([1], { requiresGrad: true });
 * noGrad(() => mul(w, 2)).requiresGrad; // false
 */
export function noGrad<T>(run: () => T): T {
  return during("noGrad", false, run);
}

/**
 * Runs a function with recording on, inside `noGrad`.
 *
 * Throws    GradError `gradMode/async`
 * @example
 * const w = tensor([1], { requiresGrad: true });
 * noGrad(() => enableGrad(() => mul(w, 2))).requiresGrad; // true
 */
export function enableGrad<T>(run: () => T): T {
  return during("enableGrad", true, run);
}

/**
 * Runs a function that only predicts: nothing is recorded. Tensors made inside are ordinary ones.
 *
 * Throws    GradError `gradMode/async`
 * @example
 * const w = tensor([1], { requiresGrad: true });
 * inferenceMode(() => mul(w, 2)).requiresGrad; // false
 */
export function inferenceMode<T>(run: () => T): T {
  return during("inferenceMode", false, run);
}

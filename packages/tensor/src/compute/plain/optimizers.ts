import type { Tensor } from "../../tensor.ts";
import type { AdamStep, SgdStep } from "../backend.ts";
import { numbersOf, roundingOf } from "./elements.ts";

// A step's numbers, such as the learning rate, are those that the parameter's dtype holds.

/** `buffer` is null without momentum. */
export function sgdStep(parameter: Tensor, gradient: Tensor, buffer: Tensor | null, step: SgdStep): void {
  const p = numbersOf(parameter), g = numbersOf(gradient), b = buffer === null ? null : numbersOf(buffer), round = roundingOf(parameter.dtype);
  const lr = round(step.lr), momentum = round(step.momentum), undamped = round(1 - step.dampening), decay = round(step.weightDecay);
  for (let i = 0; i < p.length; i++) {
    let move = (step.maximize ? -1 : 1) * (g[i] as number);
    // A decay of 0 adds nothing, not even to an infinite parameter.
    if (step.weightDecay !== 0) move += decay * (p[i] as number);
    if (b !== null) {
      b[i] = step.first ? move : momentum * (b[i] as number) + undamped * move;
      move = step.nesterov ? move + momentum * (b[i] as number) : (b[i] as number);
    }
    p[i] = (p[i] as number) - lr * move;
  }
}

/** `maxV` is null without AMSGrad. */
export function adamStep(parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, maxV: Tensor | null, step: AdamStep): void {
  const p = numbersOf(parameter), g = numbersOf(gradient), first = numbersOf(m), second = numbersOf(v), round = roundingOf(parameter.dtype);
  const largest = maxV === null ? null : numbersOf(maxV), hasDecay = step.weightDecay !== 0;
  const beta1 = round(step.beta1), rest1 = round(1 - step.beta1), beta2 = round(step.beta2), rest2 = round(1 - step.beta2);
  const eps = round(step.eps), decay = round(step.weightDecay), kept = round(1 - step.lr * step.weightDecay);
  const rate = round(step.lr / (1 - step.beta1 ** step.step)), root = round(Math.sqrt(1 - step.beta2 ** step.step));
  for (let i = 0; i < p.length; i++) {
    let gradientNow = (step.maximize ? -1 : 1) * (g[i] as number), value = p[i] as number;
    if (hasDecay && !step.decoupled) gradientNow += decay * value;
    if (hasDecay && step.decoupled) value *= kept;
    first[i] = beta1 * (first[i] as number) + rest1 * gradientNow;
    second[i] = beta2 * (second[i] as number) + rest2 * gradientNow * gradientNow;
    if (largest !== null) largest[i] = Math.max(largest[i] as number, second[i] as number);
    const variance = (largest ?? second)[i] as number;
    p[i] = value - (rate * (first[i] as number)) / (Math.sqrt(variance) / root + eps);
  }
}

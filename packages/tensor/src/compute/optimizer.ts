import { beginCall, computedDType, dtypeInfo, wasm } from "@tapegrad/kernels";
import { emptyTensor, type Tensor } from "../tensor.ts";
import { castKernel, toDType } from "./cast.ts";
import { cloneKernel, contiguousKernel, copyInto } from "./copy.ts";
import { disturbs, refuseCoinciding } from "./overlap.ts";

/** Constants of one SGD step. The `first` sets the momentum buffer to the gradient. */
export interface SgdStep {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly maximize: boolean;
  readonly first: boolean;
}

/** Constants of one Adam or AdamW step. */
export interface AdamStep {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** AdamW: the decay multiplies the parameter instead of joining the gradient. */
  readonly decoupled: boolean;
  readonly maximize: boolean;
  /** Steps done, this one included. */
  readonly step: number;
}

/** Runs an update on a contiguous float32 or float64 parameter in place; other layouts and 16-bit dtypes take a detour over a copy. */
function updateKernel(parameter: Tensor, gradient: Tensor, run: (parameter: Tensor, gradient: Tensor) => void): void {
  refuseCoinciding("step", "parameter", parameter);
  const computed = computedDType(parameter.dtype);
  const dense = parameter.dtype === computed ? contiguousKernel(parameter) : castKernel(parameter, computed);
  const cast = toDType(gradient, computed);
  const source = disturbs(dense, cast) ? cloneKernel(cast) : contiguousKernel(cast);
  if (dense.numel() > 0) run(dense, source);
  if (dense !== parameter) {
    const back = toDType(dense, parameter.dtype);
    copyInto(back, parameter);
    back.storage.free();
    dense.storage.free();
  }
  if (source !== cast) source.storage.free();
  if (cast !== gradient) cast.storage.free();
  parameter.storage.version++;
}

/**
 * The state tensor of a parameter: of its shape, in the dtype that its updates are computed in, zeros at first. A state from
 * before the parameter was converted (`Module.to`) comes back converted too.
 */
export function optimizerState(parameter: Tensor, before: Tensor | null = null): Tensor {
  const dtype = computedDType(parameter.dtype);
  if (before !== null) {
    if (before.dtype === dtype) return before;
    const converted = castKernel(before, dtype);
    converted.storage.kept = true;
    return converted;
  }
  beginCall();
  const state = emptyTensor(parameter.shape, dtype);
  if (state.numel() > 0) wasm.fill(dtypeInfo[state.dtype].code, state.pointer, state.numel(), 0);
  state.storage.kept = true;
  return state;
}

/** `buffer` is null without momentum. */
export function sgdKernel(parameter: Tensor, gradient: Tensor, buffer: Tensor | null, { lr, momentum, dampening, weightDecay, nesterov, maximize, first }: SgdStep): void {
  updateKernel(parameter, gradient, (p, g) => {
    beginCall();
    const state = buffer === null ? 0 : buffer.pointer;
    wasm.sgdStep(dtypeInfo[p.dtype].code, p.pointer, g.pointer, state, p.numel(), lr, momentum, dampening, weightDecay, nesterov ? 1 : 0, first ? 1 : 0, maximize ? 1 : 0);
  });
}

/** `maxV` is null without AMSGrad. */
export function adamKernel(parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, maxV: Tensor | null, options: AdamStep): void {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, maximize, step } = options;
  updateKernel(parameter, gradient, (p, g) => {
    beginCall();
    const largest = maxV === null ? 0 : maxV.pointer;
    wasm.adamStep(
      dtypeInfo[p.dtype].code, p.pointer, g.pointer, m.pointer, v.pointer, largest, p.numel(), lr, beta1, beta2, eps, weightDecay, decoupled ? 1 : 0,
      1 - beta1 ** step, 1 - beta2 ** step, maximize ? 1 : 0,
    );
  });
}

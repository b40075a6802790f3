import { computedDType } from "@tapegrad/kernels";
import { emptyTensor, type Tensor } from "../tensor.ts";
import type { AdamStep, SgdStep } from "./backend.ts";
import { castKernel, toDType } from "./cast.ts";
import { backend } from "./chosen-backend.ts";
import { cloneKernel, contiguousKernel, copyInto } from "./copy.ts";
import { disturbs, refuseCoinciding } from "./overlap.ts";

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
  const state = emptyTensor(parameter.shape, dtype);
  if (state.numel() > 0) backend.fill(state, 0);
  state.storage.kept = true;
  return state;
}

/** `buffer` is null without momentum. */
export function sgdKernel(parameter: Tensor, gradient: Tensor, buffer: Tensor | null, step: SgdStep): void {
  updateKernel(parameter, gradient, (p, g) => backend.sgdStep(p, g, buffer, step));
}

/** `maxV` is null without AMSGrad. */
export function adamKernel(parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, maxV: Tensor | null, step: AdamStep): void {
  updateKernel(parameter, gradient, (p, g) => backend.adamStep(p, g, m, v, maxV, step));
}

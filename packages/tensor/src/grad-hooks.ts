import { GradError } from "./errors.ts";
import type { Tensor } from "./tensor.ts";

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keeps what the tape saved, so that `backward` can run again. As `createGraph` unless told. */
  readonly retainGraph?: boolean;
  /** Records the backward pass, so that gradients can be differentiated. */
  readonly createGraph?: boolean;
}

/** What Tensor's methods ask of the tape. The autograd package installs itself here. */
export interface GradHooks {
  /** Whether ops are being recorded now. */
  isRecording(): boolean;
  backward(output: Tensor, gradient: Tensor | null, options: BackwardOptions): void;
  retainGrad(x: Tensor): void;
  registerHook(x: Tensor, hook: (gradient: Tensor) => Tensor | void): () => void;
}

function missing(): never {
  throw new GradError({ op: "backward", fact: "the tape is not loaded", hint: 'import "tapegrad" or "@tapegrad/autograd"', code: "backward/no-tape" });
}

let hooks: GradHooks = { isRecording: () => false, backward: missing, retainGrad: missing, registerHook: missing };

export function setGradHooks(installed: GradHooks): void {
  hooks = installed;
}

export function gradHooks(): GradHooks {
  return hooks;
}

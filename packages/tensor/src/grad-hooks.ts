import { GradError } from "./errors.ts";
import { Tensor, type GradNode } from "./tensor.ts";

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
  /**
   * Gives a view whose base was changed in place its new place on the tape; false for a stale tensor, which shares its elements with one
   * that was changed but is no view of it.
   */
  bringUpToDate(x: Tensor): boolean;
  /** Throws GradError `tape/stale-view`. */
  refuseStale(op: string, x: Tensor): void;
  /** Puts a tensor that was changed in place behind the node that says how. */
  moveTo(x: Tensor, node: GradNode | null): void;
  backward(output: Tensor, gradient: Tensor | null, options: BackwardOptions): void;
  retainGrad(x: Tensor): void;
  registerHook(x: Tensor, hook: (gradient: Tensor) => Tensor | void): () => void;
}

function missing(): never {
  throw new GradError({ op: "backward", fact: "the tape is not loaded", hint: 'import "tapegrad" or "@tapegrad/autograd"', code: "backward/no-tape" });
}

let hooks: GradHooks = {
  isRecording: () => false,
  bringUpToDate: () => true,
  refuseStale: () => undefined,
  moveTo: missing,
  backward: missing,
  retainGrad: missing,
  registerHook: missing,
};

export function setGradHooks(installed: GradHooks): void {
  hooks = installed;
  Tensor.bringUpToDate = installed.bringUpToDate;
}

export function gradHooks(): GradHooks {
  return hooks;
}

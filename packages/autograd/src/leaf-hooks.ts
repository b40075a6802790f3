import type { Tensor } from "@tapegrad/tensor";
import type { GradientHook } from "./node.ts";

/** Hooks of leaves, which have no node to keep them. */
const hooks = new WeakMap<Tensor, readonly GradientHook[]>();
/** Programs without such hooks do not pay for looking them up. */
let areThereAny = false;

/** The hooks of a leaf, or null. */
export function hooksOfLeaf(leaf: Tensor): readonly GradientHook[] | null {
  return areThereAny ? (hooks.get(leaf) ?? null) : null;
}

/** Adds a hook, and returns what removes it. */
export function hookLeaf(leaf: Tensor, hook: GradientHook): () => void {
  areThereAny = true;
  // A function of its own: a hook that was added twice is removed once.
  const own: GradientHook = (gradient) => hook(gradient);
  hooks.set(leaf, [...(hooks.get(leaf) ?? []), own]);
  return () => {
    hooks.set(leaf, (hooks.get(leaf) ?? []).filter((other) => other !== own));
  };
}

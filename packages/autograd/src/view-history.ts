import { baseOf, formatShape, GradError, part, placeIn, type GradNode, type Tensor } from "@tapegrad/tensor";
import { isGradEnabled, setGradEnabled } from "./grad-mode.ts";
import type { Node } from "./node.ts";

/*
 * Views and changes in place, as in PyTorch: a view knows its base, which is no view itself. A recorded change of any of them is one of the
 * base, which gets a node for it (in-place.ts of the tensor package); the views find out by the storage's `recordedVersion` when they are
 * used next, and get a new node behind the base's.
 */

/** Says what a new view is a view of. One that nobody recorded keeps nothing alive but its elements. */
export function noteView(view: Tensor, of: Tensor): void {
  if (isGradEnabled() && of.unrecordedView === "no") view.base = baseOf(of);
  else view.unrecordedView = of.requiresGrad || of.unrecordedView === "tracked" ? "tracked" : "constant";
}

/** Whether a tensor stands on the tape for the elements that it has; a view whose base was changed is given its new place for that. */
export function bringUpToDate(x: Tensor): boolean {
  const { recordedVersion } = x.storage;
  if (x.viewVersion >= recordedVersion) return true;
  const base = baseOf(x);
  if (base === x || base.viewVersion < recordedVersion || x.leafRequiresGrad) return false;
  const before = isGradEnabled();
  setGradEnabled(true);
  try {
    moveTo(x, part(base, placeIn(base, x)).node);
  } finally {
    setGradEnabled(before);
  }
  return true;
}

/** Puts a tensor behind another node, with the elements that it has now. It keeps the gradient of these, if any (as PyTorch). */
export function moveTo(x: Tensor, node: GradNode | null): void {
  const before = x.node as Node | null;
  if (before?.retained === x && node !== null) {
    before.retained = null;
    (node as Node).retained = x;
  }
  x.node = node;
  x.viewVersion = x.storage.recordedVersion;
}

/** Throws GradError `tape/stale-view`. */
export function refuseStale(op: string, x: Tensor): void {
  if (x.viewVersion >= x.storage.recordedVersion || bringUpToDate(x)) return;
  throw new GradError({
    op,
    fact: `a tensor ${formatShape(x.shape)} shares its elements with one that was changed in place on the tape; its own gradient would be wrong`,
    hint: "go on with the tensor that was changed, or with a view of it that is taken now",
    code: "tape/stale-view",
    data: { op, shape: x.shape },
  });
}

import { inTheNameOf, TapegradError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { broadcastShapes, formatShape, sameShape } from "../shape.ts";
import { describe, requireTensor, type Tensor } from "../tensor.ts";
import { emitWarning } from "../warning.ts";
import { sub } from "./arithmetic.ts";
import { square } from "./exponential.ts";
import { mseLossRules, type MSELossOptions } from "./loss-options.ts";
import { mean, sum } from "./sum.ts";

let hasWarned = false;

/**
 * Mean squared error.
 *
 * Shapes    input, target broadcast to the unreduced losses, with a warning, told once, where they differ -> [] or, unreduced, that shape
 * Gradient  dInput = 2 (input - target) dOut / n
 * Throws    ShapeError `mseLoss/broadcast`, IndexError `mseLoss/option`, ArgumentError `mseLoss/unknown-option`
 * Source    as PyTorch
 * @example
 * mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export function mseLoss(input: Tensor, target: Tensor, options: MSELossOptions = {}): Tensor {
  requireTensor("mseLoss", "input", input);
  requireTensor("mseLoss", "target", target);
  checkOptions("mseLoss", options, mseLossRules);
  const { reduction = "mean" } = options;
  if (!sameShape(input.shape, target.shape)) warnOfBroadcast(input, target);
  return inTheNameOf("mseLoss", () => {
    const losses = square(sub(input, target));
    if (reduction === "none") return losses;
    return reduction === "sum" ? sum(losses) : mean(losses);
  });
}

function warnOfBroadcast(input: Tensor, target: Tensor): void {
  const shape = broadcastShapes("mseLoss", input.shape, target.shape, ["input", "target"]);
  if (hasWarned) return;
  hasWarned = true;
  emitWarning(new TapegradError({
    op: "mseLoss",
    fact: `input ${formatShape(input.shape)} and target ${formatShape(target.shape)} differ, and make ${formatShape(shape)} losses: each is compared with several of the other's elements`,
    details: [describe("input", input), describe("target", target)],
    hint: "reshape one of them; or expand it, if this is meant",
    code: "mseLoss/shapes-differ",
  }));
}

import { formatShape, GradError, isHalf, lastStorageSerial, pushInterpreter, sameElements, type Interpreter, type Op, type OpCall, type Tensor } from "@tapegrad/tensor";
import { isGradEnabled } from "./grad-mode.ts";
import { Node } from "./node.ts";

/** The interpreter that records: an op with an input that requires grad leaves a node behind its output. */
class Tape implements Interpreter {
  readonly #below: Interpreter;

  constructor(below: Interpreter) {
    this.#below = below;
  }

  run(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, call: OpCall): Tensor {
    if (!op.differentiable || !isGradEnabled() || !needsRecording(op, inputs)) return this.#below.run(op, inputs, attrs, call);
    const node = new Node(op, inputs, attrs);
    const newest = lastStorageSerial();
    let out = this.#below.run(op, inputs, attrs, node);
    // What was there before, such as a constant in `attrs`, stays off the tape.
    if (!op.view && out.storage.serial <= newest) out = sameElements(out);
    if (out.dtype === "float32" || out.dtype === "float64" || isHalf(out.dtype)) {
      node.setOutput(out);
      out.node = node;
    } else node.release();
    return out;
  }
}

function needsRecording(op: Op, inputs: readonly (Tensor | null)[]): boolean {
  let needed = false;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i] as Tensor | null;
    if (x === null) continue;
    refuseStaleView(op.name, x);
    if (x.requiresGrad) needed = true;
  }
  return needed;
}

/** Throws GradError `tape/stale-view`. */
export function refuseStaleView(op: string, x: Tensor): void {
  if (x.viewVersion >= x.storage.recordedVersion) return;
  throw new GradError({
    op,
    fact: `a tensor ${formatShape(x.shape)} shares its elements with one that was changed in place on the tape; its own gradient would be wrong`,
    hint: "take the view again after the change",
    code: "tape/stale-view",
    data: { op, shape: x.shape },
  });
}

pushInterpreter((below) => new Tape(below));

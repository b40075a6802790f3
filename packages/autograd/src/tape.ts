import { isHalf, lastStorageSerial, pushInterpreter, sameElements, type Interpreter, type Op, type OpCall, type Tensor } from "@tapegrad/tensor";
import { isGradEnabled } from "./grad-mode.ts";
import { Node } from "./node.ts";
import { noteView, refuseStale } from "./view-history.ts";

/** The interpreter that records: an op with an input that requires grad leaves a node behind its output. */
class Tape implements Interpreter {
  readonly #below: Interpreter;

  constructor(below: Interpreter) {
    this.#below = below;
  }

  run(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, call: OpCall): Tensor {
    if (!op.differentiable || !isGradEnabled() || !needsRecording(op, inputs)) {
      const out = this.#below.run(op, inputs, attrs, call);
      if (op.view) noteView(out, inputs[0] as Tensor);
      return out;
    }
    const node = new Node(op, inputs, attrs);
    const newest = lastStorageSerial();
    let out = this.#below.run(op, inputs, attrs, node);
    if (op.view) noteView(out, inputs[0] as Tensor);
    // What was there before, such as a constant in `attrs`, stays off the tape.
    else if (out.storage.serial <= newest) out = sameElements(out);
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
    refuseStale(op.name, x);
    if (x.node !== null || x.leafRequiresGrad) needed = true;
  }
  return needed;
}

pushInterpreter((below) => new Tape(below));

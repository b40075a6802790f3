import { isHalf, lastStorageSerial, pushTape, sameElements, type Interpreter, type Op, type OpCall, type OpResult, type Tensor } from "@tapegrad/tensor";
import { isGradEnabled } from "./grad-mode.ts";
import { Node } from "./node.ts";
import { noteView, refuseStale } from "./view-history.ts";

/** The interpreter that records: an op with an input that requires grad leaves a node behind its output. */
class Tape implements Interpreter {
  readonly #below: Interpreter;

  constructor(below: Interpreter) {
    this.#below = below;
  }

  run(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, call: OpCall): OpResult {
    if (!op.differentiable || !isGradEnabled() || !needsRecording(op, inputs)) {
      const out = this.#below.run(op, inputs, attrs, call);
      if (op.view) noteViews(out, inputs[0] as Tensor);
      return out;
    }
    const node = new Node(op, inputs, attrs);
    const newest = lastStorageSerial();
    if (op.isMany) return this.#recordMany(node, inputs, newest);
    let out = this.#below.run(op, inputs, attrs, node) as Tensor;
    if (op.view) noteView(out, inputs[0] as Tensor);
    // What was there before, such as a constant in `attrs`, stays off the tape.
    else if (out.storage.serial <= newest) out = sameElements(out);
    if (out.dtype === "float32" || out.dtype === "float64" || isHalf(out.dtype)) {
      node.setOutput(out);
      out.node = node;
    } else node.release();
    return out;
  }

  #recordMany(node: Node, inputs: readonly (Tensor | null)[], newest: number): readonly Tensor[] {
    const { op, attrs } = node;
    const outs = this.#below.run(op, inputs, attrs, node) as readonly Tensor[];
    if (op.view) noteViews(outs, inputs[0] as Tensor);
    const own = op.view ? outs : outs.map((out) => (out.storage.serial <= newest ? sameElements(out) : out));
    node.setOutputs(own);
    return own;
  }
}

function noteViews(views: OpResult, of: Tensor): void {
  if (!Array.isArray(views)) noteView(views as Tensor, of);
  else for (const view of views as readonly Tensor[]) noteView(view, of);
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

pushTape((below) => new Tape(below));

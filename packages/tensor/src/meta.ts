import { metaStorage } from "./compute/memory.ts";
import { unsupported, takes } from "./execute.ts";
import { callable } from "./option-rules.ts";
import { checkArgument } from "./options.ts";
import type { Interpreter, Op, OpResult, OutputSpec } from "./op-spec.ts";
import { pushInterpreter } from "./interpreters.ts";
import { sizeOf } from "./shape.ts";
import { Tensor } from "./tensor.ts";

const metaTensor = ({ shape, dtype }: OutputSpec): Tensor => new Tensor(metaStorage(dtype, sizeOf(shape)), shape);

/** Runs the ops' rules of shape and dtype, which read no elements, and nothing else. */
const interpreter: Interpreter = {
  run(op: Op, inputs, attrs): OpResult {
    const [first] = inputs;
    if (first !== null && first !== undefined && !takes(op, first.dtype)) throw unsupported(op, inputs);
    const spec = op.infer(inputs, attrs);
    // What would be changed in place stays as it is.
    if (op.changes[0] !== undefined && op.changes[0] === op.inputs[0]) return first as Tensor;
    return Array.isArray(spec) ? (spec as readonly OutputSpec[]).map(metaTensor) : metaTensor(spec as OutputSpec);
  },
};

/**
 * Runs a function on shapes and dtypes alone: every op in it checks its operands and gives a meta tensor, which has no elements (as PyTorch's
 * `meta` device). So one learns what comes out of a network, or that it does not fit together, without computing it. Nothing is recorded and
 * nothing is changed: neither parameters nor running statistics. Functions that make tensors make real ones.
 *
 * Throws    IndexError `onMeta/option`, and what `run` throws: MemoryError `meta/elements` where it reads elements, as `item()` does
 * @example
 * const out = onMeta(() => zeros([64, 1000]).matmul(zeros([1000, 10])).relu());
 * out.shape; // [64, 10]
 * out.isMeta; // true
 */
export function onMeta<T>(run: () => T): T {
  checkArgument("onMeta", "run", run, callable);
  const remove = pushInterpreter(() => interpreter);
  try {
    return run();
  } finally {
    remove();
  }
}

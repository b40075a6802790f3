import { isHalf, type DType } from "@tapegrad/kernels";
import { enterScope, leaveScope, type Storage } from "./compute/memory.ts";
import { castKernel } from "./compute/cast.ts";
import { DTypeError } from "./errors.ts";
import { inputName, unrecorded, type Interpreter, type Op, type OpCall, type OpResult, type OutputSpec } from "./op-spec.ts";
import { describe, sameElements, Tensor } from "./tensor.ts";

/** How many ops are running their `forward`: what that calls is part of it, which no interpreter sees. */
export let runningForwards = 0;

/** The bottom of the interpreter stack: checks an op's inputs and runs its kernels. */
export const executor: Interpreter = {
  run(op, inputs, attrs, call) {
    const isScoped = makesTemporaries(op, inputs);
    const first = inputs[0];
    if (first !== null && first !== undefined && !takes(op, first.dtype)) throw unsupported(op, inputs);
    const spec = op.infer(inputs, attrs);
    let out: OpResult;
    runningForwards++;
    try {
      out = isScoped ? runScoped(op, inputs, attrs, spec, call) : op.forward(inputs, attrs, spec, call);
    } finally {
      runningForwards--;
    }
    if (call === unrecorded && call.aux !== null) releaseAux(call);
    if (op.changes.length > 0) return out;
    // Else what happens to the result, its place on the tape before all, would happen to the input.
    if (op.isMany) return (out as readonly Tensor[]).map((one, i, outs) => (inputs.includes(one) || outs.indexOf(one) < i ? sameElements(one) : one));
    for (let i = 0; i < inputs.length; i++) if (inputs[i] === out) return sameElements(out);
    return out;
  },
};

/** Lists of dtypes begin with the commonest one: in small ops, looking through them would show. */
export function takes(op: Op, dtype: DType): boolean {
  return op.dtypes[0] === dtype || op.dtypes.includes(dtype);
}

/**
 * Whether `forward` will copy or cast inputs first, so that there is something to clean up. Throws TypeError for inputs that
 * are no tensors of this copy of the library: every one is looked at, before anything else is done.
 */
function makesTemporaries(op: Op, inputs: readonly (Tensor | null)[]): boolean {
  let found = op.scoped;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i] as Tensor | null;
    if (x !== null && (!Tensor.isRowMajor(x) || (isHalf(x.dtype) && !op.halfNative))) found = true;
  }
  return found && !op.view;
}

/** Runs `forward` in the dtype that it takes. */
function runCast(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, spec: OutputSpec | readonly OutputSpec[], call: OpCall): OpResult {
  const half = !op.halfNative && inputs.some((x) => x !== null && isHalf(x.dtype));
  return half ? runInFloat32(op, inputs, attrs, spec, call) : op.forward(inputs, attrs, spec, call);
}

/** Runs `forward` and frees at once all that it made except its result and what it keeps for `backward`. */
function runScoped(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, spec: OutputSpec | readonly OutputSpec[], call: OpCall): OpResult {
  if (op.unscoped) return runCast(op, inputs, attrs, spec, call);
  const outer = enterScope();
  const survivors = new Set<Storage>();
  try {
    const out = runCast(op, inputs, attrs, spec, call);
    for (const one of listOf(out)) survivors.add(one.storage);
    for (const tensor of call.aux ?? []) survivors.add(tensor.storage);
    return out;
  } finally {
    leaveScope(outer, survivors);
  }
}

/** float16 and bfloat16 are storage formats: the op runs in float32 and its result is rounded once. */
function runInFloat32(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, spec: OutputSpec | readonly OutputSpec[], call: OpCall): OpResult {
  // What is changed in place is brought to the kernel's dtype, and back, by the op itself.
  const wide = inputs.map((x, i) => (x !== null && isHalf(x.dtype) && !op.changes.includes(inputName(op, i)) ? castKernel(x, "float32") : x));
  const out = op.forward(wide, attrs, op.infer(wide, attrs), call);
  const specs = listOf(spec);
  const rounded = listOf(out).map((one, i) => {
    const { dtype } = specs[i] as OutputSpec;
    return isHalf(dtype) && one.dtype !== dtype ? castKernel(one, dtype) : one;
  });
  return op.isMany ? rounded : (rounded[0] as Tensor);
}

const listOf = <T>(oneOrMany: T | readonly T[]): readonly T[] => (Array.isArray(oneOrMany) ? (oneOrMany as readonly T[]) : [oneOrMany as T]);

function releaseAux(call: OpCall): void {
  for (const tensor of call.aux ?? []) tensor.storage.free();
  call.aux = null;
}

export function unsupported(op: Op, inputs: readonly (Tensor | null)[]): DTypeError {
  return new DTypeError({
    op: op.name,
    fact: `dtype ${inputs[0]?.dtype} is not supported; use one of ${op.dtypes.join(", ")}`,
    details: inputs.flatMap((x, i) => (x === null ? [] : [describe(inputName(op, i), x)])),
    code: `${op.name}/dtype`,
    data: { dtype: inputs[0]?.dtype },
  });
}

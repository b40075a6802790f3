import type { HostArray } from "./compute/memory.ts";
import { ArgumentError, ShapeError } from "./errors.ts";
import { checkArgument } from "./options.ts";
import { callable } from "./option-rules.ts";
import { describe, requireTensor, type Tensor } from "./tensor.ts";

/**
 * Lets native code work on tensors' own memory, also after this call has returned: until the promise of `run` is settled the elements stay
 * where they are, whatever is computed meanwhile. `run` gets an array over the elements of each, row-major: 16-bit floats as their patterns,
 * bool as bytes. An address is otherwise good until the next op only.
 *
 * What native code changes is counted as a change in place, when it is done; the tape does not see it.
 *
 * Throws    ArgumentError `withAddress/tensors`, `withAddress/option`, `tapegrad/not-a-tensor`; ShapeError `withAddress/strides`
 * @example
 * const x = tensor([1, 2, 3]);
 * await withAddress([x], async ([elements]) => { elements[0] = 10; });
 * x.toArray(); // [10, 2, 3]
 */
export async function withAddress<T>(tensors: readonly Tensor[], run: (elements: readonly HostArray[]) => Promise<T> | T): Promise<T> {
  if (!Array.isArray(tensors)) throw new ArgumentError({ op: "withAddress", fact: "tensors must be a list of tensors", code: "withAddress/tensors" });
  checkArgument("withAddress", "run", run, callable);
  tensors.forEach((x, i) => requireDense(x, `tensors[${i}]`));
  const pinned: (() => void)[] = [];
  try {
    for (const x of tensors) pinned.push(x.storage.pin());
    return await run(tensors.map((x) => x.storage.elements.subarray(x.offset, x.offset + x.numel())));
  } finally {
    for (const letGo of pinned) letGo();
    for (const x of tensors) x.storage.version++;
  }
}

function requireDense(x: Tensor, name: string): void {
  requireTensor("withAddress", name, x);
  if (x.isContiguous()) return;
  throw new ShapeError({
    op: "withAddress",
    fact: `the elements of ${name} do not lie one after another`,
    details: [describe(name, x)],
    hint: "give it a copy: x.contiguous()",
    code: "withAddress/strides",
    data: { strides: x.strides },
  });
}

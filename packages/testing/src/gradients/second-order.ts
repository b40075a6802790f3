import { grad, inputVariable } from "@tapegrad/autograd";
import { inTheNameOf, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import type { Subject } from "./subject.ts";
import type { NamedTensor } from "./tensor-tree.ts";

/**
 * The gradients of a function, as a function of what it is a function of and of the upstream gradients: its first derivatives are the
 * second ones. `torch.autograd.gradgradcheck` takes them so too.
 */
export function gradientsOf(op: string, subject: Subject): Subject {
  const outputs = subject.run();
  const upstream = outputs.map(({ tensor: x }, i) => tensor(pattern(x.numel(), i), { shape: x.shape, requiresGrad: true }));
  return {
    variables: [...subject.variables, ...outputs.map(({ name }, i) => inputVariable(`the upstream gradient of ${name}`, upstream, [i]))],
    run() {
      const leaves = subject.variables.map((variable) => variable.current());
      const recorded = subject.run().map(({ tensor: x }, i) => [x, upstream[i] as Tensor] as const).filter(([x]) => x.requiresGrad);
      const options = { gradOutputs: recorded.map(([, dOut]) => dOut), allowUnused: true, createGraph: true } as const;
      const found = inTheNameOf(op, () => grad(recorded.map(([x]) => x), leaves, options));
      return found.map((gradient, k): NamedTensor => {
        const leaf = leaves[k] as Tensor;
        return { name: `(gradient of ${subject.variables[k]?.name})`, tensor: gradient ?? zeros(leaf.shape, { dtype: leaf.dtype }) };
      });
    },
    restore: () => subject.restore(),
  };
}

/** Distinct numbers from -1 to 1 in no order. */
function pattern(size: number, seed: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => ((i * 7919 + (seed + 1) * 1237) % 9973) / 5000 - 1);
}

import { checkArgument, GradError, makeOp, optionRules, sameElements, type OneOutput, type Tensor } from "@tapegrad/tensor";
import { Node } from "./node.ts";

const marked = new WeakSet<object>();

/**
 * Marks the `backward` of a `Function` that computes in a way that cannot be recorded, with typed arrays for instance. Its gradients can be
 * had; differentiating them, which would find no trace of what they depend on, is an error.
 *
 * Throws    GradError `function/once-differentiable`, by a backward pass through the gradient
 * Source    as PyTorch, which however takes the gradient for a constant where the upstream one is, and where `grad` is asked for it
 * @example
 * class Cube extends Function {
 *   static forward(ctx: FunctionContext<[x: Tensor]>, x: Tensor): Tensor {
 *     ctx.saveForBackward(x);
 *     return x.pow(3);
 *   }
 *   static backward = onceDifferentiable((ctx: FunctionContext<[x: Tensor]>, dOut: Tensor) => {
 *     const [x] = ctx.savedTensors;
 *     return tensor(x.toTypedArray("float32").map((value) => 3 * value * value), { shape: x.shape }).mul(dOut);
 *   });
 * }
 * const x = tensor([2], { requiresGrad: true });
 * const [dx] = grad([Cube.apply(x).sum()], [x], { createGraph: true });
 * dx.toArray(); // [12]
 * grad([dx.sum()], [x]); // throws function/once-differentiable
 */
export function onceDifferentiable<F extends (...args: never[]) => unknown>(backward: F): F {
  checkArgument("onceDifferentiable", "backward", backward, optionRules.callable);
  marked.add(backward);
  return backward;
}

export function isOnceDifferentiable(backward: object): boolean {
  return marked.has(backward);
}

/** What stands behind a gradient that was computed unrecorded. It leads to all that this may depend on, so that a backward pass comes by. */
const unrecordedGradient = makeOp<readonly ["inputs..."], string, readonly [], OneOutput>({
  name: "onceDifferentiable",
  inputs: ["inputs..."],
  saves: [],
  infer: ([x]) => x as Tensor,
  forward: ([x]) => x as Tensor,
  backward: {
    inputs: (_, { attrs }) => {
      throw new GradError({
        op: attrs,
        fact: "its backward is marked onceDifferentiable: the gradient that it gave cannot be differentiated",
        hint: "leave out createGraph, or write backward in ordinary ops and without the mark",
        code: "function/once-differentiable",
      });
    },
  },
  samples: () => [],
});

/** The same gradient, with a place on the tape behind the node that it came from and the gradients that came in. */
export function refuseSecondDerivative(gradient: Tensor, name: string, from: Node, given: readonly (Tensor | null)[]): Tensor {
  const own = sameElements(gradient);
  const anchor = sameElements(gradient);
  anchor.node = from;
  const node = new Node(unrecordedGradient, [anchor, ...given], name);
  node.setOutput(own);
  own.node = node;
  return own;
}

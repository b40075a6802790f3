import { checkArgument, optionRules, requireTensor, type Tensor } from "@tapegrad/tensor";
import type { Node } from "./node.ts";

/** What `saveForBackward` takes: tensors, and nulls in the place of those that are left out. */
export type SavedTensors = readonly (Tensor | null)[];

/**
 * What the `forward` of a `Function` leaves for its `backward`: one for each call. `Saved` names the saved tensors:
 * `FunctionContext<[x: Tensor, out: Tensor]>`. An interface that extends it declares fields of its own, for all that is no tensor.
 */
export class FunctionContext<Saved extends SavedTensors = readonly Tensor[]> {
  /** For each argument of `apply`, whether it is a tensor that requires grad. A gradient that nobody needs need not be computed. */
  readonly needsInputGrad: readonly boolean[];
  readonly #name: string;
  #saved: SavedTensors = [];
  #node: Node | null = null;
  #undefinedAsZeros = true;
  readonly #nonDifferentiable = new Set<Tensor>();

  /** @internal */
  constructor(name: string, needsInputGrad: readonly boolean[]) {
    this.#name = name;
    this.needsInputGrad = needsInputGrad;
  }

  /**
   * Saves tensors for `backward`: inputs and outputs; others are constants when the gradient is differentiated in turn. Checked for changes in
   * place, and released once `backward` has run. Called again, it replaces what was saved.
   *
   * Throws    ArgumentError `tapegrad/not-a-tensor`
   */
  saveForBackward(...tensors: Saved): void {
    for (const [i, x] of tensors.entries()) if (x !== null) requireTensor(this.#name, `saved tensor ${i}`, x);
    this.#saved = tensors;
  }

  /** What was saved. Throws GradError `backward/released`, `backward/changed`. */
  get savedTensors(): Saved {
    return (this.#node === null ? this.#saved : this.#node.savedList()) as Saved;
  }

  /** Says of outputs that they have no gradient. They come out as constants; `backward` gets zeros for them. */
  markNonDifferentiable(...outputs: readonly Tensor[]): void {
    for (const [i, x] of outputs.entries()) {
      requireTensor(this.#name, `output ${i}`, x);
      this.#nonDifferentiable.add(x);
    }
  }

  /** Whether `backward` gets zeros for outputs that nothing depends on; null if not. It does unless told. */
  setMaterializeGrads(on: boolean): void {
    checkArgument("setMaterializeGrads", "on", on, optionRules.boolean);
    this.#undefinedAsZeros = on;
  }

  /** @internal */
  get materializesGrads(): boolean {
    return this.#undefinedAsZeros;
  }

  /** @internal */
  isNonDifferentiable(output: Tensor): boolean {
    return this.#nonDifferentiable.has(output);
  }

  /** The tape takes over what was saved. @internal */
  handOver(node: Node): void {
    if (this.#saved.length === 0) return;
    node.save(this.#saved);
    this.#node = node;
    this.#saved = [];
  }
}

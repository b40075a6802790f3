import { noGrad, randn, tensor, type NestedArray, type Tensor } from "tapegrad";
import { numericGradient, relativeError } from "./numeric-gradient.ts";

/** What a check compares. */
export type CheckKind = "figure" | "tape" | "numeric";

export interface CheckResult {
  readonly name: string;
  readonly kind: CheckKind;
  readonly error: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

/** A layer written out by hand, and what to try it on. */
export interface LayerCase<Cache> {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly forward: (...inputs: Tensor[]) => [out: Tensor, cache: Cache];
  /** Gradients of the inputs, in their order. */
  readonly backward: (dOut: Tensor, cache: Cache) => readonly Tensor[];
  /** The same layer as the framework has it. */
  readonly framework?: (...inputs: Tensor[]) => Tensor;
}

/** Hand-written and tape gradients differ by no more than this, in float64. */
const tapeTolerance = 1e-10;
/** The numeric gradient's own error, about h² and 1e-16 / h, is what this leaves room for. */
const numericTolerance = 1e-6;

/** Collects comparisons, so that one miss does not hide the next. */
export class Checks {
  readonly results: CheckResult[] = [];

  get missed(): readonly CheckResult[] {
    return this.results.filter(({ passed }) => !passed);
  }

  /** The largest error of one kind. */
  largest(kind: CheckKind): number {
    return Math.max(...this.results.filter((result) => result.kind === kind).map(({ error }) => error));
  }

  /** A printed result of the course. */
  figure(name: string, found: Tensor, expected: NestedArray, tolerance = 1e-8): void {
    this.#add(name, "figure", difference(found, tensor(expected, { dtype: found.dtype })), tolerance);
  }

  /** Two ways to the same gradient. */
  tape(name: string, byHand: Tensor, byTape: Tensor | null): void {
    this.#add(name, "tape", byTape === null ? NaN : difference(byHand, byTape), tapeTolerance);
  }

  /**
   * A layer's backward pass against the tape through its own forward pass, against the tape through the framework's layer,
   * and against the numeric gradient.
   */
  layer<Cache>({ name, inputs, forward, backward, framework }: LayerCase<Cache>): void {
    const [out, cache] = forward(...inputs);
    const dOut = randn(out.shape, { dtype: "float64" });
    const byHand = noGrad(() => backward(dOut, cache));
    const byTape = tapeGradients((...leaves) => forward(...leaves)[0], inputs, dOut);
    byHand.forEach((gradient, i) => this.tape(`${name} d${i}`, gradient, byTape[i] ?? null));
    if (framework !== undefined) {
      this.#add(`${name} out`, "tape", difference(out, framework(...inputs)), tapeTolerance);
      const byFramework = tapeGradients(framework, inputs, dOut);
      byHand.forEach((gradient, i) => this.tape(`${name} framework d${i}`, gradient, byFramework[i] ?? null));
    }
    byHand.forEach((gradient, i) => {
      const input = inputs[i];
      if (input === undefined) return;
      const replaced = (x: Tensor): Tensor => forward(...inputs.map((other, k) => (k === i ? x : other)))[0];
      this.#add(`${name} d${i}`, "numeric", relativeError(gradient, numericGradient(replaced, input, dOut)), numericTolerance);
    });
  }

  #add(name: string, kind: CheckKind, error: number, tolerance: number): void {
    this.results.push({ name, kind, error, tolerance, passed: error <= tolerance });
  }
}

function tapeGradients(run: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], dOut: Tensor): (Tensor | null)[] {
  const leaves = inputs.map((input) => input.detach().clone().requiresGrad_());
  run(...leaves).backward(dOut);
  return leaves.map((leaf) => leaf.grad);
}

/** The largest |a - b|; NaN where the shapes differ. */
function difference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return NaN;
  return a.sub(b).abs().max().item();
}

import { noGrad, randn, tensor, type NestedArray, type Tensor } from "tapegrad";
import { CheckError } from "../training/check.ts";
import { largestDifference, relativeError } from "./differences.ts";
import { numericGradient } from "./numeric-gradient.ts";

/** What a check compares. */
export type CheckKind = "figure" | "sanity" | "tape" | "numeric";

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
  /** By name, in the order that `forward` takes them. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly forward: (...inputs: Tensor[]) => [out: Tensor, cache: Cache];
  /** Gradients of the inputs, in their order. */
  readonly backward: (dOut: Tensor, cache: Cache) => readonly Tensor[];
  /** The same layer as the framework has it. */
  readonly framework?: (...inputs: Tensor[]) => Tensor;
}

const figureTolerance = 1e-8;
/** Hand-written and tape gradients differ by no more than this, in float64. */
const tapeTolerance = 1e-10;
/** The numeric gradient rounds; where an element of the gradient is small, that is much of it. */
const numericTolerance = 1e-6;

/** Collects comparisons, so that one miss does not hide the next. */
export class Checks {
  readonly results: CheckResult[] = [];

  get missed(): readonly CheckResult[] {
    return this.results.filter(({ passed }) => !passed);
  }

  /** Throws CheckError that names what missed. */
  requireAll(): void {
    if (this.missed.length === 0) return;
    const names = this.missed.map(({ name, kind, error }) => `${name} (${kind}, ${error.toExponential(2)})`);
    throw new CheckError(`${this.missed.length} of ${this.results.length} checks missed: ${names.join(", ")}`);
  }

  /** The largest error of one kind. */
  largest(kind: CheckKind): number {
    return Math.max(...this.results.filter((result) => result.kind === kind).map(({ error }) => error));
  }

  /** A result that the course prints, to its 8 digits. */
  figure(name: string, found: Tensor, expected: NestedArray): void {
    this.#add(name, "figure", largestDifference(found, tensor(expected, { dtype: found.dtype })), figureTolerance);
  }

  /** A value that is only roughly to be expected. */
  sanity(name: string, found: Tensor, expected: number, tolerance: number): void {
    this.#add(name, "sanity", Math.abs(found.item() - expected), tolerance);
  }

  /** Two ways to the same result. */
  tape(name: string, byHand: Tensor, byTape: Tensor | null): void {
    this.#add(name, "tape", byTape === null ? NaN : largestDifference(byHand, byTape), tapeTolerance);
  }

  /**
   * A layer's backward pass against the tape through its own forward pass, against the tape through the framework's layer,
   * and against the numeric gradient.
   */
  layer<Cache>({ name, inputs, forward, backward, framework }: LayerCase<Cache>): void {
    const names = Object.keys(inputs);
    const values = Object.values(inputs);
    const [out, cache] = forward(...values);
    const dOut = randn(out.shape, { dtype: "float64" });
    const byHand = noGrad(() => backward(dOut, cache));
    const byTape = tapeGradients((...leaves) => forward(...leaves)[0], values, dOut);
    byHand.forEach((gradient, i) => this.tape(`${name} d${names[i]}`, gradient, byTape[i] ?? null));
    if (framework !== undefined) {
      this.tape(`${name}, framework's out`, out, framework(...values));
      const byFramework = tapeGradients(framework, values, dOut);
      byHand.forEach((gradient, i) => this.tape(`${name}, framework's d${names[i]}`, gradient, byFramework[i] ?? null));
    }
    values.forEach((value, i) => {
      const gradient = byHand[i];
      const moved = (x: Tensor): Tensor => forward(...values.with(i, x))[0];
      const error = gradient === undefined ? NaN : relativeError(gradient, numericGradient(moved, value, dOut));
      this.#add(`${name} d${names[i]}`, "numeric", error, numericTolerance);
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

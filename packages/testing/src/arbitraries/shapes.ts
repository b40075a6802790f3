import type { Arbitrary } from "fast-check";
import { ArgumentError, checkOptions, optionRules, type OptionRules, type Shape } from "@tapegrad/tensor";
import { fastCheckFor, type FastCheck } from "./fast-check.ts";

/** Options of `shapes`. */
export interface ShapesOptions {
  /** 0 unless told: 0-d tensors are among them. */
  readonly minRank?: number;
  /** 4 unless told. */
  readonly maxRank?: number;
  /** The least length of a dimension; 0 unless told: tensors without elements are among them. */
  readonly minLength?: number;
  /** The greatest length of a dimension; 5 unless told. */
  readonly maxLength?: number;
  /** The most elements; 64 unless told. */
  readonly maxSize?: number;
}

const shapesRules: OptionRules<ShapesOptions> = {
  minRank: optionRules.nonNegativeInteger,
  maxRank: optionRules.nonNegativeInteger,
  minLength: optionRules.nonNegativeInteger,
  maxLength: optionRules.nonNegativeInteger,
  maxSize: optionRules.nonNegativeInteger,
};

export interface Limits {
  readonly minRank: number;
  readonly maxRank: number;
  readonly minLength: number;
  readonly maxLength: number;
  readonly maxSize: number;
}

/**
 * Shapes, 0-d ones and such without elements too. They shrink to fewer and shorter dimensions; one of length 0 is kept only where the
 * failure needs it.
 *
 * Throws    ArgumentError `shapes/limits`, `shapes/unknown-option`, `testing/no-fast-check`; IndexError `shapes/option`
 * @example
 * import fc from "fast-check";
 * import { shapes } from "tapegrad/testing";
 *
 * fc.assert(fc.property(shapes({ minRank: 1, minLength: 1 }), (shape) => zeros(shape).numel() > 0));
 */
export function shapes(options: ShapesOptions = {}): Arbitrary<Shape> {
  checkOptions("shapes", options, shapesRules);
  return limitedShapes(fastCheckFor("shapes"), limitsOf("shapes", options));
}

/** What options say, with all that they leave out. Throws ArgumentError `OP/limits` where no shape is within them. */
export function limitsOf(op: string, options: ShapesOptions): Limits {
  const { minRank = 0, minLength = 0, maxSize = 64 } = options;
  const { maxRank = Math.max(4, minRank), maxLength = Math.max(5, minLength) } = options;
  const least = minLength ** minRank;
  const [problem] = [
    minRank > maxRank ? `minRank ${minRank} is above maxRank ${maxRank}` : [],
    minLength > maxLength ? `minLength ${minLength} is above maxLength ${maxLength}` : [],
    least > maxSize ? `the smallest has ${least} elements (minLength ${minLength}, minRank ${minRank}), maxSize is ${maxSize}` : [],
  ].flat();
  if (problem !== undefined) throw new ArgumentError({ op, fact: `no shape is within the limits: ${problem}`, code: `${op}/limits`, data: { ...options } });
  return { minRank, maxRank, minLength, maxLength, maxSize };
}

function limitedShapes(fc: FastCheck, { minRank, maxRank, minLength, maxLength, maxSize }: Limits): Arbitrary<Shape> {
  const usual = fc.integer({ min: Math.min(Math.max(minLength, 1), maxLength), max: maxLength });
  // Seldom 0, and not by shrinking: most properties hold for no elements, and a counterexample with some says more.
  const length = minLength === 0 && maxLength > 0 ? fc.oneof({ withCrossShrink: true }, { weight: 12, arbitrary: usual }, { weight: 1, arbitrary: fc.constant(0) }) : usual;
  return fc.array(length, { minLength: minRank, maxLength: maxRank, size: "max" }).map((lengths) => withinSize(lengths, minLength, maxSize));
}

/**
 * Leaves out dimensions, and shortens others, the first ones first, until there are no more elements than allowed; where there are none,
 * until there would be no more if it were not for those of length 0.
 */
function withinSize(lengths: readonly number[], minLength: number, maxSize: number): Shape {
  if (maxSize === 0) return lengths.with(0, 0);
  const shape = [...lengths];
  while (minLength ** shape.length > maxSize) shape.shift();
  for (const [dim, length] of shape.entries()) {
    const others = shape.reduce((size, other, i) => (i === dim ? size : size * Math.max(other, 1)), 1);
    shape[dim] = Math.min(length, Math.max(minLength, 1, Math.floor(maxSize / others)));
  }
  return shape;
}

/**
 * Pairs of shapes that broadcast together, within the limits of `shapes` for what they broadcast to: equal ones, such with fewer
 * dimensions, and such with 1 where the other has more, or nothing. They shrink to equal shapes.
 *
 * Throws    ArgumentError `broadcastablePairs/limits`, `broadcastablePairs/unknown-option`, `testing/no-fast-check`; IndexError `broadcastablePairs/option`
 * @example
 * import fc from "fast-check";
 * import { broadcastablePairs } from "tapegrad/testing";
 *
 * fc.assert(fc.property(broadcastablePairs(), ([a, b]) => equal(zeros(a).add(zeros(b)), zeros(b).add(zeros(a)))));
 */
export function broadcastablePairs(options: ShapesOptions = {}): Arbitrary<readonly [Shape, Shape]> {
  checkOptions("broadcastablePairs", options, shapesRules);
  const fc = fastCheckFor("broadcastablePairs");
  const { minRank = 0 } = options;
  return limitedShapes(fc, limitsOf("broadcastablePairs", options)).chain((whole) => {
    // Who is 1 where the other one is not; and who has no such dimension at all.
    const ones = fc.array(fc.constantFrom("neither" as const, "a" as const, "b" as const), { minLength: whole.length, maxLength: whole.length });
    const dropped = fc.integer({ min: 0, max: whole.length - Math.min(minRank, whole.length) });
    return fc.tuple(ones, dropped, fc.boolean()).map(([who, count, isFirst]): readonly [Shape, Shape] => {
      const pick = (name: "a" | "b", from: number): Shape => whole.map((length, dim) => (who[dim] === name ? 1 : length)).slice(from);
      return [pick("a", isFirst ? count : 0), pick("b", isFirst ? 0 : count)];
    });
  });
}

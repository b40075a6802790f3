import type { Arbitrary } from "fast-check";
import { checkOptions, isFloating, optionRules, type DType, type OptionRules, type Shape, type Tensor } from "@tapegrad/tensor";
import type { ElementKind } from "./elements.ts";
import { fastCheckFor, type FastCheck } from "./fast-check.ts";
import { everyLayout, tensorIn, type Layout } from "./layouts.ts";
import { planArbitrary, type PlanSettings, type TensorPlan } from "./plan-arbitrary.ts";
import { limitsOf, shapes, type ShapesOptions } from "./shapes.ts";
import { showTensor } from "./show-tensor.ts";

/** Options of `tensors`. */
export interface TensorsOptions {
  /** One or several; all of them unless told. They shrink to the first. */
  readonly dtype?: DType | readonly DType[];
  /** A shape, an arbitrary of shapes, or options of `shapes`. */
  readonly shape?: Shape | Arbitrary<Shape> | ShapesOptions;
  /** One or several; all of them unless told, but not "expanded" where values are "apart". Where a shape has no such layout, it is contiguous. */
  readonly layout?: Layout | readonly Layout[];
  /** "any" unless told; or an arbitrary of the elements. */
  readonly values?: ElementKind | Arbitrary<number>;
  /** Makes leaves of those in floating dtypes. */
  readonly requiresGrad?: boolean;
}

const everyDType: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"];

const isArbitrary = <T>(value: T): value is Extract<T, { readonly generate: unknown }> => typeof value === "object" && value !== null && "generate" in value;
const oneOrMore = <T extends string>(known: readonly T[]): OptionRules<{ readonly some: T }>["some"] => ({
  must: `one or more of ${known.join(", ")}`,
  accepts: (value) => (Array.isArray(value) ? value.length > 0 && value.every((each: T) => known.includes(each)) : known.includes(value as T)),
});

const rules: OptionRules<TensorsOptions> = {
  dtype: oneOrMore(everyDType),
  shape: { must: "a shape, an arbitrary of shapes, or options of shapes", accepts: (value) => typeof value === "object" && value !== null },
  layout: oneOrMore(everyLayout),
  values: { must: '"any", "finite", "apart" or an arbitrary of numbers', accepts: (value) => isArbitrary(value) || value === "any" || value === "finite" || value === "apart" },
  requiresGrad: optionRules.boolean,
};

const listOf = <T extends string>(one: T | readonly T[]): readonly T[] => (typeof one === "string" ? [one] : one);

/**
 * Tensors of every dtype, shape and layout: transposed, narrowed, strided and expanded views, 0-d ones, such without elements; with ties,
 * zeros of both signs, NaN, infinities, subnormal, small and large numbers. Memory around a view holds other numbers. They shrink to
 * small shapes, simple numbers and the first dtype, laid out row by row, and are printed with shape, dtype, strides and values.
 *
 * Throws    IndexError `tensors/option`; ArgumentError `tensors/unknown-option`, `testing/no-fast-check`; what `shapes` throws
 * @example
 * import fc from "fast-check";
 * import { tensors } from "tapegrad/testing";
 *
 * fc.assert(fc.property(tensors({ dtype: ["float32", "float64"] }), (x) => equal(x.neg().neg(), x.clone())));
 */
export function tensors(options: TensorsOptions = {}): Arbitrary<Tensor> {
  checkOptions("tensors", options, rules);
  const fc = fastCheckFor("tensors");
  const { shape = {}, values = "any", requiresGrad = false } = options;
  const known: OfKnownShape = {
    dtypes: listOf(options.dtype ?? everyDType),
    layouts: listOf(options.layout ?? (values === "apart" ? everyLayout.filter((layout) => layout !== "expanded") : everyLayout)),
    values,
  };
  return plans(fc, shape, known).map((plan) => {
    const x = built(plan);
    const made = requiresGrad && isFloating(x.dtype) ? x.detach().requiresGrad_() : x;
    // Says what was drawn: a property may have changed the tensor.
    return Object.defineProperty(made, fc.toStringMethod, { value: () => showTensor(built(plan)) });
  });
}

type OfKnownShape = Omit<PlanSettings, "shapes" | "limits">;

function plans(fc: FastCheck, shape: NonNullable<TensorsOptions["shape"]>, known: OfKnownShape): Arbitrary<TensorPlan> {
  // What may become of shapes that are given, only their arbitrary knows.
  if (isArbitrary(shape)) return shape.chain((own) => planArbitrary(fc, { ...known, shapes: fc.constant(own), limits: null }));
  if (isShape(shape)) return planArbitrary(fc, { ...known, shapes: fc.constant(shape), limits: null });
  const limits = limitsOf("shapes", shape);
  return planArbitrary(fc, { ...known, shapes: shapes(shape), limits });
}

const isShape = (shape: Shape | ShapesOptions): shape is Shape => Array.isArray(shape);

const built = ({ elements, shape, dtype, layout }: TensorPlan): Tensor => tensorIn(layout, elements, shape, dtype);

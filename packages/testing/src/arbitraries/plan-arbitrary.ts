import type { Arbitrary, Random, Value, Stream } from "fast-check";
import type { DType, Shape } from "@tapegrad/tensor";
import { elementOf, elementsApart, holds, simplestApart, simpler, type ElementKind } from "./elements.ts";
import type { FastCheck } from "./fast-check.ts";
import type { Layout } from "./layouts.ts";
import { cutShapes, type Cut } from "./cut-shapes.ts";
import type { Limits } from "./shapes.ts";

/** A tensor as plain data. */
export interface TensorPlan {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly layout: Layout;
  readonly elements: readonly number[];
}

export interface PlanSettings {
  readonly dtypes: readonly DType[];
  readonly shapes: Arbitrary<Shape>;
  /** What shrinking may make of a shape; null where it must stay. */
  readonly limits: Limits | null;
  readonly layouts: readonly Layout[];
  readonly values: ElementKind | Arbitrary<number>;
}

/**
 * Plans of tensors. They are one arbitrary and not a chain of them, so that they can shrink as a whole: a smaller tensor keeps the
 * elements that it is cut out of, where a chain would draw others, and the one that matters would seldom be among them.
 */
export function planArbitrary(fc: FastCheck, settings: PlanSettings): Arbitrary<TensorPlan> {
  const { dtypes, shapes, layouts, values } = settings;
  const drawn = fc.tuple(fc.constantFrom(...dtypes), shapes, fc.constantFrom(...layouts)).chain(([dtype, shape, layout]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const exactly = { minLength: size, maxLength: size, size: "max" } as const;
    const elements = values === "apart" ? elementsApart(fc, dtype, size) : fc.array(typeof values === "string" ? elementOf(fc, dtype, values) : values, exactly);
    return elements.map((numbers): TensorPlan => ({ dtype, shape, layout, elements: numbers }));
  });
  class PlanArbitrary extends fc.Arbitrary<TensorPlan> {
    override generate(random: Random, biasFactor: number | undefined): Value<TensorPlan> {
      return new fc.Value(drawn.generate(random, biasFactor).value, undefined);
    }

    override canShrinkWithoutContext(_value: unknown): _value is TensorPlan {
      return false;
    }

    override shrink(plan: TensorPlan): Stream<Value<TensorPlan>> {
      return fc.stream(smallerPlans(plan, settings)).map((smaller) => new fc.Value(smaller, undefined));
    }
  }
  return new PlanArbitrary();
}

/** Fewer elements, then the usual layout, then simpler numbers, then an earlier dtype. Each has less of something, so that shrinking ends. */
function* smallerPlans(plan: TensorPlan, settings: PlanSettings): IterableIterator<TensorPlan> {
  const { dtypes, limits, layouts, values } = settings;
  if (limits !== null) for (const cut of cutShapes(plan.shape, limits)) yield { ...plan, shape: cut.shape, elements: elementsOf(plan, cut) };
  for (const layout of layouts.slice(0, layouts.indexOf(plan.layout))) yield { ...plan, layout };
  for (const elements of simplerElements(plan, values)) yield { ...plan, elements };
  for (const dtype of dtypes.slice(0, dtypes.indexOf(plan.dtype))) {
    const elements = values === "apart" ? simplestApart(dtype, plan.elements.length) : plan.elements;
    if (elements.every((value) => holds(dtype, value))) yield { ...plan, dtype, elements };
  }
}

function elementsOf({ elements }: TensorPlan, { places }: Cut): number[] {
  return places.map((place) => elements[place] as number);
}

function* simplerElements({ dtype, elements }: TensorPlan, values: PlanSettings["values"]): IterableIterator<readonly number[]> {
  if (values === "apart") {
    const simplest = simplestApart(dtype, elements.length);
    if (simplest.some((value, i) => value !== elements[i])) yield simplest;
    return;
  }
  if (typeof values === "string" && elements.some((value) => !Object.is(value, 0))) yield elements.map(() => 0);
  for (const [i, element] of elements.entries()) {
    const candidates = typeof values === "string" ? simpler(element) : values.canShrinkWithoutContext(element) ? [...values.shrink(element, undefined)].map(({ value }) => value) : [];
    for (const value of candidates) yield elements.with(i, value);
  }
}

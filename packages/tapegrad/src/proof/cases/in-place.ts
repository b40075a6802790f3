import * as tg from "@tapegrad/tensor";
import type { Operand, Tensor } from "@tapegrad/tensor";
import { crossed, op, within, type Case, type CaseInputs, type Family, type OpCases, type Tolerances } from "../case-list.ts";
import { of, type Input } from "../input.ts";
import { bounded, everyDType, floats, strided } from "./operand-lists.ts";

/** A copy is changed, as a whole or through a view of a part of it; the copy is what is compared. */
type View = "transpose" | "narrow" | "select" | "step" | "expand";
type InPlace = { readonly view?: View; readonly value?: number; readonly min?: number; readonly max?: number };

const views: Readonly<Record<View, (x: Tensor) => Tensor>> = {
  transpose: (x) => tg.transpose(x, 0, -1),
  narrow: (x) => tg.narrow(x, 0, 1, x.size(0) - 1),
  select: (x) => tg.select(x, -1, 0),
  step: (x) => tg.slice(x, 0, 0, Infinity, 2),
  expand: (x) => tg.expand(tg.unsqueeze(x, 0), [2, ...x.shape]),
};
const viewNames = Object.keys(views) as readonly View[];

function changed(x: Tensor, view: View | undefined, change: (part: Tensor) => unknown): Tensor {
  const whole = tg.clone(x);
  change(view === undefined ? whole : views[view](whole));
  return whole;
}

const constant: Partial<Input> = { constant: true };

/** Operands of `x.op_(b)`: on the tape and off it, broadcast, strided, mixed, and numbers. */
const pairs: readonly CaseInputs[] = [
  ...[[[], []], [[1], [1]], [[5], [5]], [[17], []], [[2, 3], [3]], [[2, 3], [2, 1]], [[0], [0]], [[2, 0], [1]], [[3, 4], [1, 1]], [[3], [2, 3]], [[1], [3]], [[2], [3]]].flatMap(([x = [], b = []]) => [{ x: of(x), b: of(b) }, { x: of(x, constant), b: of(b, constant) }]),
  ...strided.flatMap((layout) => [{ x: of([3, 4], { layout }), b: of([3, 4]) }, { x: of([3, 4]), b: of([3, 4], { layout }) }]),
  ...everyDType.flatMap((left) => everyDType.filter((right) => right !== left).map((right) => ({ x: of([4], { ...constant, dtype: left }), b: of([4], { ...constant, dtype: right }) }))),
  ...floats.flatMap((dtype) => [{ x: of([13, 1], { dtype, values: "everySpecial" }), b: of([13, 1], { dtype, values: "fine" }) }, { x: of([5], { dtype }), b: 2 }, { x: of([5], { dtype, ...constant }), b: -0.5 }]),
  ...bounded.flatMap((dtype) => [{ x: of([5], { dtype }), b: 3 }]), { x: of([5], { dtype: "int32" }), b: 0.5 }, { x: of([5], { dtype: "uint8" }), b: 200 }, { x: of([5], constant), b: of([5]) }, { x: of([5]), b: of([5], constant) },
];
const throughViews: readonly Case<InPlace>[] = viewNames.flatMap((view) => {
  const part = view === "transpose" ? [4, 3] : view === "narrow" ? [2, 4] : view === "select" ? [3] : view === "step" ? [2, 4] : [4];
  return [{}, constant].map((details) => ({ inputs: { x: of([3, 4], details), b: of(part, details) }, options: { view } }));
});
const alone: readonly CaseInputs[] = [
  ...[[], [1], [5], [17], [2, 3], [0], [2, 0]].flatMap((shape) => [{ x: of(shape) }, { x: of(shape, constant) }]),
  ...strided.flatMap((layout) => [{ x: of([3, 4], { layout }) }, { x: of([3, 4], { layout, ...constant }) }]),
  ...everyDType.slice(1).flatMap((dtype) => [{ x: of([7], { dtype }) }, { x: of([3, 4], { dtype, layout: "transposed", ...constant }) }]),
  ...floats.flatMap((dtype) => [{ x: of([13], { dtype, values: "everySpecial" }) }, { x: of([18], { dtype, values: "fine" }) }]),
];
const viewsAlone = (options: readonly InPlace[]): readonly Case<InPlace>[] => viewNames.flatMap((view) => crossed([{ x: of([3, 4]) }, { x: of([3, 4], { ...constant, values: "fine" }) }], options.map((each) => ({ ...each, view }))));

function binary(name: string, run: (x: Tensor, b: Operand) => Tensor, tolerances: Partial<Tolerances> = {}): OpCases<InPlace> {
  return op<InPlace>({
    name,
    torch: `changed(x, o.view, lambda part: part.${name}(b))`,
    run: ({ x, b }, { view }) => changed(x, view, (part) => run(part, b)),
    tolerances,
    cases: [...crossed<InPlace>(pairs, [{}]), ...throughViews],
  });
}

export const inPlaceFamily: Family = {
  name: "in-place",
  ops: [
    binary("add_", (x, b) => x.add_(b)),
    binary("sub_", (x, b) => x.sub_(b)),
    binary("mul_", (x, b) => x.mul_(b)),
    binary("div_", (x, b) => x.div_(b), { value: within(1), gradient: within(2, 2), second: within(6, 4) }),
    op<InPlace>({
      name: "copy_",
      torch: "changed(x, o.view, lambda part: part.copy_(b))",
      run: ({ x, b }, { view }) => changed(x, view, (part) => part.copy_(b)),
      cases: [...crossed<InPlace>(pairs.filter(({ b }) => typeof b !== "number"), [{}]), ...throughViews],
    }),
    op<InPlace>({
      name: "relu_",
      torch: "changed(x, o.view, lambda part: part.relu_())",
      run: ({ x }, { view }) => changed(x, view, (part) => part.relu_()),
      cases: [...crossed<InPlace>(alone, [{}]), ...viewsAlone([{}]), ...crossed<InPlace>([{ x: of([33]) }, { x: of([3, 1, 4]) }, { x: of([1, 1]) }, { x: of([4, 9]) }], [{}])],
      few: "one operand and no options: every dtype, layout and view",
    }),
    op<InPlace>({
      name: "clamp_",
      torch: "changed(x, o.view, lambda part: part.clamp_(o.min, o.max))",
      run: ({ x }, { view, ...bounds }) => changed(x, view, (part) => part.clamp_(bounds)),
      cases: [...crossed<InPlace>(alone, [{ min: -1.125, max: 1.0625 }]), ...crossed<InPlace>(alone.slice(0, 9), [{ min: 0.1 }, { max: 0.6 }]), ...crossed<InPlace>(alone.slice(-16), [{ min: -1, max: 2 }, { min: 1, max: -1 }, { max: NaN }]), ...viewsAlone([{ min: -0.55, max: 0.55 }])],
    }),
    op<InPlace & { readonly value: number }>({
      name: "fill_",
      torch: "changed(x, o.view, lambda part: part.fill_(o.value))",
      run: ({ x }, { view, value }) => changed(x, view, (part) => part.fill_(value)),
      cases: [...crossed(alone, [{ value: 1.5 }, { value: 3 }]), ...crossed(alone.slice(-6), [{ value: NaN }, { value: -0 }]), ...(viewsAlone([{ value: 2.5 }]) as readonly Case<InPlace & { readonly value: number }>[])],
    }),
    op<InPlace>({
      name: "zero_",
      torch: "changed(x, o.view, lambda part: part.zero_())",
      run: ({ x }, { view }) => changed(x, view, (part) => part.zero_()),
      cases: [...crossed<InPlace>(alone, [{}]), ...viewsAlone([{}])],
      few: "one operand and no options: every dtype, layout and view",
    }),
  ],
};

import { describe, expect, test } from "vitest";
import { add, mul, sum, tensor, type Tensor } from "@tapegrad/tensor";
import { gradcheck } from "./gradcheck.ts";

const leaf = (values: readonly number[], requiresGrad = true): Tensor => tensor(values, { dtype: "float64", requiresGrad });

describe("gradcheck with a report", () => {
  test("gives the worst error of every input that requires grad, and throws nothing", () => {
    // The second factor counts once on the tape and twice numerically.
    const wrong = (a: Tensor, _constant: Tensor, b: Tensor): Tensor => add(mul(a, a), mul(b, b.detach()));
    const report = gradcheck(wrong, [leaf([1, 2]), leaf([5, 5], false), leaf([3, 4])], { report: true });
    expect(report.map(({ input, ok }) => [input, ok])).toEqual([[0, true], [2, false]]);
    const [right, worst] = report;
    expect(right?.error).toBeLessThan(1e-9);
    // d(b b) / db = 2 b, of which the tape has half: farthest off at the larger one.
    expect(worst).toEqual({ input: 2, ok: false, element: 1, output: 1, tape: 4, numeric: expect.closeTo(8, 6) as number, error: expect.closeTo(4, 6) as number });
  });

  test("measures against the tolerances: a large derivative may be off by more", () => {
    const scaled = (x: Tensor): Tensor => mul(x, x.detach());
    const worst = (rtol: number): unknown => gradcheck(scaled, [leaf([1000, 1])], { report: true, rtol, atol: 1e-6 }).map(({ ok, element }) => [ok, element]);
    // Of 2000 and of 2, the tape has half.
    expect(worst(0.4)).toEqual([[false, 0]]);
    expect(worst(0.6)).toEqual([[true, expect.any(Number) as number]]);
  });

  test("counts NaN as the worst error of all", () => {
    const report = gradcheck((x) => mul(x, x).mul(tensor([1, NaN], { dtype: "float64" })), [leaf([1, 2])], { report: true });
    expect(report.map(({ input, ok, error }) => [input, ok, error])).toEqual([[0, false, NaN]]);
  });

  test("has nothing to say of an input without elements", () => {
    const report = gradcheck((a, b) => add(sum(a), sum(mul(b, b))), [leaf([]), leaf([1])], { report: true });
    expect(report.map(({ input }) => input)).toEqual([1]);
  });
});

test("an input that is told apart by its position among all", () => {
  const run = (): unknown => gradcheck((_a, b) => mul(b, b.detach()), [leaf([1], false), leaf([1.5])]);
  expect(run).toThrow("gradcheck: d output[0] / d input 1[0] is 1.5 on the tape");
});

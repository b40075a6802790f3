import { describe, expect, test } from "vitest";
import { tensor, zeros } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU } from "./activation.ts";
import { Linear } from "./linear.ts";
import { Sequential } from "./sequential.ts";

describe("Sequential", () => {
  const [first, second] = [new Linear(4, 3), new ReLU()];
  const model = new Sequential(first, second);

  test("feeds each module with what the one before gave", () => {
    const x = tensor([[1, -2, 3, -4]]);
    expect(model.forward(x).toArray()).toEqual(second.forward(first.forward(x)).toArray());
    expect(model.forward(zeros([2, 4])).shape).toEqual([2, 3]);
  });

  test("is the identity when empty", () => {
    const x = tensor([1]);
    expect(new Sequential().forward(x)).toBe(x);
  });

  test("is an iterable with positions", () => {
    expect(model.length).toBe(2);
    expect([...model]).toEqual([first, second]);
    expect(model.at(0)).toBe(first);
    expect(model.at(-1)).toBe(second);
    expect(model[1]).toBe(second);
  });

  test.each([2, -3, 0.5])("refuses position %d", (position) => {
    const error = thrownBy(() => model.at(position));
    expect(error.name).toBe("IndexError");
    expect(error.message).toBe(`Sequential: position ${position} is outside the 2 modules\n  code: Sequential/at`);
  });
});

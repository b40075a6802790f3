import { expect, test } from "vitest";
import { tensor } from "./creation.ts";
import { equal } from "./equality.ts";
import { Generator } from "./generator.ts";
import { rand } from "./random.ts";
import "./methods.ts";

test("a tensor in the place of a text is printed", () => {
  const x = tensor([1, 2]);
  const text = "tensor([1., 2.])";
  expect([`${x}`, String(x), [x, x].join("; ")]).toEqual([text, text, `${text}; ${text}`]);
  expect({ [x as never]: 1 }).toEqual({ [text]: 1 });
});

test("comparisons that ask for no number go on", () => {
  const [x, y] = [tensor([1]), tensor([1])];
  expect([x === y, x === x, [x].includes(x), Boolean(x)]).toEqual([false, true, true, true]);
});

test.each([0, -1, 1.5, 2 ** 53, "", "a seed"])("%j is a seed, the same one every time, and another than its neighbours", (seed) => {
  const [first, again] = [new Generator(seed), new Generator(1).manualSeed(seed)];
  expect(equal(rand([4], { generator: first }), rand([4], { generator: again }))).toBe(true);
  expect(equal(rand([4], { generator: new Generator(seed) }), rand([4], { generator: new Generator(`${seed}x`) }))).toBe(false);
});

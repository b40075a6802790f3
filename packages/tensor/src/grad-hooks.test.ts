import { expect, test } from "vitest";
import { tensor, zeros } from "./creation.ts";
import { add_ } from "./in-place.ts";
import { mul } from "./ops/arithmetic.ts";
import "./methods.ts";

const message = `backward: the tape is not loaded
  hint: import "tapegrad" or "@tapegrad/autograd"
  code: backward/no-tape`;

// This file must not import the tape.
test("without the tape, whatever needs it says so", () => {
  expect(() => zeros([1]).backward()).toThrow(message);
  expect(() => zeros([1]).retainGrad()).toThrow(message);
  expect(() => zeros([1]).registerHook(() => undefined)).toThrow(message);
});

test("without the tape nothing is recorded, and changes in place are free", () => {
  const x = tensor([1, 2], { requiresGrad: true });
  expect(mul(x, 2).requiresGrad).toBe(false);
  expect(add_(x, 1).toArray()).toEqual([2, 3]);
});

import { expect, test, vi } from "vitest";
import { ones, tensor } from "./creation.ts";
import { mseLoss } from "./ops/mse-loss.ts";
import "./methods.ts";

test("losses of shapes that differ are broadcast, and the first says so", () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  mseLoss(ones([2, 1]), ones([2, 1]));
  expect(warned).not.toHaveBeenCalled();
  expect(mseLoss(tensor([[1], [2]]), tensor([1, 4]), { reduction: "none" }).toArray()).toEqual([[0, 9], [1, 4]]);
  expect(mseLoss(tensor([[1], [2]]), tensor([1, 4])).item()).toBe(3.5);
  expect(warned.mock.calls).toEqual([[
    `mseLoss: input [2, 1] and target [2] differ, and make [2, 2] losses: each is compared with several of the other's elements
  input  [2, 1]  float32
  target  [2]  float32
  hint: reshape one of them; or expand it, if this is meant
  code: mseLoss/shapes-differ`,
    { type: "TapegradWarning", code: "mseLoss/shapes-differ" },
  ]]);
});

import { randn, tensor, type Tensor } from "tapegrad";
import { expect, test } from "vitest";
import { CheckError } from "../training/check.ts";
import { affineBackward, affineForward } from "./affine.ts";
import { Checks } from "./checks.ts";
import { relativeError } from "./differences.ts";
import { numericGradient } from "./numeric-gradient.ts";

const inputs = (): Record<string, Tensor> => ({ x: randn([2, 3], { dtype: "float64" }), w: randn([3, 4], { dtype: "float64" }), b: randn([4], { dtype: "float64" }) });

test("a right layer passes", () => {
  const checks = new Checks();
  checks.layer({ name: "affine", inputs: inputs(), forward: affineForward, backward: affineBackward });
  expect(checks.results.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "affine dx tape", "affine dw tape", "affine db tape", "affine dx numeric", "affine dw numeric", "affine db numeric",
  ]);
  expect(checks.missed).toEqual([]);
  checks.requireAll();
});

test("a wrong gradient is found by the tape and by numbers", () => {
  const checks = new Checks();
  checks.layer({
    name: "affine",
    inputs: inputs(),
    forward: affineForward,
    backward: (dOut, cache) => {
      const [dX, dW, dB] = affineBackward(dOut, cache);
      return [dX, dW.mul(1.0001), dB];
    },
  });
  expect(checks.missed.map(({ name, kind }) => `${name} ${kind}`)).toEqual(["affine dw tape", "affine dw numeric"]);
});

test("a gradient that is left out, or of another shape, is found", () => {
  const checks = new Checks();
  checks.layer({
    name: "affine",
    inputs: inputs(),
    forward: affineForward,
    backward: (dOut, cache) => {
      const [dX] = affineBackward(dOut, cache);
      return [dX.T];
    },
  });
  expect(checks.missed.map(({ name }) => name)).toContain("affine dx");
  expect(checks.missed.map(({ name, kind }) => `${name} ${kind}`)).toContain("affine dw numeric");
});

test("another layer than the framework's is found", () => {
  const checks = new Checks();
  checks.layer({ name: "affine", inputs: inputs(), forward: affineForward, backward: affineBackward, framework: (x, w, b) => x.matmul(w).sub(b) });
  expect(checks.missed.map(({ name }) => name)).toEqual(["affine, framework's out", "affine, framework's db"]);
});

test("what misses is named", () => {
  const checks = new Checks();
  const found = tensor([1, 2.5], { dtype: "float64" });
  checks.figure("affine out", found, [1, 2.5]);
  checks.figure("relu out", found, [1, 2]);
  checks.figure("pool out", found, [[1, 2.5]]);
  checks.sanity("loss", tensor(2.3), 2.302585, 0.01);
  expect(() => checks.requireAll()).toThrow(CheckError);
  expect(() => checks.requireAll()).toThrow("2 of 4 checks missed: relu out (figure, 5.00e-1), pool out (figure, NaN)");
  expect(checks.largest("sanity")).toBeCloseTo(0.002585, 5);
});

test("the numeric gradient of x³ is 3 x²", () => {
  const x = tensor([1, -2, 0.5], { dtype: "float64" });
  const dOut = tensor([1, 10, 100], { dtype: "float64" });
  const gradient = numericGradient((at) => at.pow(3), x, dOut);
  expect(relativeError(gradient, x.square().mul(3).mul(dOut))).toBeLessThan(1e-10);
  expect(relativeError(tensor([1, 2]), tensor([1, 6]))).toBeCloseTo(0.5, 6);
});

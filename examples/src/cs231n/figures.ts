import { readFileSync } from "node:fs";
import { linspace, type NestedArray, type Tensor } from "tapegrad";

/** A tensor that counts evenly from one number to another, row by row. */
export interface Ramp {
  readonly from: number;
  readonly to: number;
  readonly shape: readonly number[];
}

/** The inputs and results that the course's notebooks print. */
export interface CourseFigures {
  readonly affineForward: { readonly x: Ramp; readonly w: Ramp; readonly b: Ramp; readonly out: NestedArray };
  readonly reluForward: { readonly x: Ramp; readonly out: NestedArray };
  readonly twoLayerNet: {
    readonly W1: Ramp;
    readonly b1: Ramp;
    readonly W2: Ramp;
    readonly b2: Ramp;
    readonly xTransposed: Ramp;
    readonly labels: readonly number[];
    readonly scores: NestedArray;
    readonly loss: number;
    readonly lossWithReg1: number;
  };
  readonly sgdMomentum: {
    readonly w: Ramp;
    readonly dw: Ramp;
    readonly velocity: Ramp;
    readonly learningRate: number;
    readonly momentum: number;
    readonly nextW: NestedArray;
    readonly nextVelocity: NestedArray;
  };
  readonly rmsprop: {
    readonly w: Ramp;
    readonly dw: Ramp;
    readonly cache: Ramp;
    readonly learningRate: number;
    readonly decayRate: number;
    readonly epsilon: number;
    readonly nextW: NestedArray;
    readonly nextCache: NestedArray;
  };
  readonly adam: {
    readonly w: Ramp;
    readonly dw: Ramp;
    readonly m: Ramp;
    readonly v: Ramp;
    readonly tBefore: number;
    readonly learningRate: number;
    readonly nextW: NestedArray;
    readonly nextM: NestedArray;
    readonly nextV: NestedArray;
  };
  readonly convForward: { readonly x: Ramp; readonly w: Ramp; readonly b: Ramp; readonly stride: number; readonly pad: number; readonly out: NestedArray };
  readonly maxPoolForward: { readonly x: Ramp; readonly size: number; readonly stride: number; readonly out: NestedArray };
  readonly svmAndSoftmaxSanity: { readonly classes: number; readonly svmLoss: number; readonly softmaxLoss: number; readonly tolerance: number };
}

export function readCourseFigures(): CourseFigures {
  return JSON.parse(readFileSync(new URL("../../fixtures/cs231n.json", import.meta.url), "utf8")) as CourseFigures;
}

export function ramp({ from, to, shape }: Ramp): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return linspace(from, to, count, { dtype: "float64" }).reshape(shape);
}

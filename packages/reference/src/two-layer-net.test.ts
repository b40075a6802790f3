import { describe, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import { affineForward } from "./affine.ts";
import { affineReluForward } from "./affine-relu.ts";
import { assertClose } from "./assert-close.ts";
import { crossEntropyForward } from "./cross-entropy.ts";
import { fromNested, linspace, type NdArray, ndarray } from "./nd-array.ts";
import { transpose } from "./permute.ts";

interface Linspace {
  readonly from: number;
  readonly to: number;
  readonly shape: readonly number[];
}

const read = ({ from, to, shape }: Linspace): NdArray => linspace(from, to, shape);
const sumOfSquares = (x: NdArray): number => x.data.reduce((sum, value) => sum + value * value, 0);

describe("two-layer net", () => {
  it("reproduces CS231n's scores and losses", () => {
    const net = figures.twoLayerNet;
    const [w1, w2, x] = [read(net.W1), read(net.W2), transpose(read(net.xTransposed), 0, 1)];
    const hidden = affineReluForward(x, w1, read(net.b1)).out;
    const scores = affineForward(hidden, w2, read(net.b2)).out;
    // The scores were published with 8 decimals, the losses with 10.
    assertClose(scores, fromNested(net.scores), { rtol: 0, atol: net.tolerance });

    const loss = crossEntropyForward(scores, net.labels).out.data[0] ?? NaN;
    const withReg = loss + 0.5 * (sumOfSquares(w1) + sumOfSquares(w2));
    assertClose(ndarray([loss, withReg], [2]), ndarray([net.loss, net.lossWithReg1], [2]), { rtol: 0, atol: net.tolerance });
  });
});

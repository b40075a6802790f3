import { arange, manualSeed, nn, noGrad, ones, rand, stack, tensor, zeros, type Tensor } from "tapegrad";
import { checkEqual } from "./training/check.ts";
import { readOptions } from "./training/options.ts";
import { countParameters, report, type Figures } from "./training/report.ts";

/** Two-dimensional cross-correlation, a window at a time: x [H, W], kernel [h, w] -> [H - h + 1, W - w + 1]. */
function corr2d(x: Tensor, kernel: Tensor): Tensor {
  const [h, w] = [kernel.size(0), kernel.size(1)];
  const rows: Tensor[] = [];
  for (let i = 0; i + h <= x.size(0); i++) {
    const row: Tensor[] = [];
    for (let j = 0; j + w <= x.size(1); j++) row.push(x.narrow(0, i, h).narrow(1, j, w).mul(kernel).sum());
    rows.push(stack(row));
  }
  return stack(rows);
}

/** A convolution layer on top of `corr2d`: the tape finds its gradient. */
class Conv2D extends nn.Module {
  weight: nn.Parameter;
  bias: nn.Parameter;

  constructor(height: number, width: number) {
    super();
    this.weight = new nn.Parameter(rand([height, width]));
    this.bias = new nn.Parameter(zeros([1]));
  }

  override forward(x: Tensor): Tensor {
    return corr2d(x, this.weight).add(this.bias);
  }
}

/** A kernel that finds vertical edges, learned from one image of 6x8 and the places of its edges. */
export async function edgeDetector(args: readonly string[]): Promise<Figures> {
  const { seed, json } = readOptions(args);
  manualSeed(seed);
  const start = performance.now();
  const small = corr2d(arange(9).reshape([3, 3]), arange(4).reshape([2, 2]));
  console.log(`corr2d(0..8, 0..3) = ${small}`);
  checkEqual("corr2d(0..8, 0..3)", small.toArray(), [[19, 25], [37, 43]]);

  const image = ones([6, 8]);
  image.narrow(1, 2, 4).fill_(0);
  const edges = corr2d(image, tensor([[1, -1]]));

  const model = new Conv2D(1, 2);
  const losses: number[] = [];
  for (let step = 1; step <= 30; step++) {
    const loss = model.forward(image).sub(edges).square().sum();
    losses.push(loss.item());
    for (const parameter of model.parameters()) parameter.grad = null;
    loss.backward();
    noGrad(() => {
      for (const parameter of model.parameters()) if (parameter.grad !== null) parameter.sub_(parameter.grad.mul(0.01));
    });
    if (step % 5 === 0) console.log(`  step ${step}: loss ${loss.item().toFixed(4)}`);
  }
  const [left = NaN, right = NaN] = model.weight.toTypedArray();
  const kernelError = Math.max(Math.abs(left - 1), Math.abs(right + 1));
  const metrics = { kernelError, left, right, firstLoss: losses[0] ?? NaN, lastLoss: losses.at(-1) ?? NaN };
  return report({ system: "edge-detector", seed, data: null, metrics, seconds: (performance.now() - start) / 1000, parameters: countParameters(model) }, json);
}

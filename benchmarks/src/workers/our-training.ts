import { setImmediate as nextTurn } from "node:timers/promises";
import { add, crossEntropy, manualSeed, mul, optim, randint, randn, rand, relu, sum, full, type Tensor, type nn } from "tapegrad";
import { learningRate, modelPlans, momentum, classes, type ModelName, type ScaledModelName } from "../models.ts";
import type { ChainOp } from "../protocol.ts";
import type { Training } from "./serve.ts";
import { ourModels } from "./our-models.ts";
import { ourScaledModels } from "./our-scaled-models.ts";

/** One training step; gives the loss. */
export function trainingStep(model: nn.Module, optimizer: optim.SGD, x: Tensor, y: Tensor): Tensor {
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
}

/** A model with its optimizer and one batch of noise. */
export function buildTraining(name: ModelName): Training {
  const { batch, input } = modelPlans[name];
  manualSeed(1);
  return trainOn(ourModels[name](), batch, input);
}

/** A model of a chosen width on a batch of a chosen size. */
export function buildScaledTraining(name: ScaledModelName, batch: number, width: number): Training {
  manualSeed(1);
  return trainOn(ourScaledModels[name](width), batch, [3, 32, 32]);
}

function trainOn(model: nn.Module, batch: number, input: readonly number[]): Training {
  const optimizer = new optim.SGD(model.parameters(), { lr: learningRate, momentum });
  const x = randn([batch, ...input]);
  const y = randint(0, classes, [batch]);
  return {
    async run(steps) {
      let loss = NaN;
      for (let step = 1; step <= steps; step++) {
        const result = trainingStep(model, optimizer, x, y);
        if (step === steps) loss = result.item();
        // What `for await` over a DataLoader does after every batch.
        await nextTurn();
      }
      return loss;
    },
  };
}

/** Forward and backward through `length` recorded ops, on 16 elements. */
export function runChain(op: ChainOp, length: number): void {
  const x = rand([16], { requiresGrad: true });
  sum(chain(op, x, length)).backward();
}

function chain(op: ChainOp, x: Tensor, length: number): Tensor {
  const scale = full([16], 1.0001);
  const shift = full([16], 0.001);
  let y = x;
  switch (op) {
    case "add":
      for (let i = 0; i < length; i++) y = add(y, shift);
      return y;
    case "mul":
      for (let i = 0; i < length; i++) y = mul(y, scale);
      return y;
    case "relu":
      for (let i = 0; i < length; i++) y = relu(y);
      return y;
    case "mixed":
      for (let i = 0; i < length; i++) y = i % 3 === 0 ? add(y, shift) : i % 3 === 1 ? mul(y, scale) : relu(y);
      return y;
  }
}

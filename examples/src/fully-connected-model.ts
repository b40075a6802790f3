import { nn, type Tensor } from "tapegrad";
import { normalWeights } from "./training/normal-weights.ts";

export interface FullyConnectedOptions {
  readonly inputs: number;
  /** Width of each hidden layer. */
  readonly hidden: readonly number[];
  readonly classes?: number;
  /** What stands between affine and ReLU. */
  readonly normalization?: "batch" | "layer" | "none";
  /** Probability to drop behind each ReLU. */
  readonly dropout?: number;
  /** Deviation of the first weights; He et al.'s, by the layer's inputs, unless told. */
  readonly weightScale?: number;
}

/** {affine - [batch or layer norm] - ReLU - [dropout]} for each hidden layer, then affine. */
export class FullyConnectedNet extends nn.Module {
  readonly layers: nn.Module[] = [];

  constructor({ inputs, hidden, classes = 10, normalization = "none", dropout = 0, weightScale }: FullyConnectedOptions) {
    super();
    const affine = (from: number, to: number): nn.Linear => normalWeights(new nn.Linear(from, to), weightScale ?? Math.sqrt(2 / from));
    let width = inputs;
    for (const next of hidden) {
      this.layers.push(affine(width, next));
      width = next;
      if (normalization === "batch") this.layers.push(new nn.BatchNorm1d(width));
      if (normalization === "layer") this.layers.push(new nn.LayerNorm(width));
      this.layers.push(new nn.ReLU());
      if (dropout > 0) this.layers.push(new nn.Dropout(dropout));
    }
    this.layers.push(affine(width, classes));
  }

  /** The matrices of the affine layers: what an L2 penalty is for. */
  get weights(): readonly Tensor[] {
    return this.layers.flatMap((layer) => (layer instanceof nn.Linear ? [layer.weight] : []));
  }

  override forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x.flatten(1));
  }
}

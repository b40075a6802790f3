import { relu, sigmoid, tanh, type Tensor } from "@tapegrad/tensor";
import type { LayerTraits } from "./layer-traits.ts";
import { Module } from "./module.ts";

/**
 * max(x, 0).
 *
 * @example
 * new nn.ReLU().forward(tensor([-1, 2])).toArray(); // [0, 2]
 */
export class ReLU extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true, isRelu: true };
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/**
 * 1 / (1 + exp(-x)).
 *
 * @example
 * new nn.Sigmoid().forward(tensor(0)).item(); // 0.5
 */
export class Sigmoid extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/**
 * Hyperbolic tangent.
 *
 * @example
 * new nn.Tanh().forward(tensor(0)).item(); // 0
 */
export class Tanh extends Module {
  static override readonly traits: LayerTraits = { keepsNothing: true };
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

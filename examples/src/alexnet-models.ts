import { nn, type Tensor } from "tapegrad";
import { heWeights } from "./training/normal-weights.ts";

export interface AlexNetOptions {
  readonly classes?: number;
  /** Local response normalisation behind the first two ReLUs, as in the paper. */
  readonly localResponseNorm?: boolean;
}

const localResponseNorm = (wanted: boolean): nn.Module[] => (wanted ? [new nn.LocalResponseNorm(5, { alpha: 1e-4, beta: 0.75, k: 2 })] : []);

/**
 * AlexNet for 224x224 images, with the widths of its one-column form.
 *
 * Source    Krizhevsky 2014, https://arxiv.org/abs/1404.5997
 */
export class AlexNet extends nn.Module {
  features: nn.Sequential;
  classifier: nn.Sequential;

  constructor({ classes = 1000, localResponseNorm: lrn = false }: AlexNetOptions = {}) {
    super();
    this.features = new nn.Sequential(
      new nn.Conv2d(3, 64, 11, { stride: 4, padding: 2 }), new nn.ReLU(), ...localResponseNorm(lrn), new nn.MaxPool2d(3, { stride: 2 }),
      new nn.Conv2d(64, 192, 5, { padding: 2 }), new nn.ReLU(), ...localResponseNorm(lrn), new nn.MaxPool2d(3, { stride: 2 }),
      new nn.Conv2d(192, 384, 3, { padding: 1 }), new nn.ReLU(),
      new nn.Conv2d(384, 256, 3, { padding: 1 }), new nn.ReLU(),
      new nn.Conv2d(256, 256, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(3, { stride: 2 }),
    );
    this.classifier = new nn.Sequential(
      new nn.Dropout(0.5), new nn.Linear(256 * 6 * 6, 4096), new nn.ReLU(),
      new nn.Dropout(0.5), new nn.Linear(4096, 4096), new nn.ReLU(),
      new nn.Linear(4096, classes),
    );
  }

  override forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x).flatten(1));
  }
}

export interface SmallAlexNetOptions extends AlexNetOptions {
  /** Channels of the five convolutions. */
  readonly channels: readonly [number, number, number, number, number];
  /** Width of the two hidden dense layers. */
  readonly hidden: number;
  readonly dropout: number;
}

/** The same plan for 32x32 images: 3x3 convolutions without strides. */
export class SmallAlexNet extends nn.Module {
  features: nn.Sequential;
  classifier: nn.Sequential;

  constructor({ channels, hidden, dropout, classes = 10, localResponseNorm: lrn = false }: SmallAlexNetOptions) {
    super();
    const [c1, c2, c3, c4, c5] = channels;
    const conv = (from: number, to: number): nn.Conv2d => heWeights(new nn.Conv2d(from, to, 3, { padding: 1 }));
    this.features = new nn.Sequential(
      conv(3, c1), new nn.ReLU(), ...localResponseNorm(lrn), new nn.MaxPool2d(2),
      conv(c1, c2), new nn.ReLU(), ...localResponseNorm(lrn), new nn.MaxPool2d(2),
      conv(c2, c3), new nn.ReLU(),
      conv(c3, c4), new nn.ReLU(),
      conv(c4, c5), new nn.ReLU(), new nn.MaxPool2d(2),
    );
    this.classifier = new nn.Sequential(
      new nn.Dropout(dropout), heWeights(new nn.Linear(c5 * 4 * 4, hidden)), new nn.ReLU(),
      new nn.Dropout(dropout), heWeights(new nn.Linear(hidden, hidden)), new nn.ReLU(),
      heWeights(new nn.Linear(hidden, classes)),
    );
  }

  override forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x).flatten(1));
  }
}

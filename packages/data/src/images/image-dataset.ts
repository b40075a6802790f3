import { defaultGenerator, tensor, type Generator, type Tensor } from "@tapegrad/tensor";
import type { Dataset } from "../dataset.ts";
import { countText } from "../dataset-text.ts";
import { checkIndex } from "../item-index.ts";
import type { ImageSize } from "./image-plan.ts";
import { transformPixels, type ImageTransform } from "./image-transform.ts";

/** Labelled images as bytes. */
export interface ByteImages extends ImageSize {
  readonly bytes: Uint8Array;
  /** Where the pixels of image i begin: `firstByte + i * strideBytes`. */
  readonly firstByte: number;
  readonly strideBytes: number;
  readonly labels: Uint8Array;
}

/**
 * Labelled images, kept as bytes. An item is the image as float32 [C, H, W] in [0, 1], after the transform if there is
 * one, and its label.
 */
export class ImageDataset implements Dataset<[image: Tensor, label: number]> {
  readonly length: number;
  readonly transform: ImageTransform | undefined;
  protected readonly images: ByteImages;

  constructor(images: ByteImages, transform?: ImageTransform) {
    this.images = images;
    this.length = images.labels.length;
    this.transform = transform;
  }

  /** The label of every item. */
  get labels(): ArrayLike<number> {
    return this.images.labels;
  }

  /** Throws IndexError `dataset/index`, and what the transform throws. */
  get(index: number): [image: Tensor, label: number] {
    checkIndex(`${this.constructor.name}.get`, index, this.length);
    return [this.#render([index], defaultGenerator, true), this.images.labels[index] ?? 0];
  }

  /** Images [N, C, H, W] and labels [N] int32. Throws as `get`. */
  getBatch(indices: ArrayLike<number>, generator: Generator = defaultGenerator): [images: Tensor, labels: Tensor] {
    const labels = new Int32Array(indices.length);
    for (let at = 0; at < indices.length; at++) {
      const index = indices[at] ?? NaN;
      checkIndex(`${this.constructor.name}.getBatch`, index, this.length);
      labels[at] = this.images.labels[index] ?? 0;
    }
    return [this.#render(indices, generator, false), tensor(labels)];
  }

  /** How many images, of which size, and how they are transformed: `CIFAR10(50000 images [3, 32, 32], randomCrop)`. */
  toString(): string {
    const { channels, height, width } = this.images;
    const steps = (this.transform?.steps ?? []).map(({ name }) => `, ${name}`);
    return `${this.constructor.name}(${countText(this.length, "image")} [${channels}, ${height}, ${width}]${steps.join("")})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #render(indices: ArrayLike<number>, generator: Generator, single: boolean): Tensor {
    const { bytes, firstByte, strideBytes, channels, height, width } = this.images;
    const starts = Int32Array.from(indices, (index) => firstByte + index * strideBytes);
    return transformPixels({ pixels: bytes, starts, channels, height, width }, this.transform?.steps ?? [], generator, single);
  }
}

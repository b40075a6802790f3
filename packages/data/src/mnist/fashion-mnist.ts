import { ImageDataset } from "../images/image-dataset.ts";
import type { ImageLoadOptions } from "../images/image-load-options.ts";
import type { ImageTransform } from "../images/image-transform.ts";
import { officialFashionMnist } from "./official.ts";

/**
 * Fashion-MNIST: 60,000 training and 10,000 test images of clothing, 1 x 28 x 28 pixels in 10 classes.
 *
 * @example
 * ```ts no-run
 * const train = await FashionMNIST.load({ transform: normalize(FashionMNIST.mean, FashionMNIST.std) });
 * ```
 */
export class FashionMNIST extends ImageDataset {
  /** Names of the labels 0 to 9. */
  static readonly classes: readonly string[] = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ];
  /** Over the training images, for `normalize`. */
  static readonly mean: readonly number[] = [0.2860406];
  static readonly std: readonly number[] = [0.35302424];

  readonly classes = FashionMNIST.classes;

  /**
   * Loads one half of the data: from idx files, packed or not, in `root` where that is given, else from the cache folder,
   * into which they are fetched the first time: from where Debian's package `dataset-fashion-mnist` installs them, as
   * published, or through apt-get from that package, without installing it. With `verify: false` a `root` may hold any
   * number of other images in the same form.
   *
   * Throws    DataError `fashion-mnist/...`, `idx/...`, `gzip/...`, `cache/...`, `download/...`, `debian-package/...`
   * @example
   * ```ts no-run
   * const test = await FashionMNIST.load({ train: false });
   * FashionMNIST.classes[test.get(0)[1]]; // "Ankle boot"
   * ```
   */
  static async load(options: ImageLoadOptions = {}): Promise<FashionMNIST> {
    // Not above, for the reason that CIFAR10.load gives.
    const { loadMnistImages } = await import("./load-arrays.ts");
    return new FashionMNIST(await loadMnistImages(options, officialFashionMnist), options.transform);
  }

  /** The same images with another transform; the pixels are shared. */
  withTransform(transform: ImageTransform | undefined): FashionMNIST {
    return new FashionMNIST(this.images, transform);
  }
}

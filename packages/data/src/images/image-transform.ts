import { defaultGenerator, describe, DTypeError, empty, ShapeError, type Generator, type Tensor } from "@tapegrad/tensor";
import { newImagePlan, type ImagePlan } from "./image-plan.ts";
import { renderImages, type ImageSource } from "./render-images.ts";

/** One step of a transform: writes its part into the plan of a batch. */
interface ImageStep {
  readonly name: string;
  /** Cuts the images, so that what lies outside is lost to the steps behind it. */
  readonly cuts: boolean;
  plan(plan: ImagePlan, generator: Generator): void;
}

/**
 * Changes images: a batch [N, C, H, W] or a single one [C, H, W], float32 or float64, or uint8, which becomes float32 in
 * [0, 1]. Each image of a batch gets its own random numbers, from the default generator unless another is given. The
 * result is a new tensor, off the tape.
 *
 * Throws    ShapeError `transform/shape`, DTypeError `transform/dtype`, and what the particular transform throws
 */
export interface ImageTransform {
  (images: Tensor, generator?: Generator): Tensor;
  /** @internal */
  readonly steps: readonly ImageStep[];
}

export function imageTransform(steps: readonly ImageStep[]): ImageTransform {
  const apply = (images: Tensor, generator: Generator = defaultGenerator) => transformTensor(images, steps, generator);
  return Object.assign(apply, { steps });
}

/**
 * Several transforms, one after the other.
 *
 * @example
 * const augment = compose(randomCrop({ size: 32, padding: 4 }), randomHorizontalFlip(), normalize([0.5], [0.25]));
 * augment(rand([8, 3, 32, 32])).shape; // [8, 3, 32, 32]
 */
export function compose(...transforms: readonly ImageTransform[]): ImageTransform {
  return imageTransform(transforms.flatMap(({ steps }) => steps));
}

function transformTensor(images: Tensor, steps: readonly ImageStep[], generator: Generator): Tensor {
  const { shape, dtype } = images;
  const [channels = 0, height = 0, width = 0] = shape.slice(-3);
  if (shape.length !== 3 && shape.length !== 4)
    throw new ShapeError({
      op: "transform",
      fact: `images must be [N, C, H, W] or [C, H, W], not ${shape.length}-dimensional`,
      details: [describe("images", images)],
      code: "transform/shape",
      data: { shape },
    });
  const pixels = images.toTypedArray();
  if (dtype === "bool" || !(pixels instanceof Float32Array || pixels instanceof Float64Array || pixels instanceof Uint8Array))
    throw new DTypeError({
      op: "transform",
      fact: `images must be float32, float64 or uint8, not ${dtype}`,
      details: [describe("images", images)],
      code: "transform/dtype",
      data: { dtype },
    });
  const count = shape.length === 3 ? 1 : (shape[0] ?? 0);
  const starts = Int32Array.from({ length: count }, (_, image) => image * channels * height * width);
  const size = { channels, height, width };
  return transformPixels({ ...size, pixels, starts }, steps, generator, shape.length === 3);
}

/** Runs the steps over images on the host; `single` leaves out the dimension of the batch. */
export function transformPixels(
  source: ImageSource,
  steps: readonly ImageStep[],
  generator: Generator,
  single: boolean,
): Tensor {
  const plan = newImagePlan(source.starts.length, source, source.pixels instanceof Uint8Array ? 1 / 255 : 1);
  const secondCut = indexOfSecondCut(steps);
  for (const step of steps.slice(0, secondCut)) step.plan(plan, generator);
  const { count, channels, height, width } = plan;
  const shape = single ? [channels, height, width] : [count, channels, height, width];
  const dtype = source.pixels instanceof Float64Array ? "float64" : "float32";
  const out = empty(shape, { dtype });
  // Written where it stays: the pixels of a large batch are not worth copying once more.
  const { elements } = out.storage;
  if (!(elements instanceof Float32Array || elements instanceof Float64Array)) return out;
  renderImages(plan, source, elements);
  return secondCut === steps.length ? out : transformTensor(out, steps.slice(secondCut), generator);
}

/** A plan holds one cut; another works on what the first one left. */
function indexOfSecondCut(steps: readonly ImageStep[]): number {
  const first = steps.findIndex(({ cuts }) => cuts);
  const second = steps.findIndex(({ cuts }, index) => cuts && index > first);
  return second < 0 ? steps.length : second;
}

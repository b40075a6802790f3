import { IndexError, ShapeError } from "@tapegrad/tensor";
import { imageTransform, type ImageTransform } from "./image-transform.ts";

/**
 * Subtracts a mean from each channel and divides it by a deviation; a single number stands for all channels.
 *
 * Throws    IndexError `normalize/std`, ShapeError `normalize/channels`
 * @example
 * const toRange = normalize([0.5], [0.5]);
 * toRange(ones([1, 2, 2])).toArray(); // [[[1, 1], [1, 1]]]
 */
export function normalize(mean: readonly number[], std: readonly number[]): ImageTransform {
  const bad = std.findIndex((deviation) => !(deviation > 0));
  if (bad >= 0)
    throw new IndexError({
      op: "normalize",
      fact: `std[${bad}] = ${std[bad]} must be greater than 0`,
      code: "normalize/std",
      data: { std },
    });
  return imageTransform([
    {
      name: "normalize",
      cuts: false,
      plan({ channels, scale, shift, padding }) {
        if (![1, channels].includes(mean.length) || ![1, channels].includes(std.length))
          throw new ShapeError({
            op: "normalize",
            fact: `mean has ${mean.length} entries and std ${std.length}, but the images have ${channels} channels`,
            code: "normalize/channels",
            data: { mean, std, channels },
          });
        for (let channel = 0; channel < channels; channel++) {
          const ownMean = mean[mean.length === 1 ? 0 : channel] ?? NaN;
          const ownStd = std[std.length === 1 ? 0 : channel] ?? NaN;
          scale[channel] = (scale[channel] ?? NaN) / ownStd;
          shift[channel] = ((shift[channel] ?? NaN) - ownMean) / ownStd;
          padding[channel] = ((padding[channel] ?? NaN) - ownMean) / ownStd;
        }
      },
    },
  ]);
}

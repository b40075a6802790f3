import { checkArgument, optionRules, ShapeError, type OptionRule } from "@tapegrad/tensor";
import { imageTransform, type ImageTransform } from "./image-transform.ts";

const means: OptionRule = { must: "a list of finite numbers", accepts: (value) => Array.isArray(value) && value.every(optionRules.finite.accepts) };
const deviations: OptionRule = { must: "a list of finite numbers above 0", accepts: (value) => Array.isArray(value) && value.every(optionRules.positive.accepts) };

/**
 * Subtracts a mean from each channel and divides it by a deviation; a single number stands for all channels.
 *
 * Throws    IndexError `normalize/option`, ShapeError `normalize/channels`
 * @example
 * const toRange = normalize([0.5], [0.5]);
 * toRange(ones([1, 2, 2])).toArray(); // [[[1, 1], [1, 1]]]
 */
export function normalize(mean: readonly number[], std: readonly number[]): ImageTransform {
  checkArgument("normalize", "mean", mean, means);
  checkArgument("normalize", "std", std, deviations);
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

import { checkArgument, checkOptions, optionRules, ShapeError, type OptionRules } from "@tapegrad/tensor";
import { uniforms } from "./image-plan.ts";
import { imageTransform, type ImageTransform } from "./image-transform.ts";

/** What `randomCrop` cuts out. */
export interface RandomCropOptions {
  /** Height and width of the result; one number for both. */
  readonly size: number | readonly [height: number, width: number];
  /** Zeros put around the image first, on every side. 0 unless told. */
  readonly padding?: number;
}

const rules: OptionRules<RandomCropOptions> = { size: optionRules.sides(1), padding: optionRules.nonNegativeInteger };

/**
 * Cuts a window out of each image, at a place of its own.
 *
 * Throws    IndexError `randomCrop/option`, ArgumentError `randomCrop/unknown-option`, ShapeError `randomCrop/too-large`
 * @example
 * const shake = randomCrop({ size: 32, padding: 4 });
 * shake(rand([8, 3, 32, 32])).shape; // [8, 3, 32, 32]
 */
export function randomCrop(options: RandomCropOptions): ImageTransform {
  checkOptions("randomCrop", options, rules);
  checkArgument("randomCrop", "size", options.size, rules.size);
  const { size, padding = 0 } = options;
  const [height, width] = typeof size === "number" ? [size, size] : size;
  return imageTransform([
    {
      name: "randomCrop",
      cuts: true,
      plan(plan, generator) {
        const spareRows = plan.height + 2 * padding - height;
        const spareColumns = plan.width + 2 * padding - width;
        if (spareRows < 0 || spareColumns < 0)
          throw new ShapeError({
            op: "randomCrop",
            fact: `a window of ${height} x ${width} does not fit into images of ${plan.height} x ${plan.width} with padding ${padding}`,
            code: "randomCrop/too-large",
            data: { size: [height, width], image: [plan.height, plan.width], padding },
          });
        const draws = uniforms(2 * plan.count, generator);
        for (let image = 0; image < plan.count; image++) {
          const top = Math.floor((draws[2 * image] ?? 0) * (spareRows + 1)) - padding;
          const left = Math.floor((draws[2 * image + 1] ?? 0) * (spareColumns + 1)) - padding;
          plan.row[image] = (plan.row[image] ?? 0) + top;
          plan.column[image] = (plan.column[image] ?? 0) + (plan.step[image] ?? 1) * left;
        }
        plan.height = height;
        plan.width = width;
        plan.padding.fill(0);
      },
    },
  ]);
}

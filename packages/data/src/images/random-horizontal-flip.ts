import { checkArgument, optionRules } from "@tapegrad/tensor";
import { uniforms } from "./image-plan.ts";
import { imageTransform, type ImageTransform } from "./image-transform.ts";

/**
 * Mirrors each image left to right with probability `p`.
 *
 * Throws    IndexError `randomHorizontalFlip/option`
 * @example
 * const always = randomHorizontalFlip(1);
 * always(tensor([[[1, 2, 3]]])).toArray(); // [[[3, 2, 1]]]
 */
export function randomHorizontalFlip(p = 0.5): ImageTransform {
  checkArgument("randomHorizontalFlip", "p", p, optionRules.share);
  return imageTransform([
    {
      name: "randomHorizontalFlip",
      cuts: false,
      plan({ count, width, column, step }, generator) {
        const draws = uniforms(count, generator);
        for (let image = 0; image < count; image++) {
          if ((draws[image] ?? 1) >= p) continue;
          const direction = step[image] ?? 1;
          column[image] = (column[image] ?? 0) + direction * (width - 1);
          step[image] = -direction;
        }
      },
    },
  ]);
}

import type { LoadOptions } from "../fetch/load-data.ts";
import type { ImageTransform } from "./image-transform.ts";

/** How a data set of images is found or fetched, and what becomes of its images. */
export interface ImageLoadOptions extends LoadOptions {
  readonly transform?: ImageTransform | undefined;
}

import type { DType } from "@tapegrad/kernels";
import type { Tensor } from "../tensor.ts";

/** What to do about an input whose dtype is not the weights'. Bytes are pixels, and raw ones from 0 to 255 do not train. */
export function conversionHint(x: Tensor, dtype: DType): string {
  if (x.dtype !== "uint8") return `convert the input: x.to("${dtype}")`;
  return `pixels from 0 to 255 are scaled first: x.to("${dtype}").div(255), then normalize([0.5], [0.5])`;
}

import * as tapegrad from "tapegrad";

/** What tapegrad says of the kernels that it computes with, for the report; null as long as it does not say. */
export function kernelsInUse(): unknown {
  if (!("kernelInfo" in tapegrad) || typeof tapegrad.kernelInfo !== "function") return null;
  return tapegrad.kernelInfo();
}

/** Rises to `peak` over the first part of the training (`warmup`, a share of it), then falls to 0 along a cosine. */
export function warmupAndCosine(peak: number, warmup = 0.1): (progress: number) => number {
  return (progress) => {
    if (progress < warmup) return (peak * progress) / warmup;
    return (peak * (1 + Math.cos((Math.PI * (progress - warmup)) / (1 - warmup)))) / 2;
  };
}

import type { DType } from "@tapegrad/tensor";

/** |actual - expected| <= atol + rtol |expected|. */
export interface Tolerances {
  readonly rtol: number;
  readonly atol: number;
}

/** Those of PyTorch's `assert_close` (torch/testing/_comparison.py); integers and bool must be equal. */
const ofDType: Readonly<Record<DType, Tolerances>> = {
  float64: { rtol: 1e-7, atol: 1e-7 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  int64: { rtol: 0, atol: 0 },
  int32: { rtol: 0, atol: 0 },
  uint8: { rtol: 0, atol: 0 },
  bool: { rtol: 0, atol: 0 },
};

/** As PyTorch takes them: the wider ones of those that two dtypes have. */
export function tolerancesFor(actual: DType, expected: DType): Tolerances {
  const [a, b] = [ofDType[actual], ofDType[expected]];
  return { rtol: Math.max(a.rtol, b.rtol), atol: Math.max(a.atol, b.atol) };
}

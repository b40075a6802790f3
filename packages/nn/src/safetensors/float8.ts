// The 8-bit floats, which only files hold here: every value of theirs is one of float32.
// Source: P. Micikevicius et al., "FP8 Formats for Deep Learning" (2022); B. Noune et al., "8-bit Numerical Formats for Deep Neural
// Networks" (2022) for those without a negative zero (FNUZ); the OCP Microscaling specification for F8_E8M0, a power of two.

interface Float8Format {
  readonly mantissaBits: number;
  readonly bias: number;
  /** What is no number in it. */
  readonly special: "as IEEE" | "all ones are NaN" | "negative zero is NaN";
}

const formats = {
  F8_E4M3: { mantissaBits: 3, bias: 7, special: "all ones are NaN" },
  F8_E5M2: { mantissaBits: 2, bias: 15, special: "as IEEE" },
  F8_E4M3FNUZ: { mantissaBits: 3, bias: 8, special: "negative zero is NaN" },
  F8_E5M2FNUZ: { mantissaBits: 2, bias: 16, special: "negative zero is NaN" },
} as const satisfies Readonly<Record<string, Float8Format>>;

/** The values of all 256 patterns. */
export function float8Values(name: keyof typeof formats | "F8_E8M0"): Float32Array {
  return Float32Array.from({ length: 256 }, (_, bits) => (name === "F8_E8M0" ? powerOfTwo(bits) : decode(bits, formats[name])));
}

function powerOfTwo(bits: number): number {
  return bits === 0xff ? NaN : 2 ** (bits - 127);
}

function decode(bits: number, { mantissaBits, bias, special }: Float8Format): number {
  const magnitude = bits & 0x7f;
  const fraction = magnitude & ((1 << mantissaBits) - 1);
  const exponent = magnitude >> mantissaBits;
  const sign = bits > 0x7f ? -1 : 1;
  if (special === "negative zero is NaN" && bits === 0x80) return NaN;
  if (special === "all ones are NaN" && magnitude === 0x7f) return NaN;
  if (special === "as IEEE" && exponent === (1 << (7 - mantissaBits)) - 1) return fraction === 0 ? sign * Infinity : NaN;
  const scale = 2 ** ((exponent === 0 ? 1 : exponent) - bias - mantissaBits);
  return sign * (exponent === 0 ? fraction : fraction + (1 << mantissaBits)) * scale;
}

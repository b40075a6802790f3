/** A polynomial in x, its coefficients from the highest power on. */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

/** erf x = x + x P(x²) for |x| < 1. */
const nearZero = [
  5.960684925733322e-11, -1.137495472216974e-9, 1.4660328235592785e-8, -1.6350396112609139e-7, 1.6461008463353006e-6, -1.492559577099266e-5,
  1.2055331132892694e-4, -8.54832698142338e-4, 5.223977624828385e-3, -2.6866170645077868e-2, 0.11283791670954885, -0.3761263890318375,
  0.1283791670955126,
];

/** Further out, erf x = 1 - exp(-Q(x)) with Q = -log erfc, whose error is damped by erfc: Q around 1.5, 2.75 and 4.75. */
const from1To2 = [
  3.3590199485241835e-9, 2.598999289931792e-8, -1.9399093340181186e-7, 8.192902415280962e-7, -2.3704668525292313e-6, 2.6467682345615875e-6,
  2.247363902994428e-5, -2.159633014469934e-4, 1.2572166899396612e-3, -6.006746386484419e-3, 2.5824140633561806e-2, 0.8926403306150356,
  3.5088008017795285, 3.3844920895515527,
];
const from2To35 = [
  -8.039856610732101e-9, -6.649905773949385e-9, 1.640201567306044e-7, -1.4030333520384564e-6, 9.57962500134991e-6, -5.759379303711234e-5,
  3.206593653883484e-4, -1.7050156832021746e-3, 8.933257062761511e-3, 0.9512867412774387, 5.826535955024549, 9.204140410324301,
];
const from35To6 = [
  -3.280399995377612e-7, 2.156883141902342e-7, -7.82326610055922e-6, 4.551660410579036e-5, -3.350061895095572e-4, 2.4593368104614596e-3,
  0.9803406051289371, 9.702088579903428, 24.7140589427232,
];

/** The error function, about 1 ulp off: by the kernels' minimax fits for float64 (kernels/assembly/math-erf.ts). */
export function erf(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return x + x * polynomial(nearZero, x * x);
  if (Number.isNaN(x)) return x;
  // From here on erf is 1 in float64.
  if (t >= 6) return Math.sign(x);
  const q = t < 2 ? polynomial(from1To2, t - 1.5) : t < 3.5 ? polynomial(from2To35, t - 2.75) : polynomial(from35To6, t - 4.75);
  return Math.sign(x) * (1 - Math.exp(-q));
}

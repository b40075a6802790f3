import { tensor, type Tensor } from "tapegrad";

/** Gradient of sum(dOut * f(x)), moving each element of x a little to both sides. */
export function numericGradient(f: (x: Tensor) => Tensor, x: Tensor, dOut: Tensor, h = 1e-5): Tensor {
  const values = Float64Array.from(x.toTypedArray());
  const at = (element: number, shift: number): Tensor => {
    const moved = values.slice();
    moved[element] = (moved[element] ?? NaN) + shift;
    return f(tensor(moved, { shape: x.shape }));
  };
  const slopes = values.map((_, element) => at(element, h).sub(at(element, -h)).mul(dOut).sum().item() / (2 * h));
  return tensor(slopes, { shape: x.shape });
}

/** The course's measure: the largest |a - b| / max(1e-8, |a| + |b|). */
export function relativeError(a: Tensor, b: Tensor): number {
  return a.sub(b).abs().div(a.abs().add(b.abs()).clamp({ min: 1e-8 })).max().item();
}

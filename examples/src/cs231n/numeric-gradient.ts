import { tensor, type Tensor } from "tapegrad";

/**
 * Gradient of sum(dOut * f(x)): each element of x is moved a little to both sides, by h and by 2h, which leaves an error that
 * falls with the fourth power of h.
 */
export function numericGradient(f: (x: Tensor) => Tensor, x: Tensor, dOut: Tensor, h = 1e-3): Tensor {
  const values = Float64Array.from(x.toTypedArray());
  const at = (element: number, shift: number): Tensor => {
    const moved = values.slice();
    moved[element] = (moved[element] ?? NaN) + shift;
    return f(tensor(moved, { shape: x.shape }));
  };
  const slopes = values.map((_, element) => {
    const near = at(element, h).sub(at(element, -h));
    const far = at(element, 2 * h).sub(at(element, -2 * h));
    return near.mul(8).sub(far).mul(dOut).sum().item() / (12 * h);
  });
  return tensor(slopes, { shape: x.shape });
}

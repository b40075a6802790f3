import { copyVectors } from "../pointwise/light";

export function copy(x: usize, out: usize, bytes: usize): void {
  inline.always(copyVectors(x, out, bytes));
}

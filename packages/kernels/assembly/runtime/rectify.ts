/**
 * A ReLU on the way: the host asks for one before it runs a layer. A kernel that can do so takes the task and cuts off at zero
 * what it writes, while that is in registers or in the first cache; then the host asks whether it was done.
 */
let asked: bool = false;
let taken: bool = false;

/** Asks the kernel of the next layer to cut off at zero what it writes; `tookRectify` says whether one did. */
export function askRectify(): void {
  asked = true;
  taken = false;
}

/** Whether a kernel took the last one that was asked for. Nothing is asked for any more. */
export function tookRectify(): i32 {
  const answer = taken ? 1 : 0;
  asked = false;
  taken = false;
  return answer;
}

/** For the launching thread of the kernel that writes the layer's output. */
export function takeRectify(): bool {
  if (!asked) return false;
  asked = false;
  taken = true;
  return true;
}

/** x < 0 ? 0 : x, which keeps -0 and NaN. */
// @ts-ignore: decorator
@inline export function rectify<T>(x: v128): v128 {
  return v128.pmax<T>(x, v128.splat<T>(0));
}

// @ts-ignore: decorator
@inline export function rectifyOne<T>(x: T): T {
  return x < 0 ? 0 : x;
}

/** Rows of a matrix; steps in bytes. */
export function rectifyRows<T>(at: usize, rows: i32, columns: i32, step: usize): void {
  const bytes = <usize>columns * sizeof<T>();
  for (; rows > 0; rows--) {
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(at + i, rectify<T>(v128.load(at + i)));
    for (; i < bytes; i += sizeof<T>()) store<T>(at + i, rectifyOne<T>(load<T>(at + i)));
    at += step;
  }
}

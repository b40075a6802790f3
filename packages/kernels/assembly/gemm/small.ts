/** Matrix products too small for anything but plain loops. */

/** Steps are in bytes. */
export function multiplySmall<T>(
  m: i32, n: i32, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize,
  c: usize, cRow: usize, bias: usize, accumulate: bool,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum: T = 0;
      let fromA = a, fromB = b + <usize>j * bColumn;
      for (let kk = 0; kk < k; kk++) {
        sum += load<T>(fromA) * load<T>(fromB);
        fromA += aColumn;
        fromB += bRow;
      }
      const at = <usize>j * sizeof<T>();
      if (bias != 0) sum += load<T>(bias + at);
      if (accumulate) sum = load<T>(c + at) + sum;
      store<T>(c + at, sum);
    }
    a += aRow;
    c += cRow;
  }
}

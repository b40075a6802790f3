/** A matrix product on the calling thread, whichever it is: for tasks of other kernels. */
import { multiplyPanels, TILE_BYTES, tileColumns, tileRows } from "./kernel";
import { packBlock } from "./pack";

/** A panel of b takes a quarter of the first cache, packed blocks of both half of the second. */
const K_BLOCK: i32 = 256;
/** A multiple of every tile's height. */
const MOST_ROWS: i32 = 180;
const MOST_COLUMNS: i32 = 256;

/** Bytes of the room that `multiplySerial` needs. */
export function serialBytes<T>(n: i32, k: i32): i32 {
  return TILE_BYTES + min(k, K_BLOCK) * (MOST_ROWS + min(n + tileColumns<T>(), MOST_COLUMNS)) * <i32>sizeof<T>();
}

/** c[m][n] = a b, steps in bytes. */
export function multiplySerial<T>(
  m: i32, n: i32, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize, c: usize, cRow: usize, room: usize,
): void {
  const height = tileRows(m), width = tileColumns<T>(), panelsA = room + TILE_BYTES;
  for (let k0 = 0; k0 < k; k0 += K_BLOCK) {
    const depth = min(K_BLOCK, k - k0);
    for (let j0 = 0; j0 < n; j0 += MOST_COLUMNS) {
      const columns = min(MOST_COLUMNS, n - j0), panelsB = panelsA + <usize>(MOST_ROWS * depth) * sizeof<T>();
      packBlock<T>(panelsB, b + <usize>k0 * bRow + <usize>j0 * bColumn, width, columns, bColumn, bRow, depth);
      for (let i0 = 0; i0 < m; i0 += MOST_ROWS) {
        const rows = min(MOST_ROWS, m - i0);
        packBlock<T>(panelsA, a + <usize>i0 * aRow + <usize>k0 * aColumn, height, rows, aRow, aColumn, depth);
        multiplyPanels<T>(
          height, depth, depth, rows, columns, panelsA, panelsB, c + <usize>i0 * cRow + <usize>j0 * sizeof<T>(), cRow, k0 > 0, 0, false, room,
        );
      }
    }
  }
}

/** c[m][n] = (accumulate ? c : 0) + a b, row-major, pointers into the heap; gives 1. */
export type BlasMultiply = (
  transposeA: number, transposeB: number, m: number, n: number, k: number,
  a: number, lda: number, b: number, ldb: number, accumulate: number, c: number, ldc: number,
) => number;

/** Matrix products on one heap, for the thread that asked for them. */
export interface BlasFunctions {
  readonly gemmF32: BlasMultiply;
  readonly gemmF64: BlasMultiply;
}

function unbound(): never {
  throw new Error("no BLAS is bound");
}

let functions: BlasFunctions = { gemmF32: unbound, gemmF64: unbound };
let load: () => number = () => 0;

/** What the module imports of BLAS. An instance keeps its imports for life, so these pass on to what is bound later. */
export const blasImports = {
  gemmF32: ((tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc) =>
    functions.gemmF32(tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc)) satisfies BlasMultiply,
  gemmF64: ((tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc) =>
    functions.gemmF64(tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc)) satisfies BlasMultiply,
  loadBlas: () => load(),
};

export function bindBlasFunctions(bound: BlasFunctions): void {
  functions = bound;
}

/** `loader` runs at the first product that BLAS would be used for; it gives the new state (assembly/gemm/blas.ts). */
export function setBlasLoader(loader: () => number): void {
  load = loader;
}

import { logsumexpForward, map, matmulForward, reduce, type NdArray, type ReductionKind } from "@tapegrad/reference";
import { isFloating } from "@tapegrad/tensor";
import { exact, type Bound } from "./expect-values.ts";
import { epsilon, input, type Oracle, type OracleCall } from "./oracle.ts";

interface ReduceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  readonly correction?: number;
}

export const largest = (x: NdArray): number => x.data.reduce((best, value) => Math.max(best, Math.abs(value)), 0);

const magnitudes = (x: NdArray): NdArray => map(Math.abs, x);

/** reduce takes [] for all dimensions; here it means none. */
function reduced(kind: ReductionKind, x: NdArray, attrs: ReduceAttrs): NdArray {
  if (attrs.dims.length > 0) return reduce(kind, x, { dims: attrs.dims, keepdim: attrs.keepdim, ...(attrs.correction === undefined ? {} : { correction: attrs.correction }) });
  return kind === "argmax" || kind === "argmin" ? map(() => 0, x) : x;
}

/** Sums over blocks or pairs: the error grows with the logarithm of the count, times the sum of magnitudes. */
function sumBound(call: OracleCall): Bound {
  if (!isFloating(call.out.dtype)) return exact;
  const attrs = call.attrs as ReduceAttrs;
  const x = input(call, 0);
  const n = attrs.dims.reduce((size, dim) => size * (x.shape[dim] as number), 1);
  return { rtol: 0, atol: epsilon(call.out.dtype) * (1 + Math.log2(Math.max(n, 1))) * largest(reduced("sum", magnitudes(x), attrs)) };
}

/** Some units in the last place, and what the oracle itself loses: it adds one number after another. */
const summedBound = (units: number) => (call: OracleCall): Bound => {
  const tolerance = units * epsilon(call.out.dtype) + input(call, 0).data.length * 2 ** -53;
  return { rtol: tolerance, atol: tolerance };
};

function reduction(kind: ReductionKind, bound: (call: OracleCall) => Bound, exactOnIntegers = true): Oracle {
  return { run: (call) => reduced(kind, input(call, 0), call.attrs as ReduceAttrs), bound, exactOnIntegers };
}

/** One of the two outputs of an op that finds the extreme elements along one dimension. */
function along(kind: ReductionKind): Oracle {
  const run = (call: OracleCall): NdArray => {
    const { dim, keepdim } = call.attrs as { dim: number; keepdim: boolean };
    return reduced(kind, input(call, 0), { dims: [dim], keepdim });
  };
  return { run, bound: () => exact, exactOnIntegers: true };
}

/** Each of k products and k sums rounds once: k + 1 times half a unit of the sum of magnitudes. */
export function productBound(k: number, magnitude: number, call: OracleCall): Bound {
  return { rtol: 0, atol: ((k + 2) / 2) * epsilon(call.out.dtype) * magnitude };
}

export const reduceOracles: Readonly<Record<string, Oracle>> = {
  sum: reduction("sum", sumBound),
  // Every factor may round once.
  prod: reduction("prod", (call) => (isFloating(call.out.dtype) ? { rtol: epsilon(call.out.dtype) * Math.max(1, input(call, 0).data.length), atol: 0 } : exact), false),
  amax: reduction("amax", () => exact),
  amin: reduction("amin", () => exact),
  argmax: reduction("argmax", () => exact),
  argmin: reduction("argmin", () => exact),
  "max.values": along("amax"),
  "max.indices": along("argmax"),
  "min.values": along("amin"),
  "min.indices": along("argmin"),
  var: reduction("var", summedBound(32), false),
  std: { run: (call) => map(Math.sqrt, reduced("var", input(call, 0), call.attrs as ReduceAttrs)), bound: summedBound(32), exactOnIntegers: false },
  norm: { run: (call) => map(Math.sqrt, reduced("sum", map((v) => v * v, input(call, 0)), call.attrs as ReduceAttrs)), bound: summedBound(32), exactOnIntegers: false },
  logsumexp: {
    run: (call) => {
      const { dims, keepdim } = call.attrs as ReduceAttrs;
      return dims.length === 0 ? input(call, 0) : logsumexpForward(input(call, 0), { dims, keepdim }).out;
    },
    bound: summedBound(8),
    exactOnIntegers: false,
  },
  matmul: {
    run: (call) => matmulForward(input(call, 0), input(call, 1)).out,
    bound: (call) => {
      const [a, b] = [input(call, 0), input(call, 1)];
      return productBound(a.shape.at(-1) as number, largest(matmulForward(magnitudes(a), magnitudes(b)).out), call);
    },
    exactOnIntegers: true,
  },
};

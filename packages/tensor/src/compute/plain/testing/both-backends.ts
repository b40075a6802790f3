import { isHalf, storageFrom, type DType, type HostArray } from "@tapegrad/kernels";
import { sizeOf, type Shape } from "../../../shape.ts";
import { Tensor } from "../../../tensor.ts";
import type { Backend } from "../../backend.ts";
import { elementsOf } from "../elements.ts";
import { Operands, arrayOf } from "./operands.ts";

/** How near two results must be: the same bits, or so many units of the dtype's precision for numbers up to 1, and of their own size beyond. */
export type Nearness = "same" | number;

/** Makes a result tensor, with `values` in it where the function changes what is there. */
type ResultMaker = (shape: Shape, dtype?: DType, nearness?: Nearness, values?: HostArray) => Tensor;

/** One call of a backend: its operands come from `from`, its results from `result`, which is called in the same order for each backend. */
export type Call = (backend: Backend, from: Operands, result: ResultMaker) => unknown;

interface Result {
  readonly tensor: Tensor;
  readonly nearness: Nearness;
}

function run(backend: Backend, call: Call, seed: number, garbage: number): { readonly answer: unknown; readonly results: Result[] } {
  const results: Result[] = [];
  const result: ResultMaker = (shape, dtype = "float32", nearness = "same", values) => {
    // Where a backend leaves an element unwritten, the two differ.
    const storage = storageFrom(dtype, values ?? arrayOf(dtype, Array.from({ length: sizeOf(shape) }, () => garbage)));
    const tensor = new Tensor(storage, shape);
    results.push({ tensor, nearness });
    return tensor;
  };
  const answer = call(backend, new Operands(seed), result);
  return { answer, results };
}

function isNear(a: number, b: number, units: number, dtype: DType): boolean {
  if (Object.is(a, b) || a === b) return true;
  const unit = dtype === "float32" ? 2 ** -24 : 2 ** -53;
  return Math.abs(a - b) <= units * 2 * unit * Math.max(1, Math.abs(a), Math.abs(b));
}

/** Whether both are 16-bit patterns of NaN, of which there are many: an engine may give any of them for a number that is none. */
function areNaN(a: number, b: number, dtype: DType): boolean {
  const infinite = dtype === "float16" ? 0x7c00 : 0x7f80;
  return isHalf(dtype) && (a & 0x7fff) > infinite && (b & 0x7fff) > infinite;
}

/** What differs between two backends' results of one call, or null. */
export function difference(first: Backend, second: Backend, call: Call, seed: number): string | null {
  const a = run(first, call, seed, 3), b = run(second, call, seed, 5);
  if (!Object.is(a.answer, b.answer)) return `${first.name} answers ${String(a.answer)}, ${second.name} ${String(b.answer)}`;
  if (a.results.length !== b.results.length) return `${a.results.length} results and ${b.results.length}`;
  for (const [r, { tensor, nearness }] of a.results.entries()) {
    const x = elementsOf(tensor), y = elementsOf((b.results[r] as Result).tensor);
    for (let i = 0; i < x.length; i++) {
      const [p, q] = [Number(x[i]), Number(y[i])];
      const isSame = Object.is(x[i], y[i]) || areNaN(p, q, tensor.dtype) || (nearness !== "same" && isNear(p, q, nearness, tensor.dtype));
      if (!isSame) return `result ${r} (${tensor.dtype}) at ${i}: ${first.name} gives ${x[i]}, ${second.name} ${y[i]}`;
    }
  }
  return null;
}

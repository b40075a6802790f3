import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Shape } from "@tapegrad/tensor";

/** Dtypes of PyTorch's results. */
export type TorchDType = "float32" | "float64" | "float16" | "bfloat16" | "int32" | "uint8" | "bool" | "int64";

/** Elements of a result; int64 as BigInts. */
export type Elements = ArrayLike<number> | ArrayLike<bigint>;

interface ExpectedArray {
  readonly dtype: TorchDType;
  readonly shape: Shape;
  readonly elements: Elements;
}

/** What PyTorch gave for a case. `raises` is the first line of its error. */
export interface Expected {
  readonly raises?: string;
  readonly outputs: readonly (ExpectedArray & { readonly requiresGrad: boolean })[];
  /** By leaf; null where PyTorch found no dependence. A string says that the backward pass raised. */
  readonly first: readonly (Elements | null)[] | string;
  readonly second: readonly (Elements | null)[] | string;
}

interface WrittenCase {
  readonly raises?: string;
  readonly outputs?: readonly (readonly [TorchDType, Shape, 0 | 1])[];
  readonly first?: readonly (0 | 1)[];
  readonly second?: readonly (0 | 1)[];
  readonly firstRaises?: string;
  readonly secondRaises?: string;
}

interface Header {
  readonly torch: string;
  readonly cases: string;
  readonly streams: readonly (readonly [name: TorchDType, count: number, bytes: number])[];
  readonly ops: Readonly<Record<string, readonly WrittenCase[]>>;
}

/**
 * A fixture of generate.py, unpacked with gzip: the header's length (uint32), the header (JSON), and for each dtype a stream
 * of the elements of all results in the order of the cases: outputs, gradients, second gradients. In a stream all first bytes
 * of the elements come first, then all second ones, and so on.
 */
export class Fixture {
  /** The version of PyTorch. */
  readonly torch: string;
  /** SHA-256 of the case list. */
  readonly cases: string;
  readonly #header: Header;
  readonly #streams = new Map<TorchDType, { elements: Elements; next: number }>();

  constructor(family: string) {
    const bytes = gunzipSync(readFileSync(new URL(`../../fixtures/${family}.bin.gz`, import.meta.url)));
    const length = bytes.readUInt32LE(0);
    this.#header = JSON.parse(bytes.toString("utf8", 4, 4 + length)) as Header;
    this.torch = this.#header.torch;
    this.cases = this.#header.cases;
    let offset = 4 + length;
    for (const [name, count, size] of this.#header.streams) {
      this.#streams.set(name, { elements: elementsOf(name, unshuffle(bytes.subarray(offset, offset + count * size), count, size)), next: 0 });
      offset += count * size;
    }
  }

  /** Cases of an op; they must be asked for in the order of the case list, for they take their elements from the streams. */
  read(op: string, leavesOf: (index: number) => readonly { readonly dtype: TorchDType; readonly shape: Shape }[]): readonly Expected[] {
    return (this.#header.ops[op] ?? []).map((written, index): Expected => {
      if (written.raises !== undefined) return { raises: written.raises, outputs: [], first: [], second: [] };
      const leaves = leavesOf(index);
      const outputs = (written.outputs ?? []).map(([dtype, shape, requiresGrad]) => ({ dtype, shape, elements: this.#take(dtype, shape), requiresGrad: requiresGrad === 1 }));
      const gradients = (present: readonly (0 | 1)[] | undefined, raised: string | undefined): readonly (Elements | null)[] | string =>
        raised ?? (present ?? []).map((isThere, i) => {
          const leaf = leaves[i];
          return isThere === 1 && leaf !== undefined ? this.#take(leaf.dtype, leaf.shape) : null;
        });
      return { outputs, first: gradients(written.first, written.firstRaises), second: gradients(written.second, written.secondRaises) };
    });
  }

  #take(dtype: TorchDType, shape: Shape): Elements {
    const stream = this.#streams.get(dtype);
    const size = shape.reduce((product, n) => product * n, 1);
    if (size === 0) return [];
    if (stream === undefined) throw new Error(`the fixture has no elements of ${dtype}`);
    const from = stream.next;
    stream.next += size;
    return stream.elements instanceof BigInt64Array ? stream.elements.subarray(from, from + size) : Array.from({ length: size }, (_, i) => stream.elements[from + i] as number);
  }
}

function unshuffle(bytes: Uint8Array, count: number, size: number): ArrayBuffer {
  const out = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) for (let k = 0; k < size; k++) out[i * size + k] = bytes[k * count + i] as number;
  return out.buffer;
}

function elementsOf(dtype: TorchDType, buffer: ArrayBuffer): Elements {
  switch (dtype) {
    case "float32": return new Float32Array(buffer);
    case "float64": return new Float64Array(buffer);
    case "float16": return Float32Array.from(new Uint16Array(buffer), fromHalf);
    case "bfloat16": return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (pattern) => pattern << 16).buffer);
    case "int32": return new Int32Array(buffer);
    case "int64": return new BigInt64Array(buffer);
    case "uint8":
    case "bool": return new Uint8Array(buffer);
  }
}

/** The number behind the 16 bits of a float16. */
function fromHalf(pattern: number): number {
  const exponent = (pattern >> 10) & 31;
  const fraction = pattern & 1023;
  const size = exponent === 31 ? (fraction === 0 ? Infinity : NaN) : exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return pattern >= 0x8000 ? -size : size;
}

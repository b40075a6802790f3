import makeRandom from "seedrandom";
import { IndexError, SerializationError } from "./errors.ts";
import { showValue } from "./show-value.ts";

/** Where a generator stands: numbers that JSON keeps. */
export interface GeneratorState {
  readonly key: readonly [number, number];
  /** Position in the stream, low and high 32 bits. */
  readonly counter: readonly [number, number];
}

/**
 * A stream of random numbers: Philox4x32-10 under a key made from a seed. The numbers depend on the seed and on what was
 * drawn before, not on threads; and the state can be saved.
 *
 * @example
 * const g = new Generator(7);
 * const saved = g.getState();
 * const a = rand([3], { generator: g });
 * g.setState(saved);
 * equal(a, rand([3], { generator: g })); // true
 */
export class Generator {
  /** Null where the state was set and no seed is known. */
  #seed: number | string | null;
  /** Made when it is first needed. */
  #key: readonly [number, number] | null = null;
  #low = 0;
  #high = 0;

  /** Throws IndexError `generator/seed`. */
  constructor(seed: number | string = 0) {
    this.#seed = checkedSeed("Generator", seed);
  }

  /** Starts the stream of a seed (a number or a string) from its beginning. Throws IndexError `generator/seed`. */
  manualSeed(seed: number | string): this {
    this.#seed = checkedSeed("manualSeed", seed);
    this.#key = null;
    this.#low = 0;
    this.#high = 0;
    return this;
  }

  getState(): GeneratorState {
    return { key: this.#madeKey(), counter: [this.#low, this.#high] };
  }

  /** Throws SerializationError `generator/state`. */
  setState(state: GeneratorState): void {
    if (!isState(state)) {
      throw new SerializationError({
        op: "Generator.setState",
        fact: "a state has two key words and two counter words, each an integer from 0 to 2^32 - 1",
        code: "generator/state",
        data: { state },
      });
    }
    this.#seed = null;
    this.#key = [state.key[0], state.key[1]];
    [this.#low, this.#high] = state.counter;
  }

  /** The next `count` positions of the stream, for a kernel: its key and first counter. @internal */
  take(count: number): readonly [key0: number, key1: number, counterLow: number, counterHigh: number] {
    const key = this.#madeKey();
    const at = [key[0], key[1], this.#low, this.#high] as const;
    const low = this.#low + count;
    this.#low = low % 2 ** 32;
    this.#high = (this.#high + Math.floor(low / 2 ** 32)) % 2 ** 32;
    return at;
  }

  #madeKey(): readonly [number, number] {
    return (this.#key ??= keyFrom(this.#seed ?? 0));
  }

  /** The seed, as far as it is known, and how many positions of the stream are used up. */
  toString(): string {
    return `Generator(${this.#seed === null ? "a state that was set" : `seed ${showValue(this.#seed)}`}, ${this.#high * 2 ** 32 + this.#low} drawn)`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function isState(state: unknown): state is GeneratorState {
  if (typeof state !== "object" || state === null) return false;
  const { key, counter } = state as { readonly key?: unknown; readonly counter?: unknown };
  return isWordPair(key) && isWordPair(counter);
}

function isWordPair(words: unknown): boolean {
  return Array.isArray(words) && words.length === 2 && words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32);
}

/** The text of any other value would make a stream too, the same one for NaN and for every object. */
function checkedSeed(op: string, seed: unknown): number | string {
  if (typeof seed === "string" || (typeof seed === "number" && Number.isFinite(seed))) return seed;
  throw new IndexError({ op, fact: `seed ${showValue(seed)} must be a finite number or a string`, code: "generator/seed" });
}

function keyFrom(seed: number | string): readonly [number, number] {
  const random = makeRandom(String(seed));
  return [random.int32() >>> 0, random.int32() >>> 0];
}

/** The generator behind every random function that is given none. Seeded with 0 until `manualSeed` is called. */
export const defaultGenerator = new Generator(0);

/**
 * Seeds the default generator.
 *
 * Throws    IndexError `generator/seed`
 * @example
 * manualSeed(1);
 * const a = randn([2]);
 * manualSeed(1);
 * equal(a, randn([2])); // true
 */
export function manualSeed(seed: number | string): Generator {
  return defaultGenerator.manualSeed(seed);
}

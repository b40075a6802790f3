/** A whole number from 0 up to but not including `below`. */
export type Random = (below: number) => number;

/** A parser under attack. Those of a package are in its src/testing/fuzz-targets.ts. */
export interface FuzzTarget {
  readonly name: string;
  /** What mutations put in: words of the format, numbers at its borders. */
  readonly tokens: readonly (string | Uint8Array)[];
  /** A file that must load. */
  valid(random: Random): Uint8Array;
  /** Parses a file; throws for what is refused, and an error that is none of ours where what was loaded is wrong. */
  parse(bytes: Uint8Array): unknown;
}

/** Nested arrays of numbers (booleans for bool), as `toArray` gives and `tensor` takes them. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** No number of dimensions: counting up would never come to it. */
type NoRank<Rank extends number> = `${Rank}` extends `-${string}` | `${string}.${string}` ? true : false;

/** A tuple of as many sizes; a list of them where the number is not known to the compiler. */
export type Sizes<Rank extends number> = number extends Rank ? readonly number[] : NoRank<Rank> extends true ? never : SizesFrom<Rank, readonly []>;

type SizesFrom<Rank extends number, Counted extends readonly number[]> = Counted["length"] extends Rank ? Counted : SizesFrom<Rank, readonly [...Counted, number]>;

/** Numbers in as many arrays: `number[][]` for 2. */
export type NumbersOfRank<Rank extends number> = number extends Rank ? NestedArray : NoRank<Rank> extends true ? never : ArraysFrom<Rank, readonly []>;

type ArraysFrom<Rank extends number, Counted extends readonly unknown[]> = Counted["length"] extends Rank ? number : ArraysFrom<Rank, readonly [...Counted, unknown]>[];

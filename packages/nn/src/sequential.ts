import type { Module } from "./module.ts";
import { SequentialModules } from "./sequential-modules.ts";

/** The module at a position that is written as a number: `at(1)`, `at(-1)`. */
type ModuleAt<Modules extends readonly Module[], Position extends number> = number extends Position
  ? Modules[number]
  : `${Position}` extends `-${infer FromEnd}`
    ? ModuleFromEnd<Modules, FromEnd>
    : `${Position}` extends keyof Modules
      ? Modules[`${Position}`]
      : never;

type ModuleFromEnd<Modules extends readonly unknown[], FromEnd extends string, Passed extends readonly unknown[] = [unknown]> = Modules extends readonly [...infer Others, infer Last]
  ? `${Passed["length"]}` extends FromEnd
    ? Last
    : ModuleFromEnd<Others, FromEnd, [...Passed, unknown]>
  : never;

/** Modules one after another: of these classes at their positions where they are known, of any otherwise. */
export type Sequential<Modules extends readonly Module[] = readonly Module[]> = (number extends Modules["length"] ? unknown : NumberedAt<Modules>) & {
  [Position in keyof Modules as Position extends `${number}` ? Position : never]: Modules[Position];
} & SequentialModules<Modules>;

/** Comes first, before the `at` of any position. */
interface NumberedAt<Modules extends readonly Module[]> {
  at<const Position extends number>(position: Position): ModuleAt<Modules, Position>;
}

type SequentialClass = Pick<typeof SequentialModules, "stateNames" | "traits"> & {
  new <Modules extends readonly Module[] = readonly Module[]>(...modules: Modules): Sequential<Modules>;
  readonly prototype: Sequential;
};

/**
 * Modules one after another, each fed with what the one before gave. Names are positions: `0.weight`. Unless a forward hook would
 * see it, a ReLU behind a convolution, a linear layer or a batch norm is done by that layer's kernel, or else in place, and one
 * before a max pooling works on what that gives. Layers say so themselves, those of a program too: see `LayerTraits`.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU());
 * model.forward(zeros([2, 4])).shape; // [2, 3]
 * model[0].weight.shape; // [3, 4]
 */
export const Sequential = SequentialModules as SequentialClass;

import type { Tensor } from "@tapegrad/tensor";
import { inputText, type Input } from "./input.ts";

/** Values of options that JSON can carry; NaN, infinities and -0 included, see `encode`. */
type OptionValue = number | string | boolean | null | readonly OptionValue[];
export type Options = Readonly<Record<string, OptionValue | undefined>>;

/** The operands of a call, by the names that the Python expression uses too. Which of them a case has is the case list's matter. */
export interface Operands {
  readonly x: Tensor;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly index: Tensor;
  readonly condition: Tensor;
  readonly target: Tensor;
  readonly kernel: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly mean: Tensor | null;
  readonly variance: Tensor | null;
}

export type CaseInputs = Readonly<Partial<Record<keyof Operands, Input | number | null>>>;

/** One call. */
export interface Case<O extends Options = Options> {
  readonly inputs: CaseInputs;
  readonly options: O;
}

/** How far a result may be from PyTorch's: |a - b| <= epsilon (ulps |b| + spread max|b| + absolute), epsilon that of the dtype. */
export interface Tolerance {
  readonly ulps: number;
  /** For sums whose terms cancel: in units of the largest element of the same array. */
  readonly spread: number;
  /** For differences that cancel altogether. */
  readonly absolute: number;
  /** Whether 0 and -0 are told apart. */
  readonly signedZeros: boolean;
}

export interface Tolerances {
  readonly value: Tolerance;
  readonly gradient: Tolerance;
  readonly second: Tolerance;
}

/** The same to the last bit, the sign of zeros included. */
const exact: Tolerance = { ulps: 0, spread: 0, absolute: 0, signedZeros: true };

/** Equal numbers; a zero may have either sign. */
export const equalNumbers: Tolerance = { ...exact, signedZeros: false };

export const within = (ulps: number, spread = 0, absolute = 0): Tolerance => ({ ulps, spread, absolute, signedZeros: true });

/** An op, what PyTorch calls it, and the calls to compare. */
export interface OpCases<O extends Options = Options> {
  /** Its name in the umbrella. */
  readonly name: string;
  /** The same in Python: an expression of the operands' names, of `o` (the options, None where left out) and of `inputs` (all operands). */
  readonly torch: string;
  /** A method, so that ops with options of their own fit into one list. */
  run(operands: Operands, options: O): Tensor | boolean | readonly Tensor[];
  readonly cases: readonly Case<O>[];
  readonly tolerances: Tolerances;
  /** Why there are fewer than `fewest` cases. */
  readonly few?: string;
}

/** Every operand with every set of options. */
export function crossed<O extends Options>(operands: readonly CaseInputs[], options: readonly O[]): readonly Case<O>[] {
  return operands.flatMap((inputs) => options.map((each) => ({ inputs, options: each })));
}

/** Cases that an op must have, unless it says why not. */
export const fewest = 60;

type Declared<O extends Options> = Omit<OpCases<O>, "tolerances"> & { readonly tolerances?: Partial<Tolerances> };

/**
 * Declares an op. Results must be equal to the last bit unless it says otherwise, gradients as near as `value`. Only a gradient
 * that must be exact must have zeros of the right sign.
 */
export function op<O extends Options>({ tolerances = {}, ...declared }: Declared<O>): OpCases<O> {
  const value = tolerances.value ?? exact;
  const gradient = tolerances.gradient ?? value;
  const unsigned = (tolerance: Tolerance): Tolerance => (tolerance === exact ? exact : { ...tolerance, signedZeros: false });
  return { ...declared, tolerances: { value, gradient: unsigned(gradient), second: unsigned(tolerances.second ?? gradient) } };
}

/** Ops whose fixtures lie in one file. */
export interface Family {
  readonly name: string;
  readonly ops: readonly OpCases[];
}

/** What tells the cases of an op apart. */
export function caseText({ inputs, options }: Case): string {
  const operands = Object.entries(inputs).map(([name, input]) => `${name}: ${inputText(input)}`);
  return [...operands, ...(Object.keys(options).length === 0 ? [] : [JSON.stringify(options, encode)])].join(", ");
}

/** FNV-1a: seeds follow from what a case is, so that others may come and go. */
export function seedOf(name: string, entry: Case): number {
  let hash = 0x811c9dc5;
  for (const character of `${name} ${caseText(entry)}`) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  return hash | 0;
}

/** For JSON.stringify: numbers that JSON has no sign for become objects. */
function encode(_: string, value: unknown): unknown {
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return { number: Object.is(value, -0) ? "-0" : String(value) };
}

/** A family's case list as generate.py reads it. Its hash stands in the fixture. */
export function familyText({ name, ops }: Family): string {
  const listed = ops.map(({ name: opName, torch, cases }) => ({ name: opName, torch, cases: cases.map((entry) => ({ seed: seedOf(opName, entry), ...entry })) }));
  return JSON.stringify({ name, ops: listed }, encode);
}

import * as api from "tapegrad";
import { TapegradError, tensor, Tensor, zeros } from "tapegrad";
import { describe, expect, test } from "vitest";
import { calls, methodCalls, otherForms, testedElsewhere, withoutArguments, wrongValues, type Call, type Kind } from "./wrong-arguments.ts";

type Run = (args: readonly unknown[]) => unknown;

interface Row {
  /** What errors call the function. */
  readonly name: string;
  readonly title: string;
  readonly call: Call;
  readonly run: Run;
  /** The first argument that is not the tensor whose method it is. */
  readonly from: number;
}

const named = (object: object, name: string): ((...args: readonly unknown[]) => unknown) => (object as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>)[name] as never;

/** `var` is a word of JavaScript's, so only the method can be called what errors say. */
const publicName = (name: string): string => (name === "variance" ? "var" : name);

const formsOf = (table: Readonly<Record<string, Call>>): readonly (readonly [string, Call])[] => [...Object.entries(table), ...otherForms.filter(([name]) => name in table)];

const functions = formsOf(calls).map(([name, call]): Row => ({ name: publicName(name), title: name, call, run: (args) => named(api, name)(...args), from: 0 }));
const methods = formsOf({ ...calls, ...methodCalls }).filter(([name]) => name !== "grad" && publicName(name) in Tensor.prototype).map(([name, call]): Row => ({
  name: publicName(name),
  title: `x.${publicName(name)}`,
  call,
  // A copy: some change it.
  run: ([self, ...args]) => named((name.endsWith("_") ? (self as Tensor).clone() : self) as Tensor, publicName(name)).apply(name.endsWith("_") ? (self as Tensor).clone() : self, args),
  from: 1,
}));
const rows = [...functions, ...methods];

/** What a call throws; undefined if nothing. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

const firstLine = (error: unknown): string => (error as Error).message.split("\n")[0] ?? "";
const show = (value: unknown): string => `${typeof value} ${JSON.stringify(value) ?? String(value)}`.slice(0, 60);

test("every exported function is called here", () => {
  const exported = Object.entries(api).filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name)).map(([name]) => name);
  expect(exported.sort()).toEqual([...Object.keys(calls), ...withoutArguments, ...testedElsewhere].sort());
});

describe("an argument of the wrong type is refused by name", () => {
  test.each(rows)("$title", ({ name, call, run, from }) => {
    const right = call.map(([, , value]) => value);
    expect(thrownBy(() => run(right))).toBeUndefined();
    call.slice(from).forEach(([argument, kind], i) => {
      for (const value of wrongValues(kind)) {
        const error = thrownBy(() => run(right.with(from + i, value)));
        const what = `${argument} = ${show(value)}`;
        expect(error, what).toBeInstanceOf(TapegradError);
        expect(firstLine(error), what).toMatch(new RegExp(`^${name}: .*${argument}`));
      }
    });
  });
});

const odd: Partial<Readonly<Record<Kind, readonly unknown[]>>> = {
  tensor: [zeros([]), zeros([0]), zeros([7, 5, 3]), zeros([2, 2], { dtype: "bool" }), zeros([2], { dtype: "int32" }), zeros([1, 1, 3, 3], { dtype: "uint8" }), tensor([[-9, 9], [3, 1]], { dtype: "float64" })],
  integer: [99, -99],
  shape: [[99], [-1, -1], [-1], [1e6, 1e6]],
  dims: [[0], [0, 0], [99, 0], [0, 1, 2]],
  "dimsOrOptions?": [99, [0, 0], { dim: 99 }, { dim: [0, 0] }],
  integers: [[], [99, 0], [[0, 1], [1, 0]], [[[0]]], Float32Array.of(0, 1), Int32Array.of(7)],
  "dimOrOptions?": [99, { dim: 99 }],
  count: [1e13],
  pair: [99, [99, 1]],
};

describe("whatever is refused is refused in the name of the function that was called", () => {
  const valuesOf = (kind: Kind): readonly unknown[] => {
    const bare = kind.replace("?", "");
    return odd[(bare === "operand" ? "tensor" : bare) as Kind] ?? odd[kind] ?? [];
  };
  test.each(rows.filter(({ title }) => title !== "setNumThreads"))("$title", ({ name, call, run }) => {
    const right = call.map(([, , value]) => value);
    call.forEach(([argument, kind], i) => {
      const values = kind === "tensors" ? (odd.tensor ?? []).map((value) => [(right[i] as readonly Tensor[])[0], value]) : valuesOf(kind);
      for (const value of values) {
        const error = thrownBy(() => run(right.with(i, value)));
        if (error === undefined) continue;
        const what = `${argument} = ${value instanceof Tensor ? `[${value.shape.join()}] ${value.dtype}` : show(value)}`;
        expect(error, what).toBeInstanceOf(TapegradError);
        expect(firstLine(error), what).toMatch(new RegExp(`^${name}: `));
      }
    });
  });
});

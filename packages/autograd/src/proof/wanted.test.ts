import { describe, expect, test } from "vitest";
import { add, full, mul, ones, sum, tensor, type Op, type Sample, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import type { Node } from "../node.ts";
import { ops } from "./cases.ts";
import { randomFrom } from "./random.ts";
import { call, isFloating, leaves, operands, type OpInputs, type ProvenOp } from "./run-op.ts";

// What grad() gives back, what it leaves behind, and what it does not compute.

interface Case {
  readonly op: Op;
  readonly sample: Sample<unknown>;
  readonly name: string;
}

/** Two samples of every op that has gradient functions. */
const cases: readonly Case[] = ops
  .filter((op) => op.hasGradients)
  .flatMap((op) => op.samples().slice(0, 2).map((sample, i): Case => ({ op, sample, name: `${op.name}, sample ${i}` })));

const inputsOf = ({ op, sample }: Case): OpInputs => operands(sample, op.dtypes.includes("float64") ? "float64" : "float32", randomFrom(op.name.length));

/** Positions of the inputs that have a gradient in this sample. */
const positionsOf = (op: Op, inputs: OpInputs): number[] => inputs.flatMap((x, i) => (isFloating(x) && op.gradients[i] !== null ? [i] : []));

/** The op, with a count of the calls of each gradient function. */
function counted(op: Op): { readonly spied: Op; readonly calls: number[] } {
  const calls = op.gradients.map(() => 0);
  const gradients = op.gradients.map((gradient, i): typeof gradient =>
    gradient === null
      ? null
      : (dOut, saved, at) => {
          calls[i] = (calls[i] ?? 0) + 1;
          return gradient(dOut, saved, at);
        },
  );
  const { whole } = op as ProvenOp;
  const spied = { ...op, gradients, ...(whole === undefined ? {} : { whole: { ...whole, gradients } }) };
  return { spied, calls };
}

const upstreamOf = (out: Tensor): Tensor => full(out.shape, 1.5, { dtype: out.dtype });

describe("what grad() gives back", () => {
  test.each(cases)("of $name is off the tape, and the graph is used up if anything was kept for it", (one) => {
    const { op, sample } = one;
    const given = leaves(inputsOf(one));
    const targets = positionsOf(op, given).map((i) => given[i] as Tensor);
    if (targets.length === 0) return;
    const out = call(op, given, sample.attrs);
    if (!isFloating(out)) return;
    const keepsAux = (out.node as Node).aux !== null;
    const run = (): (Tensor | null)[] => grad([out], targets, { gradOutputs: [upstreamOf(out)], allowUnused: true });
    for (const gradient of run()) expect([gradient?.requiresGrad ?? false, gradient?.isLeaf ?? true, gradient?.grad ?? null]).toEqual([false, true, null]);
    // It stays where it was asked for.
    expect(targets.map((x) => x.grad)).toEqual(targets.map(() => null));
    const keepsNothing = op.saves.length === 0 && !keepsAux;
    for (const again of [run, () => out.backward(upstreamOf(out))]) {
      if (keepsNothing) expect(again).not.toThrow();
      else expect(again).toThrow(expect.objectContaining({ code: "backward/released" }) as Error);
    }
  });

  test.each([{ retainGraph: true }, { createGraph: true }])("twice with %o, is the same", (options) => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = sum(mul(mul(x, x), x));
    const [first] = grad([y], [x], options);
    const [second] = grad([y], [x]);
    expect(first.requiresGrad).toBe(options.createGraph === true);
    expect([first.toArray(), second.toArray(), second.requiresGrad]).toEqual([[3, 12], [3, 12], false]);
    expect(() => grad([y], [x])).toThrow(expect.objectContaining({ code: "backward/released" }) as Error);
  });

  test.each([
    ["the output itself", (x: Tensor) => x],
    ["a sum", (x: Tensor) => add(x, 1)],
    ["a product", (x: Tensor) => mul(x, 2)],
  ] as const)("with an upstream gradient that requires grad: off the tape all the same (%s)", (_name, of) => {
    const x = tensor([1, 2], { requiresGrad: true });
    const upstream = tensor([3, 4], { requiresGrad: true });
    const [gradient] = grad([of(x)], [x], { gradOutputs: [upstream] });
    expect([gradient.requiresGrad, gradient.isLeaf, upstream.requiresGrad]).toEqual([false, true, true]);
    const [recorded] = grad([of(x)], [x], { gradOutputs: [upstream], createGraph: true });
    expect(recorded.requiresGrad).toBe(true);
  });

  test("of a middle tensor does not walk on to what is below it", () => {
    const { op: square } = defined("square");
    const below = counted(square);
    const above = counted(square);
    const x = tensor([1, 2], { requiresGrad: true });
    const middle = call(below.spied, [x], null);
    const out = call(above.spied, [middle], null);
    const [gradient] = grad([sum(out)], [middle]);
    expect(gradient.toArray()).toEqual([2, 8]);
    expect([above.calls, below.calls]).toEqual([[1], [0]]);
  });

  test("does not come from branches that lead to nothing wanted", () => {
    const { op } = defined("square");
    const [useful, useless] = [counted(op), counted(op)];
    const [a, b] = [tensor([1, 2], { requiresGrad: true }), tensor([3, 4], { requiresGrad: true })];
    const out = add(call(useful.spied, [a], null), call(useless.spied, [b], null));
    expect(grad([sum(out)], [a])[0].toArray()).toEqual([2, 4]);
    expect([useful.calls, useless.calls]).toEqual([[1], [0]]);
  });
});

function defined(name: string): { readonly op: Op } {
  const op = ops.find((one) => one.name === name);
  if (op === undefined) throw new Error(`no op ${name}`);
  return { op };
}

/** Every choice of some of the positions. */
const choices = (positions: readonly number[]): number[][] =>
  positions.reduce<number[][]>((all, position) => [...all, ...all.map((choice) => [...choice, position])], [[]]).filter((choice) => choice.length > 0);

describe("gradients that nobody wants are not computed", () => {
  test.each(cases)("$name", (one) => {
    const { op, sample } = one;
    if (op.createGraphByComposite && !op.hasGradients) return;
    const inputs = inputsOf(one);
    const positions = positionsOf(op, inputs);
    for (const wanted of choices(positions)) {
      // Any number of inputs share a gradient function.
      const expected = op.gradients.map((_, i) => wanted.filter((position) => (op.restAt >= 0 ? Math.min(position, op.restAt) : position) === i).length);
      // By grad(), which is asked for some of the leaves.
      const byGrad = counted(op);
      const given = leaves(inputs);
      const out = call(byGrad.spied, given, sample.attrs);
      if (!isFloating(out)) return;
      grad([out], wanted.map((i) => given[i] as Tensor), { gradOutputs: [upstreamOf(out)], allowUnused: true });
      expect(byGrad.calls, `grad of ${wanted.join()}`).toEqual(expected);
      // By backward(), where only some of the inputs require grad.
      const byBackward = counted(op);
      const some = inputs.map((x, i) => (x === null ? null : wanted.includes(i) ? x.detach().requiresGrad_() : x.detach()));
      call(byBackward.spied, some, sample.attrs).backward(upstreamOf(out));
      expect(byBackward.calls, `backward of ${wanted.join()}`).toEqual(expected);
      for (const [i, x] of some.entries()) if (x !== null && !wanted.includes(i)) expect(x.grad).toBeNull();
    }
  });

  test("the cases are not empty", () => {
    expect(cases.length).toBeGreaterThan(process.env["TAPEGRAD_PROOF_OPS"] === undefined ? 100 : 0);
    expect(ones([1]).requiresGrad).toBe(false);
  });
});

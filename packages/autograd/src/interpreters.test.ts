import fc from "fast-check";
import { expect, test } from "vitest";
import { crossEntropy, dispatch, opTable, pushInterpreter, randn, tensor, type Interpreter, type Tensor } from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import type { FunctionContext } from "./function-context.ts";
import { Function } from "./function.ts";

/** Notes the names of the ops that it sees. */
const noting = (names: string[]) => (below: Interpreter): Interpreter => ({
  run(op, inputs, attrs, call) {
    names.push(op.name);
    return below.run(op, inputs, attrs, call);
  },
});

test("an interpreter sees ops forward and backward, and none once it is removed", () => {
  const names: string[] = [];
  const remove = pushInterpreter(noting(names));
  const x = randn([2, 3], { requiresGrad: true });
  crossEntropy(x.mul(2), tensor([0, 1], { dtype: "int32" })).backward();
  remove();
  expect(names).toContain("crossEntropy");
  expect(names).toContain("crossEntropyBackward");
  const { length } = names;
  expect(x.mul(2).requiresGrad).toBe(true);
  expect(names.length).toBe(length);
});

test("the last one pushed is the first to go; the tape stays whatever is removed", () => {
  const [first, second]: [string[], string[]] = [[], []];
  const removeFirst = pushInterpreter(noting(first));
  const removeSecond = pushInterpreter(noting(second));
  expect(removeFirst).toThrow(expect.objectContaining({ message: "pushInterpreter: 1 pushed after this one must be removed first\n  code: interpreter/order" }));
  removeSecond();
  removeSecond();
  removeFirst();
  removeFirst();
  const op = opTable.get("neg");
  if (op === undefined) throw new Error("no neg");
  expect([(dispatch(op, [tensor(1, { requiresGrad: true })], null) as ReturnType<typeof tensor>).requiresGrad, first, second]).toEqual([true, [], []]);
});

test("they are entered from the top down and left from the bottom up, whatever was pushed and removed before", () => {
  fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 12 }), (pushes) => {
    const log: string[] = [];
    const levels: { readonly name: string; readonly remove: () => void }[] = [];
    pushes.forEach((isPush, i) => {
      if (!isPush) return levels.pop()?.remove();
      const name = `${i}`;
      const remove = pushInterpreter((below) => ({
        run(op, inputs, attrs, call) {
          log.push(`enter ${name}`);
          const out = below.run(op, inputs, attrs, call);
          log.push(`leave ${name}`);
          return out;
        },
      }));
      levels.push({ name, remove });
    });
    tensor([1]).mul(2);
    const names = levels.map(({ name }) => name);
    expect(log).toEqual([...names.toReversed().map((name) => `enter ${name}`), ...names.map((name) => `leave ${name}`)]);
    while (levels.length > 0) levels.pop()?.remove();
  }), { seed: 8, numRuns: 60 });
});

test("what an interpreter computes with ops begins below it: others see it, itself does not, and it may be differentiated", () => {
  const [lower, upper]: [string[], string[]] = [[], []];
  const removeLower = pushInterpreter(noting(lower));
  const norms: number[] = [];
  const removeUpper = pushInterpreter((below) => ({
    run(op, inputs, attrs, call) {
      upper.push(op.name);
      const out = below.run(op, inputs, attrs, call);
      const w = tensor(2, { requiresGrad: true });
      w.mul(3).backward();
      norms.push((out as Tensor).sum().item() + (w.grad?.item() ?? 0));
      return out;
    },
  }));
  tensor([1, 2]).exp();
  removeUpper();
  removeLower();
  expect(upper).toEqual(["exp"]);
  expect(lower).toEqual(["exp", "mul", "mul", "sum"]);
  expect(norms).toEqual([Math.fround(Math.E) + Math.fround(Math.E ** 2) + 3].map((value) => expect.closeTo(value, 5) as number));
});

test("ops that the tape computes with for another one are seen from the top", () => {
  const names: string[] = [];
  const x = tensor([1, 2], { requiresGrad: true }).mul(1);
  const view = x.narrow(0, 0, 1);
  x.mul_(3);
  const remove = pushInterpreter(noting(names));
  // Its place behind the changed base is found when it is used.
  view.mul(2);
  remove();
  expect(names).toEqual(["mul", "part"]);
});

test("one that removes itself while it runs is gone, and so is one that throws once it is removed", () => {
  const names: string[] = [];
  let remove = (): void => undefined;
  remove = pushInterpreter((below) => ({
    run(op, inputs, attrs, call) {
      names.push(op.name);
      remove();
      return below.run(op, inputs, attrs, call);
    },
  }));
  tensor([1]).mul(2).exp();
  expect(names).toEqual(["mul"]);
  const removeBroken = pushInterpreter(() => ({ run: () => { throw new Error("broken"); } }));
  expect(() => tensor([1]).exp()).toThrow("broken");
  removeBroken();
  expect(tensor([0]).exp().toArray()).toEqual([1]);
});

test("one may give other results, of ops and of functions", () => {
  class Twice extends Function {
    static forward(_: FunctionContext, x: Tensor): [Tensor, string] {
      return [x.mul(2), "twice"];
    }
    static backward(_: FunctionContext, dOut: Tensor): Tensor {
      return dOut.mul(2);
    }
  }
  const names: string[] = [];
  const remove = pushInterpreter((below) => ({
    run(op, inputs, attrs, call) {
      names.push(op.name);
      const out = below.run(op, inputs, attrs, call);
      return Array.isArray(out) ? (out as readonly Tensor[]).map((one) => one.add(1)) : (out as Tensor).add(1);
    },
  }));
  const x = tensor([1], { requiresGrad: true });
  const [out, text] = Twice.apply(x);
  const product = out.mul(3);
  remove();
  expect([product.toArray(), text, names, grad([product], [x])[0].toArray()]).toEqual([[10], "twice", ["Twice", "mul"], [6]]);
});

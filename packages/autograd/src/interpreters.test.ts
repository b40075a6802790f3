import { expect, test } from "vitest";
import { crossEntropy, dispatch, opTable, pushInterpreter, randn, tensor, type Interpreter } from "@tapegrad/tensor";
import "./backward.ts";

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

import { expect, test } from "vitest";
import { opTable } from "@tapegrad/tensor";
import * as tapegrad from "tapegrad";
import * as extend from "tapegrad/extend";
import type { FunctionContext, Op } from "tapegrad/extend";

const { crossEntropy, nn, noGrad, optim, randint, randn, tensor, Tensor } = tapegrad;

test("the two doors hand out different names, over one copy of everything", () => {
  expect(Object.keys(extend).sort()).toEqual(["Function", "FunctionContext", "defineOp", "onceDifferentiable", "pushInterpreter"]);
  expect(Object.keys(extend).filter((name) => name in tapegrad)).toEqual([]);
  const own = extend.defineOp({ name: "test/door", inputs: ["x"], infer: ([x]) => x, forward: ([x]) => x.mul(2), backward: { x: (dOut) => dOut.mul(2) } });
  const x = tensor([1], { requiresGrad: true });
  expect(opTable.get("test/door")).toBe(own.op);
  expect(own.run([x])).toBeInstanceOf(Tensor);
  expect([own.run([x]).requiresGrad, noGrad(() => own.run([x])).requiresGrad]).toEqual([true, false]);
});

test("an interpreter sees all of a training step: the layers' ops, functions by their class, backward and step", () => {
  class Swish extends extend.Function {
    static forward(ctx: FunctionContext<[x: tapegrad.Tensor]>, x: tapegrad.Tensor): tapegrad.Tensor {
      ctx.saveForBackward(x);
      return x.mul(x.sigmoid());
    }
    static backward(ctx: FunctionContext<[x: tapegrad.Tensor]>, dOut: tapegrad.Tensor): tapegrad.Tensor {
      const [x] = ctx.savedTensors;
      const gate = x.sigmoid();
      return dOut.mul(gate.add(x.mul(gate).mul(gate.neg().add(1))));
    }
  }
  const act = { forward: (x: tapegrad.Tensor): tapegrad.Tensor => Swish.apply(x) };
  const [conv, pool, fc] = [new nn.Conv2d(3, 4, 5), new nn.MaxPool2d(4), new nn.Linear(4 * 7 * 7, 10)];
  const optimizer = new optim.Adam([conv, fc].flatMap((layer) => layer.parameters()), { lr: 1e-3 });
  const [x, y] = [randn([2, 3, 32, 32]), randint(0, 10, [2])];
  const step = (): void => {
    optimizer.zeroGrad();
    crossEntropy(fc.forward(act.forward(pool.forward(conv.forward(x))).flatten(1)), y).backward();
    optimizer.step();
  };
  const seen: Op[] = [];
  const remove = extend.pushInterpreter((below) => ({
    run(op, inputs, attrs, call) {
      seen.push(op);
      return below.run(op, inputs, attrs, call);
    },
  }));
  step();
  remove();
  const names = seen.map(({ name }) => name);
  for (const name of ["conv2d", "maxPool2d", "Swish", "linear", "crossEntropy", "crossEntropyBackward", "sigmoid", "maxPool2dBackward", "adamStep"]) expect(names).toContain(name);
  // Of the function's forward nothing: the only sigmoid is that of backward.
  expect(names.filter((name) => name === "sigmoid")).toHaveLength(1);
  expect(names.indexOf("sigmoid")).toBeGreaterThan(names.indexOf("crossEntropyBackward"));
  const { length } = seen;
  step();
  expect(seen).toHaveLength(length);
});

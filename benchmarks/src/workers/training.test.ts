import { expect, test } from "vitest";
import { modelNames, modelPlans, parameterShapes } from "../models.ts";
import { chainOps } from "../protocol.ts";
import { ourModels } from "./our-models.ts";
import { buildTraining, runChain } from "./our-training.ts";

test.each(modelNames)("our %s has the parameters that the peers build from the plan", (name) => {
  const planned = modelPlans[name].layers.flatMap((layer) => {
    const shapes = parameterShapes(layer);
    return shapes === null ? [] : [shapes.weight, shapes.bias];
  });
  expect(ourModels[name]().parameters().map(({ shape }) => [...shape])).toEqual(planned);
});

test("two steps of LeNet start near the loss of a guess", async () => {
  const training = buildTraining("lenet");
  const first = await training.run(1);
  expect(Math.abs(first - Math.log(10))).toBeLessThan(0.1);
  expect(await training.run(1)).toBeLessThan(first);
});

test.each(chainOps)("a chain of %s runs forward and backward", (op) => {
  expect(() => runChain(op, 7)).not.toThrow();
});

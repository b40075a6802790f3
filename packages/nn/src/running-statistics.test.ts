import fc from "fast-check";
import { expect, test } from "vitest";
import * as reference from "@tapegrad/reference";
import type { DType, Tensor } from "@tapegrad/tensor";
import { nearLargest } from "@tapegrad/test-support";
import { expectClose } from "@tapegrad/testing";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { toleranceOf } from "./testing/tolerance.ts";
import { array, input, seed, size } from "./testing/layers/layer-case.ts";

test("batch norm's running statistics over three batches equal the reference", () => {
  const dtypes = fc.constantFrom<DType>("float64", "float32");
  fc.assert(
    fc.property(dtypes, seed, fc.boolean(), fc.tuple(fc.integer({ min: 2, max: 5 }), size, size, size), fc.constantFrom(0.1, 0.5, null), (dtype, from, isImage, [n, c, h, w], momentum) => {
      const shape = isImage ? [n, c, h, w] : [n, c];
      const module = isImage ? new BatchNorm2d(c, { momentum, dtype }) : new BatchNorm1d(c, { momentum, dtype });
      let running: reference.RunningStatistics = { mean: reference.zeros([c]), variance: reference.full(1, [c]), batches: 0 };
      for (const batch of [from, from + 17, from + 40]) {
        const x = array(shape, batch);
        const [gamma, beta] = [reference.full(1, [c]), reference.zeros([c])];
        const statistics = isImage ? reference.spatialBatchNormForward(x, gamma, beta) : reference.batchNormForward(x, gamma, beta);
        running = reference.updateRunningStatistics(running, statistics, x.data.length / c, momentum);
        module.forward(input(shape, batch)(dtype));
      }
      const found: Readonly<Record<string, Tensor>> = module.stateDict();
      const expected = { running_mean: running.mean.data, running_var: running.variance.data };
      for (const [name, values] of Object.entries(expected)) expectClose(found[name] as Tensor, values, nearLargest(values, toleranceOf(dtype), name));
      expect(module.numBatchesTracked?.item()).toBe(3);
    }),
    { numRuns: 40 },
  );
});

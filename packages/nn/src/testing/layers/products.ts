import fc from "fast-check";
import * as reference from "@tapegrad/reference";
import { Conv2d } from "../../conv2d.ts";
import { Linear } from "../../linear.ts";
import { array, arrayOf, input, memberOf, pairOf, seed, size, type LayerEntry } from "./layer-case.ts";

export const linear: LayerEntry = {
  cases: fc.tuple(seed, fc.array(size, { maxLength: 2 }), size, size, fc.boolean()).map(([from, lead, inputs, outputs, bias]) => {
    const shape = [...lead, inputs];
    return {
      options: { from, shape, outputs, bias },
      make: (dtype) => new Linear(inputs, outputs, { bias, dtype }),
      inputs: (dtype) => [input(shape, from)(dtype)],
      expected: (module) => {
        // The reference takes rows.
        const rows = lead.reduce((product, n) => product * n, 1);
        const weight = arrayOf(memberOf(module, "weight"), [outputs, inputs], 0);
        const { out, cache } = reference.linearForward(array([rows, inputs], from), weight, bias ? arrayOf(memberOf(module, "bias"), [outputs], 0) : null);
        return {
          out: reference.reshape(out, [...lead, outputs]),
          backward: (dOut) => {
            const { dX, dW, dB } = reference.linearBackward(reference.reshape(dOut, [rows, outputs]), cache);
            return { dX: reference.reshape(dX, shape), weight: dW, bias: dB };
          },
        };
      },
    };
  }),
  traits: { keepsNothing: true, givesOutputAway: true, fusesRelu: true },
  hasModes: false,
};

const geometry = fc.record({ kernel: pairOf(1, 3), stride: pairOf(1, 3), dilation: pairOf(1, 2), groups: fc.integer({ min: 1, max: 3 }), same: fc.boolean(), padding: pairOf(0, 2), bias: fc.boolean() });

export const conv2d: LayerEntry = {
  cases: fc.tuple(seed, fc.tuple(size, size, size), pairOf(5, 8), geometry).map(([from, [n, inputs, outputs], image, { same, groups, bias, kernel, ...rest }]) => {
    const shape = [n, inputs * groups, ...image];
    const options = { ...rest, groups, ...(same ? { padding: "same" as const, stride: [1, 1] as const } : {}) };
    return {
      options: { ...options, from, shape, outputs, bias, kernel },
      make: (dtype) => new Conv2d(inputs * groups, outputs * groups, kernel, { ...options, bias, dtype }),
      inputs: (dtype) => [input(shape, from)(dtype)],
      expected: (module) => {
        const weight = arrayOf(memberOf(module, "weight"), [outputs * groups, inputs, ...kernel], 0);
        const { out, cache } = reference.conv2dForward(array(shape, from), weight, bias ? arrayOf(memberOf(module, "bias"), [outputs * groups], 0) : null, options);
        return {
          out,
          backward: (dOut) => {
            const { dX, dW, dB } = reference.conv2dBackward(dOut, cache);
            return { dX, weight: dW, bias: dB };
          },
        };
      },
    };
  }),
  traits: { keepsNothing: true, givesOutputAway: true, fusesRelu: true },
  hasModes: false,
};

import { describe, expect, test } from "vitest";
import { ArgumentError, IndexError, showValue, tensor, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { Adam, AdamW } from "./adam.ts";
import { SGD } from "./sgd.ts";

/** What an option takes, up to its closed limits, and what lies next to them outside. */
interface Limits {
  readonly must: string;
  readonly taken: readonly unknown[];
  readonly refused: readonly unknown[];
}

const above1 = 1 + Number.EPSILON;
const below1 = 1 - Number.EPSILON / 2;
const tiny = Number.MIN_VALUE;
const noNumber = [NaN, "0.1", null, true, [0.1], {}, Infinity, -Infinity];

const boolean: Limits = { must: "true or false", taken: [true, false], refused: [0, 1, null, "true", NaN] };
const finite: Limits = { must: "a finite number", taken: [0, -1, Number.MAX_VALUE], refused: noNumber };
const nonNegative: Limits = { must: "a finite number, 0 or more", taken: [0, tiny, Number.MAX_VALUE], refused: [-tiny, -1, ...noNumber] };
const share: Limits = { must: "a number from 0 to 1", taken: [0, 1], refused: [-tiny, above1, 5, ...noNumber] };
const betas: Limits = {
  must: "a pair of numbers, 0 or more and below 1",
  taken: [[0.9, 0], [0, 0.9], [0, 0], [below1, below1]],
  refused: [[0.9, 1], [1, 0.9], [2, 2], [-tiny, 0.9], [0.9, -tiny], [0.9, NaN], [0.9], [0.9, 0.9, 0.9], ["0.9", 0.9], [], ...noNumber],
};
const adam = { lr: nonNegative, betas, eps: nonNegative, weightDecay: nonNegative, amsgrad: boolean, maximize: boolean };

const leaf = (): Tensor => tensor([1], { requiresGrad: true });

type Make = (options: never) => SGD | Adam | AdamW;

const optimizers: Readonly<Record<string, readonly [make: Make, makeGroup: Make, options: Readonly<Record<string, Limits>>]>> = {
  SGD: [
    (options: object) => new SGD([leaf()], { lr: 1, momentum: 0.9, ...options }),
    (options: object) => new SGD([{ params: [leaf()], ...options }], { lr: 1, momentum: 0.9 }),
    { lr: nonNegative, momentum: share, dampening: finite, weightDecay: nonNegative, nesterov: boolean, maximize: boolean },
  ],
  Adam: [(options) => new Adam([leaf()], options), (options: object) => new Adam([{ params: [leaf()], ...options }]), adam],
  AdamW: [(options) => new AdamW([leaf()], options), (options: object) => new AdamW([{ params: [leaf()], ...options }]), adam],
};

describe.each(Object.entries(optimizers))("%s", (optimizer, [make, makeGroup, options]) => {
  test.each([["itself", make], ["a group", makeGroup]])("has these options: %s", (_where, build) => {
    const error = thrownBy(() => build({ nonsense: 1 } as never));
    expect(error).toBeInstanceOf(ArgumentError);
    const names = error.data["known"] as string[];
    expect(names.filter((name) => name !== "params").sort()).toEqual(Object.keys(options).sort());
    expect(error.message).toBe(`${optimizer}: there is no option "nonsense"; there are ${names.join(", ")}\n  code: optim/unknown-option`);
  });

  describe.each(Object.entries(options))("%s", (name, { must, taken, refused }) => {
    const message = (value: unknown): string => `${optimizer}: ${name} ${showValue(value)} must be ${must}\n  code: optim/option`;

    test.each(taken.map((value) => [showValue(value), value]))("may be %s", (_text, value) => {
      const changed = make({} as never);
      for (const built of [make({ [name]: value } as never), makeGroup({ [name]: value } as never), changed]) {
        Object.assign(built.paramGroups[0] ?? {}, { [name]: value });
        built.step();
        expect({ ...built.paramGroups[0] }).toMatchObject({ [name]: value });
      }
    });

    test.each(refused.map((value) => [showValue(value), value]))("may not be %s: given, in a group, set later", (_text, value) => {
      const changed = make({} as never);
      Object.assign(changed.paramGroups[0] ?? {}, { [name]: value });
      for (const call of [() => make({ [name]: value } as never), () => makeGroup({ [name]: value } as never), () => changed.step()]) {
        const error = thrownBy(call);
        expect(error).toBeInstanceOf(IndexError);
        expect(error.message).toBe(message(value));
      }
    });

    test("undefined counts as left out", () => {
      const built = makeGroup({ [name]: undefined } as never);
      expect(built.paramGroups).toEqual([{ ...makeGroup({} as never).paramGroups[0], params: built.paramGroups[0]?.params }]);
    });
  });
});

describe("optimizers refuse what is no list of parameters", () => {
  const model = { parameters: (): Tensor[] => [leaf()] };
  const list = (shown: string): string => `Adam: params must be a list of tensors, not ${shown}\n  hint: pass model.parameters(), or [x] for a single tensor\n  code: optim/params`;
  test.each<[name: string, params: unknown, message: string]>([
    ["nothing", undefined, list("undefined")],
    ["a single tensor", leaf(), list("a Tensor")],
    ["a method", model.parameters, list("the function parameters")],
    ["a model", model, list("an object")],
    ["names", ["weight"], 'Adam: parameter 0 must be a tensor, not "weight"\n  code: tapegrad/not-a-tensor'],
    ["pairs of names and parameters", [["weight", leaf()]], 'Adam: parameter 0 must be a tensor, not ["weight",a Tensor]\n  code: tapegrad/not-a-tensor'],
    ["nothing among others", [leaf(), null], "Adam: parameter 1 must be a tensor, not null\n  code: tapegrad/not-a-tensor"],
    ["a group of a single tensor", [{ params: leaf() }], "Adam: params of group 0 must be a list of tensors, not a Tensor\n  hint: pass model.parameters(), or [x] for a single tensor\n  code: optim/params"],
    ["a group with nothing in it", [{ params: [leaf(), undefined] }], "Adam: parameter 1 must be a tensor, not undefined\n  code: tapegrad/not-a-tensor"],
  ])("%s", (_name, params, message) => {
    const error = thrownBy(() => new Adam(params as Tensor[]));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(message);
  });
});

describe("a wrong name is told the right one", () => {
  test.each([
    [() => new SGD([leaf()], { lr: 1, momentun: 0.9 } as never), "momentum"],
    [() => new AdamW([leaf()], { weight_decay: 1 } as never), "weightDecay"],
    [() => new Adam([{ params: [leaf()], LR: 1 } as never]), "lr"],
  ])("%#", (call, meant) => {
    expect(thrownBy(call).message).toContain(`\n  hint: did you mean ${meant}?\n`);
  });
});

import { Generator, scope, tensor, zeros } from "@tapegrad/tensor";
import type { RandomBelow } from "@tapegrad/test-support";
import { Adam } from "../adam.ts";

const parameter = tensor([1, 2], { requiresGrad: true });
const optimizer = new Adam([parameter], { lr: 0.1 });
const generator = new Generator(1);
const own = { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false, params: [0] };

/** JSON in which "tensor" stands for one: a state that came through a file. */
function fromJson(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString();
  try {
    return JSON.parse(text, (_key, value: unknown) => (value === "tensor" ? zeros([2]) : value)) as unknown;
  } catch {
    return text;
  }
}

const tokens = ['"step":1', '"expAvg":"tensor"', '"lr":-1', '"lr":"0.1"', '"betas":[2,2]', '"__proto__":{}', "[".repeat(60), "[[],[],[],[],[],[]]", '{"shape":[2],"dtype":"float32","storage":{"pointer":8}}', '"1":', '"params":[0,0]', "1e999"];

export const fuzzTargets = [
  {
    name: "optimizer",
    tokens,
    valid: (random: RandomBelow) => Buffer.from(JSON.stringify({ paramGroups: [own], state: random(2) === 0 ? {} : { 0: { step: random(9), expAvg: "tensor", expAvgSq: "tensor" } } })),
    parse: (bytes: Uint8Array) => scope(() => {
      optimizer.loadStateDict(fromJson(bytes) as ReturnType<typeof optimizer.stateDict>);
      const [group] = optimizer.paramGroups;
      if (group === undefined || !(group.lr >= 0) || group.params[0] !== parameter || Object.getPrototypeOf(group) !== Object.prototype) throw new Error("the options are wrong");
      // What was loaded must be fit to go on with.
      parameter.grad = zeros([2]);
      optimizer.step();
    }),
  },
  {
    name: "generator",
    tokens,
    valid: (random: RandomBelow) => Buffer.from(JSON.stringify({ key: [random(2 ** 31), 1], counter: [random(2 ** 31), 0] })),
    parse: (bytes: Uint8Array) => {
      generator.setState(fromJson(bytes) as ReturnType<typeof generator.getState>);
      if (generator.take(4).some((word) => !Number.isInteger(word) || word < 0 || word >= 2 ** 32)) throw new Error("words out of range");
    },
  },
];

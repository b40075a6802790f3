import { describe, expect, test } from "vitest";
import { enterScope, leaveScope, SerializationError, tensor, transpose, type DType, type Tensor } from "@tapegrad/tensor";
import { pattern, thrownBy } from "@tapegrad/test-support";
import { Adam, AdamW } from "./adam.ts";
import { SGD } from "./sgd.ts";

type AnyOptimizer = SGD | Adam | AdamW;

const weights = (dtype: DType = "float32"): Tensor[] => [1, 20].map((seed) => tensor(pattern([7], seed), { dtype, requiresGrad: true }));

function advance(parameters: readonly Tensor[], optimizer: AnyOptimizer, from: number, to: number): void {
  for (let t = from; t < to; t++) {
    parameters.forEach((parameter, i) => {
      parameter.grad = tensor(pattern([7], 100 + 10 * t + i), { dtype: parameter.dtype });
    });
    optimizer.step();
  }
}

/** The state with its tensors as arrays. */
function readable(optimizer: AnyOptimizer): unknown {
  const { paramGroups, state } = optimizer.stateDict();
  const values = Object.values(state).map((own) => Object.entries(own).map(([name, value]) => [name, typeof value === "number" ? value : value.toArray()]));
  return { paramGroups, values };
}

/** Two optimizers of one kind share their type, which a union of kinds would forget. */
interface Kind<O extends AnyOptimizer> {
  readonly make: (parameters: readonly Tensor[]) => O;
  readonly transfer: (from: O, to: O) => void;
}

const kinds: Readonly<Record<string, Kind<SGD> | Kind<Adam> | Kind<AdamW>>> = {
  SGD: { make: (parameters) => new SGD(parameters, { lr: 0.1 }), transfer: (from: SGD, to: SGD) => to.loadStateDict(from.stateDict()) },
  "SGD with momentum": { make: (parameters) => new SGD(parameters, { lr: 0.1, momentum: 0.9, dampening: 0.5 }), transfer: (from: SGD, to: SGD) => to.loadStateDict(from.stateDict()) },
  Adam: { make: (parameters) => new Adam(parameters, { lr: 0.1, amsgrad: true, weightDecay: 0.1 }), transfer: (from: Adam, to: Adam) => to.loadStateDict(from.stateDict()) },
  AdamW: { make: (parameters) => new AdamW(parameters), transfer: (from: AdamW, to: AdamW) => to.loadStateDict(from.stateDict()) },
};

/** Three steps, a change of rate, then two more; interrupted and resumed in the middle if asked. */
function runInterrupted<O extends AnyOptimizer>({ make, transfer }: Kind<O>, resume: boolean, dtype: DType): unknown {
  const parameters = weights(dtype);
  let optimizer = make(parameters);
  advance(parameters, optimizer, 0, 3);
  for (const group of optimizer.paramGroups) group.lr *= 0.5;
  if (resume) {
    const fresh = make(parameters);
    transfer(optimizer, fresh);
    optimizer = fresh;
  }
  advance(parameters, optimizer, 3, 5);
  return parameters.map((parameter) => parameter.toArray());
}

describe("a saved state", () => {
  describe.each(Object.entries(kinds))("of %s", (_name, kind) => {
    test.each<DType>(["float32", "float64", "float16", "bfloat16"])("goes on to the very bit in %s", (dtype) => {
      // The kinds are told apart once, here, by what they make.
      const run = (resume: boolean): unknown => runInterrupted(kind as Kind<AnyOptimizer>, resume, dtype);
      expect(run(true)).toEqual(run(false));
    });
  });

  test("holds plain numbers and PyTorch's names", () => {
    const parameters = weights();
    const optimizer = new Adam([{ params: parameters.slice(0, 1) }, { params: parameters.slice(1), lr: 0.5 }], { amsgrad: true });
    advance(parameters, optimizer, 0, 2);
    const { paramGroups, state } = optimizer.stateDict();
    const options = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: true, maximize: false };
    expect(paramGroups).toEqual([{ ...options, lr: 1e-3, params: [0] }, { ...options, lr: 0.5, params: [1] }]);
    expect(Object.keys(state)).toEqual(["0", "1"]);
    expect(Object.keys(state[1] ?? {})).toEqual(["step", "expAvg", "expAvgSq", "maxExpAvgSq"]);
    expect(state[1]?.["step"]).toBe(2);
  });

  test("stays as it was while training goes on, and shares nothing with who loads it", () => {
    const parameters = weights();
    const optimizer = new SGD(parameters, { lr: 0.1, momentum: 0.9 });
    advance(parameters, optimizer, 0, 1);
    const saved = optimizer.stateDict();
    const buffer = saved.state[0]?.["momentumBuffer"];
    if (buffer === undefined || typeof buffer === "number") throw new Error("no momentum buffer");
    const before = buffer.toArray();
    const other = new SGD(weights(), { lr: 0.2 });
    other.loadStateDict(saved);
    advance(parameters, optimizer, 1, 3);
    advance(other.paramGroups[0]?.params ?? [], other, 1, 3);
    for (const group of other.paramGroups) group.lr = 7;
    expect(buffer.toArray()).toEqual(before);
    expect(saved.paramGroups[0]?.lr).toBe(0.1);
    expect(other.paramGroups[0]?.momentum).toBe(0.9);
  });

  test("leaves parameters where they are", () => {
    const optimizer = new SGD(weights(), { lr: 0.1 });
    const [group] = optimizer.paramGroups;
    const params = group?.params;
    optimizer.loadStateDict(new SGD(weights(), { lr: 0.3 }).stateDict());
    expect(group?.params).toBe(params);
    expect(group?.lr).toBe(0.3);
  });

  test("replaces the state that is there", () => {
    const parameters = weights();
    const optimizer = new SGD(parameters, { lr: 0.1, momentum: 0.9 });
    advance(parameters, optimizer, 0, 2);
    optimizer.loadStateDict(new SGD(weights(), { lr: 0.1, momentum: 0.9 }).stateDict());
    expect(optimizer.stateDict().state).toEqual({});
  });

  test("is cast to the parameter's dtype and layout", () => {
    const saved = new Adam(weights("float32"));
    advance(saved.paramGroups[0]?.params ?? [], saved, 0, 2);
    const wide = weights("float64");
    const optimizer = new Adam(wide);
    optimizer.loadStateDict(saved.stateDict());
    advance(wide, optimizer, 2, 4);
    const { expAvg } = optimizer.stateDict().state[0] ?? {};
    if (expAvg === undefined || typeof expAvg === "number") throw new Error("no average");
    expect(expAvg.dtype).toBe("float64");

    const square = tensor([[1, 2], [3, 4]], { requiresGrad: true });
    const sgd = new SGD([square], { lr: 1, momentum: 0.5 });
    sgd.loadStateDict({ ...sgd.stateDict(), state: { 0: { momentumBuffer: transpose(tensor([[10, 20], [30, 40]]), 0, 1) } } });
    square.grad = tensor([[0, 0], [0, 0]]);
    sgd.step();
    expect(square.toArray()).toEqual([[-4, -13], [-7, -16]]);
  });

  test("finds its parameters by their places in the groups, whatever their numbers", () => {
    const parameters = weights();
    const optimizer = new SGD(parameters, { lr: 1, momentum: 0.5 });
    const { paramGroups: [group] } = optimizer.stateDict();
    if (group === undefined) throw new Error("no group");
    optimizer.loadStateDict({ paramGroups: [{ ...group, params: [7, 3] }], state: { 3: { momentumBuffer: tensor(pattern([7], 9)) } } });
    expect(Object.keys(optimizer.stateDict().state)).toEqual(["1"]);
  });

  test("survives the scope in which it is loaded", () => {
    const [outside, inside] = [weights(), weights()];
    const optimizers = [outside, inside].map((parameters) => new SGD(parameters, { lr: 0.1, momentum: 0.9 }));
    const [first, second] = optimizers;
    if (first === undefined || second === undefined) throw new Error("two were made");
    advance(outside, first, 0, 2);
    advance(inside, second, 0, 2);
    const outer = enterScope();
    second.loadStateDict(first.stateDict());
    leaveScope(outer, { has: () => false });
    advance(outside, first, 2, 4);
    advance(inside, second, 2, 4);
    expect(inside.map((parameter) => parameter.toArray())).toEqual(outside.map((parameter) => parameter.toArray()));
  });
});

describe("a state that does not fit is refused, and changes nothing", () => {
  const own = { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
  const buffer = tensor(pattern([7], 3));

  const cases: readonly (readonly [name: string, state: unknown, fact: string])[] = [
    ["other groups", { paramGroups: [{ ...own, params: [0] }, { ...own, params: [1] }], state: {} }, "the state has 2 parameter groups, the optimizer 1"],
    ["other numbers of parameters", { paramGroups: [{ ...own, params: [0] }], state: {} }, "group 0 has 1 parameters in the state, 2 in the optimizer"],
    ["an option that replaces the prototype", { paramGroups: [{ ...own, ["__proto__"]: {}, params: [0, 1] }], state: {} }, "the state has the option __proto__, which SGD does not know"],
    ["another optimizer's options", { paramGroups: [{ lr: 0.1, betas: [0.9, 0.99], params: [0, 1] }], state: {} }, "group 0 of the state has no momentum"],
    ["a parameter too many", { paramGroups: [{ ...own, params: [0, 1] }], state: { 2: { momentumBuffer: buffer } } }, "the state is for parameter 2, the optimizer has 2"],
    ["another optimizer's state", { paramGroups: [{ ...own, params: [0, 1] }], state: { 1: { expAvg: buffer } } }, "parameter 1 has the state expAvg, which SGD does not know"],
    ["other shapes", { paramGroups: [{ ...own, lr: 5, params: [0, 1] }], state: { 0: { momentumBuffer: buffer }, 1: { momentumBuffer: tensor([1, 2]) } } }, "parameter 1 has shape [7], its momentumBuffer in the state [2]"],
    ["nothing", {}, "the state must have paramGroups and state, as stateDict() gives them, and is an object with nothing"],
    ["null", null, "the state must have paramGroups and state, as stateDict() gives them, and is null"],
    ["a module's state", { weight: buffer }, "the state must have paramGroups and state, as stateDict() gives them, and is an object with weight"],
    ["a group that is none", { paramGroups: [null], state: {} }, "group 0 of the state must be an object, not null"],
    ["a group without parameters", { paramGroups: [own], state: {} }, "params of group 0 in the state must be a list of numbers of parameters, not undefined"],
    ["parameters that are no numbers", { paramGroups: [{ ...own, params: [0, -1] }], state: {} }, "params of group 0 in the state must be a list of numbers of parameters, not [0,-1]"],
    ["a parameter twice", { paramGroups: [{ ...own, params: [1, 1] }], state: {} }, "the state lists a parameter twice"],
    ["a rate of NaN", { paramGroups: [{ ...own, lr: NaN, params: [0, 1] }], state: {} }, "lr NaN in group 0 of the state must be a finite number, 0 or more"],
    ["a rate that is a text", { paramGroups: [{ ...own, lr: "0.1", params: [0, 1] }], state: {} }, 'lr "0.1" in group 0 of the state must be a finite number, 0 or more'],
    ["an option too few", { paramGroups: [{ lr: 0.1, params: [0, 1] }], state: {} }, "group 0 of the state has no momentum"],
    ["options that do not go together", { paramGroups: [{ ...own, nesterov: true, dampening: 0.5, params: [0, 1] }], state: {} }, "dampening 0.5 must be 0 with nesterov"],
    ["a number for a tensor", { paramGroups: [{ ...own, params: [0, 1] }], state: { 0: { momentumBuffer: 3 } } }, "momentumBuffer of parameter 0 in the state must be a floating tensor, not 3"],
    ["integers", { paramGroups: [{ ...own, params: [0, 1] }], state: { 0: { momentumBuffer: tensor(new Int32Array(7)) } } }, "momentumBuffer of parameter 0 in the state must be a floating tensor, not int32"],
    ["a parameter without a number", { paramGroups: [{ ...own, params: [0, 1] }], state: { "": { momentumBuffer: buffer } } }, "the state is for parameter , the optimizer has 2"],
    ["a number written otherwise", { paramGroups: [{ ...own, params: [0, 1] }], state: { "01": { momentumBuffer: buffer } } }, "the state is for parameter 01, the optimizer has 2"],
    ["a forged tensor", { paramGroups: [{ ...own, params: [0, 1] }], state: { 0: { momentumBuffer: { shape: [7], dtype: "float32", storage: { pointer: 8, elements: [] } } } } }, "momentumBuffer of parameter 0 in the state must be a floating tensor, not an object"],
    ["names by the thousand", Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`n${i}`, 0])), "the state must have paramGroups and state, as stateDict() gives them, and is an object with n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, and 49990 more"],
    ["nothing for a parameter", { paramGroups: [{ ...own, params: [0, 1] }], state: { 0: null } }, "the state of parameter 0 must be an object, not null"],
  ];

  const adamOwn = { lr: 0.1, betas: [0.9, 0.99], eps: 0, weightDecay: 0, amsgrad: false, maximize: false, params: [0, 1] };
  const moments = { expAvg: buffer, expAvgSq: buffer };

  test.each<[name: string, group: object, state: unknown, fact: string]>([
    ["a count of NaN", {}, { step: NaN, ...moments }, "step NaN of parameter 0 in the state must be an integer, 0 or more"],
    ["a negative count", {}, { step: -5, ...moments }, "step -5 of parameter 0 in the state must be an integer, 0 or more"],
    ["half a step", {}, { step: 1.5, ...moments }, "step 1.5 of parameter 0 in the state must be an integer, 0 or more"],
    ["a tensor as count", {}, { step: tensor(1), ...moments }, "step a Tensor of parameter 0 in the state must be an integer, 0 or more"],
    ["no count", {}, moments, "parameter 0 has no step in the state"],
    ["no average", {}, { step: 1, expAvg: buffer }, "parameter 0 has no expAvgSq in the state"],
    ["a number as average", {}, { step: 1, expAvg: 0.5, expAvgSq: buffer }, "expAvg of parameter 0 in the state must be a floating tensor, not 0.5"],
    ["decays of 2", { betas: [2, 2] }, { step: 1, ...moments }, "betas [2,2] in group 0 of the state must be a pair of numbers, 0 or more and below 1"],
    ["amsgrad 1", { amsgrad: 1 }, { step: 1, ...moments }, "amsgrad 1 in group 0 of the state must be true or false"],
  ])("Adam's with %s", (_name, group, own, fact) => {
    const parameters = weights();
    const optimizer = new Adam(parameters);
    advance(parameters, optimizer, 0, 1);
    const before = readable(optimizer);
    const state: unknown = { paramGroups: [{ ...adamOwn, ...group }], state: { 0: own } };
    const error = thrownBy(() => optimizer.loadStateDict(state as ReturnType<Adam["stateDict"]>));
    expect(error.message).toBe(`Adam.loadStateDict: ${fact}\n  hint: make the optimizer as the one that was saved\n  code: optim/state`);
    expect(readable(optimizer)).toEqual(before);
  });

  test("tensors that a scope has freed", () => {
    const optimizer = new SGD(weights(), { lr: 0.1, momentum: 0.9 });
    const outer = enterScope();
    const lost = tensor(pattern([7], 1));
    leaveScope(outer, { has: () => false });
    const saved = optimizer.stateDict();
    expect(thrownBy(() => optimizer.loadStateDict({ ...saved, state: { 0: { momentumBuffer: lost } } })).code).toBe("heap/freed");
    expect(optimizer.stateDict().state).toEqual({});
  });

  test.each(cases)("%s", (_name, state, fact) => {
    const parameters = weights();
    const optimizer = new SGD(parameters, { lr: 0.1, momentum: 0.9 });
    advance(parameters, optimizer, 0, 1);
    const before = readable(optimizer);
    const error = thrownBy(() => optimizer.loadStateDict(state as ReturnType<SGD["stateDict"]>));
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toBe(`SGD.loadStateDict: ${fact}\n  hint: make the optimizer as the one that was saved\n  code: optim/state`);
    expect(readable(optimizer)).toEqual(before);
  });
});

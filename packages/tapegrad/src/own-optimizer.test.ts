import { expect, test } from "vitest";
import { manualSeed, nn, optim, randn, scope, tensor, zerosLike, type Tensor } from "tapegrad";

// Optimizers as somebody writes them who has the published package alone.

interface AveragedOptions {
  lr: number;
  decay: number;
}

interface AveragedState {
  step: number;
  /** The product of all decays, a number that is no count. */
  product: number;
  average: Tensor | null;
  slow: Tensor | null;
  last: Tensor | null;
}

/** Remembers everything that can be remembered: a count, a number, results of ops, a copy of the parameter, the gradient itself. */
class Averaged extends optim.Optimizer<AveragedOptions, AveragedState> {
  constructor(params: optim.Params<AveragedOptions>, options: Partial<AveragedOptions> = {}) {
    const { nonNegative, share } = optim.optionRules;
    super(params, options, { lr: 0.1, decay: 0.9 }, {
      options: { lr: nonNegative, decay: share },
      state: { step: "count", product: "number", average: "tensor", slow: "optional tensor", last: "optional tensor" },
    });
  }

  protected override emptyState(): AveragedState {
    return { step: 0, product: 1, average: null, slow: null, last: null };
  }

  protected override update(parameter: Tensor, gradient: Tensor, { lr, decay }: AveragedOptions, own: AveragedState): void {
    own.step++;
    own.product *= decay;
    // A new tensor in every step.
    own.average = (own.average ?? zerosLike(parameter)).mul(decay).add(gradient.mul(1 - decay));
    own.slow ??= parameter.clone();
    own.slow.add_(parameter.sub(own.slow).mul(0.5));
    parameter.sub_(own.average.mul(lr / (1 - own.product)));
    if (own.last !== null) parameter.sub_(own.last.mul(lr / 10));
    own.last = gradient;
  }
}

/** A small training; each step in a scope if asked, saved and loaded again after the second step if asked. */
function train(options: { readonly scoped?: boolean; readonly resumed?: boolean } = {}): unknown {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Sigmoid(), new nn.Linear(4, 2));
  let optimizer = new Averaged([{ params: model.parameters().slice(0, 2), lr: 0.3 }, { params: model.parameters().slice(2) }]);
  for (const group of optimizer.paramGroups) Object.assign(group, { initialLr: group.lr });
  for (let t = 0; t < 5; t++) {
    const step = (): void => {
      optimizer.zeroGrad();
      model.forward(randn([5, 3])).square().sum().backward();
      optimizer.step();
    };
    if (options.scoped === true) scope(step);
    else step();
    if (options.resumed === true && t === 1) {
      const fresh = new Averaged([{ params: model.parameters().slice(0, 2) }, { params: model.parameters().slice(2) }]);
      fresh.loadStateDict(optimizer.stateDict());
      optimizer = fresh;
    }
  }
  const { paramGroups, state } = optimizer.stateDict();
  const read = (value: Tensor | number): unknown => (typeof value === "number" ? value : value.toArray());
  return {
    weights: model.parameters().map((parameter) => parameter.toArray()),
    paramGroups,
    state: Object.values(state).map((own) => Object.entries(own).map(([name, value]) => [name, read(value)])),
  };
}

test("what an optimizer puts into its state stays there, in a scope as without one", () => {
  const plain = train();
  expect(plain).toMatchObject({ paramGroups: [{ lr: 0.3, decay: 0.9, params: [0, 1] }, { lr: 0.1, params: [2, 3] }] });
  expect(train({ scoped: true })).toEqual(plain);
});

test("saved and loaded it goes on to the very bit, and keeps options of the program's own", () => {
  const plain = train();
  expect(plain).toMatchObject({ paramGroups: [{ initialLr: 0.3 }, { initialLr: 0.1 }] });
  for (const scoped of [false, true]) expect(train({ scoped, resumed: true })).toEqual(plain);
});

test.each([optim.SGD, optim.Adam, optim.AdamW])("%o keeps options of the program's own too", (Kind) => {
  const make = () => new Kind([tensor([1], { requiresGrad: true })], { lr: 0.1 });
  const [saved, optimizer] = [make(), make()];
  const own = { initialLr: 0.5, name: "head", warmup: [1, 2] };
  Object.assign(saved.paramGroups[0] ?? {}, own);
  // As it comes back from a file.
  const state = JSON.parse(JSON.stringify(saved.stateDict())) as ReturnType<typeof saved.stateDict>;
  optimizer.loadStateDict(state as never);
  expect(optimizer.paramGroups[0]).toMatchObject(own);
  expect(optimizer.stateDict().paramGroups).toEqual(saved.stateDict().paramGroups);
});

test("its options and its states are checked as the others'", () => {
  const w = tensor([1, 2], { requiresGrad: true });
  expect(() => new Averaged([w], { decay: 2 })).toThrow("Averaged: decay 2 must be a number from 0 to 1\n  code: optim/option");
  expect(() => new Averaged([])).toThrow("Averaged: there are no parameters to optimise");
  const optimizer = new Averaged([w]);
  w.sum().backward();
  optimizer.step();
  const saved = optimizer.stateDict();
  const refusal = (own: object): string => {
    try {
      optimizer.loadStateDict({ ...saved, state: { 0: { ...saved.state[0], ...own } } });
      return "none";
    } catch (error) {
      return (error as Error).message.split("\n")[0] ?? "";
    }
  };
  expect(refusal({})).toBe("none");
  expect(refusal({ product: Infinity })).toBe("Averaged.loadStateDict: product Infinity of parameter 0 in the state must be a finite number");
  expect(refusal({ step: 0.5 })).toBe("Averaged.loadStateDict: step 0.5 of parameter 0 in the state must be an integer, 0 or more");
  expect(refusal({ average: tensor([1]) })).toBe("Averaged.loadStateDict: parameter 0 has shape [2], its average in the state [1]");
  expect(refusal({ fast: tensor([1, 2]) })).toBe("Averaged.loadStateDict: parameter 0 has the state fast, which Averaged does not know");
});

test("what has no rule is found when it is saved, not when it is loaded", () => {
  class Forgetful extends Averaged {
    protected override update(...inputs: Parameters<Averaged["update"]>): void {
      super.update(...inputs);
      Object.assign(inputs[3], { fast: 1 });
    }
  }
  const w = tensor([1, 2], { requiresGrad: true });
  const optimizer = new Forgetful([w]);
  w.sum().backward();
  optimizer.step();
  expect(() => optimizer.stateDict()).toThrow(`Forgetful.stateDict: the state has fast, for which the optimizer has no rule
  hint: add fast: "tensor", "optional tensor", "count" or "number" to the rules of the state
  code: optim/undeclared`);
});

import { expect, test } from "vitest";
import { defaultGenerator, dropout, equal, Generator, keep, ones, randn, scope, tensor, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { ReLU, Sigmoid, Tanh } from "./activation.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { LocalResponseNorm } from "./local-response-norm.ts";
import { CrossEntropyLoss } from "./loss.ts";
import { Module } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";
import { Sequential } from "./sequential.ts";

const values = (module: Module): unknown => Object.entries(module.stateDict()).map(([name, x]) => [name, x.dtype, x.toArray()]);

test.each<[name: string, make: () => Module, x: () => Tensor]>([
  ["Linear", () => new Linear(3, 2), () => randn([4, 3])],
  ["BatchNorm1d", () => new BatchNorm1d(3), () => randn([4, 3])],
  ["BatchNorm2d", () => new BatchNorm2d(3, { affine: false }), () => randn([4, 3, 2, 2])],
  ["Conv2d", () => new Conv2d(1, 2, 3, { padding: 1 }), () => randn([1, 1, 5, 5])],
  ["LayerNorm", () => new LayerNorm([3]), () => randn([4, 3])],
  ["LocalResponseNorm", () => new LocalResponseNorm(3), () => randn([1, 4, 2, 2])],
  ["pooling", () => new Sequential(new MaxPool2d(2), new AvgPool2d(2)), () => randn([1, 1, 8, 8])],
  ["activations", () => new Sequential(new ReLU(), new Sigmoid(), new Tanh(), new Flatten()), () => randn([2, 3])],
  ["a Dropout with a generator", () => new Dropout(0.5, { generator: new Generator(4) }), () => ones([50])],
  ["a Sequential in float64", () => new Sequential(new Linear(3, 4), new ReLU(), new Linear(4, 1)).to("float64"), () => randn([2, 3], { dtype: "float64" })],
])("a copy of %s computes the same, and is changed alone", (_name, make, x) => {
  const model = make();
  const input = x();
  model.forward(input);
  const before = values(model);
  const copy = model.clone();
  expect(copy).toBeInstanceOf(model.constructor);
  expect(String(copy)).toBe(String(model));
  expect(values(copy)).toEqual(before);
  expect(equal(copy.forward(input), model.forward(input))).toBe(true);
  expect(values(copy)).toEqual(values(model));
  const now = values(model);
  for (const x of [...copy.parameters(), ...copy.buffers()]) x.detach().fill_(9);
  copy.eval();
  expect(values(model)).toEqual(now);
  expect(model.training).toBe(true);
  const [ours, theirs] = [new Set<object>([...model.parameters(), ...model.buffers()]), [...copy.parameters(), ...copy.buffers()]];
  expect(theirs.some((x) => ours.has(x))).toBe(false);
});

class Block extends Module {
  readonly shared: Linear;
  readonly scale = new Parameter(ones([2]));
  readonly seen = new Buffer(tensor([1, 2]));
  readonly plain = tensor([3, 4], { requiresGrad: true });
  readonly table = new Map<string, unknown>([["a", new Linear(1, 1)], ["b", [1, { deep: tensor([5]) }]]]);
  readonly list = [new Linear(1, 1), new Set([new ReLU()])];
  readonly bytes = Uint8Array.of(1, 2, 3);
  readonly made = new Date(5);
  readonly act = (x: Tensor): Tensor => x.relu();
  readonly generator = new Generator(3);
  readonly usual = defaultGenerator;
  readonly options = new Options();
  count = 7;
  parent: Module | null = null;

  constructor(shared: Linear) {
    super();
    this.shared = shared;
    // What a constructor counts, a copy does not count again.
    Block.made++;
  }
  static made = 0;

  override forward(x: Tensor): Tensor {
    return this.act(this.shared.forward(x)).mul(this.scale);
  }
}

class Options {
  readonly sizes = [1, 2];
  get total(): number {
    return this.sizes.reduce((a, b) => a + b, 0);
  }
}

test("fields of every kind are copied, however deep; what is shared stays shared, and circles close", () => {
  const shared = new Linear(2, 2);
  const first = new Block(shared);
  const model = new Sequential(first, new Block(shared));
  first.parent = model;
  const made = Block.made;
  const copy = model.clone();
  expect(Block.made).toBe(made);
  const [a, b] = [copy[0], copy[1]];
  expect(a.shared).toBe(b.shared);
  expect(a.shared).not.toBe(shared);
  expect(a.parent).toBe(copy);
  expect(copy.parameters()).toHaveLength(model.parameters().length);
  expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
  expect([a.count, a.act, a.usual, a.options.total, a.options.constructor, a.made.getTime()]).toEqual([7, first.act, defaultGenerator, 3, Options, 5]);
  const pairs: readonly (readonly [object, object])[] = [
    [a.scale, first.scale], [a.seen, first.seen], [a.plain, first.plain], [a.table, first.table], [a.list, first.list], [a.bytes, first.bytes], [a.made, first.made],
    [a.generator, first.generator], [a.options, first.options], [a.options.sizes, first.options.sizes], [a.table.get("a") as object, first.table.get("a") as object],
  ];
  for (const [ours, theirs] of pairs) {
    expect(ours).not.toBe(theirs);
    expect(ours.constructor).toBe(theirs.constructor);
  }
  expect([a.scale.requiresGrad, a.seen.requiresGrad, a.plain.requiresGrad]).toEqual([true, false, true]);
  expect(a.generator.getState()).toEqual(first.generator.getState());
  dropout(ones([4]), { generator: a.generator });
  expect(a.generator.getState()).not.toEqual(first.generator.getState());
});

test("gradients of parameters stay with the original, those of other leaves come along, as in PyTorch", () => {
  const block = new Block(new Linear(2, 2));
  block.forward(ones([1, 2])).add(block.plain).sum().backward();
  block.shared.weight.requiresGrad = false;
  const copy = block.clone();
  expect(copy.scale.grad).toBeNull();
  expect(copy.plain.grad?.toArray()).toEqual([1, 1]);
  expect(copy.plain.grad).not.toBe(block.plain.grad);
  expect([copy.shared.weight.requiresGrad, copy.shared.bias?.requiresGrad]).toEqual([false, true]);
});

test("hooks come along, and are removed alone", () => {
  const model = new Linear(1, 1);
  const seen: unknown[] = [];
  const remove = model.registerForwardHook((module) => void seen.push(module));
  const copy = model.clone();
  remove();
  model.forward(ones([1]));
  copy.forward(ones([1]));
  expect(seen).toEqual([copy]);
});

test("a copy outlives the scope that it was made in, and is trained", () => {
  const model = new Linear(1, 1);
  const copy = scope(() => {
    const made = model.clone();
    keep(made.weight);
    return made;
  });
  copy.forward(ones([1, 1])).sum().backward();
  expect(copy.weight.grad?.toArray()).toEqual([[1]]);
  expect(model.weight.grad).toBeNull();
});

test("a module with a clone of its own is asked for it, wherever it is", () => {
  class Own extends Linear {
    readonly #secret = 1;
    get secret(): number {
      return this.#secret;
    }
    override clone(): this {
      const copy = new Own(this.inFeatures, this.outFeatures);
      copy.loadStateDict(this.stateDict());
      return copy as this;
    }
  }
  const own = new Own(2, 2);
  const copy = new Sequential(own, own).clone();
  expect(copy.at(0)).toBe(copy.at(1));
  expect(copy[0].secret).toBe(1);
  expect(values(copy)).toEqual(values(new Sequential(own, own)));
});

class Private extends Module {
  readonly #scale = 2;
  override forward(x: Tensor): Tensor {
    return x.mul(this.#scale);
  }
}

class Below extends Private {}

class FieldForward extends Module {
  readonly fc = new Linear(1, 1);
  override forward = (x: Tensor): Tensor => this.fc.forward(x);
}

class Holder extends Module {
  readonly held: unknown;
  constructor(held: unknown) {
    super();
    this.held = held;
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
}

class Secretive {
  readonly #secret = 1;
  get secret(): number {
    return this.#secret;
  }
}

test.each<[make: () => Module, owner: string, fact: string]>([
  [() => new Private(), "Private", "it has the private field #scale"],
  [() => new Below(), "Below", "it has the private field #scale"],
  [() => new Sequential(new Private()), "Private", "it has the private field #scale"],
  [() => new FieldForward(), "FieldForward", "forward is a field, a function of this one's"],
  [() => Object.assign(new Linear(1, 1), { forward: (x: Tensor) => x }), "Linear", "forward is a field, a function of this one's"],
  [() => new Holder(tensor([1], { requiresGrad: true }).mul(2)), "Holder", "field held holds the result of a recorded op"],
  [() => new Holder({ deep: [Promise.resolve()] }), "Holder", "field held.deep.0 holds a Promise"],
  [() => new Holder(new Map([["a", new WeakMap()]])), "Holder", "field held.a holds a WeakMap"],
  [() => new Holder([new Secretive()]), "Holder", "field held.0 holds a Secretive with the private field #secret"],
])("what cannot be copied is refused (%#)", (make, owner, fact) => {
  const error = thrownBy(() => make().clone());
  expect(error.message).toBe(`${owner}.clone: ${fact}, which cannot be copied\n  hint: give ${owner} a clone() of its own, which makes a new one and loads this one's stateDict()\n  code: Module/clone`);
});

test("a loss with weights is copied too", () => {
  const loss = new CrossEntropyLoss({ weight: tensor([1, 2]) });
  const copy = loss.clone();
  const inputs = [tensor([[1, 2]]), tensor([0], { dtype: "int32" })] as const;
  expect(copy.forward(...inputs).item()).toBe(loss.forward(...inputs).item());
});

import { describe, expect, test } from "vitest";
import { noGrad } from "@tapegrad/autograd";
import * as nn from "@tapegrad/nn";
import * as optim from "@tapegrad/optim";
import { manualSeed, randn, tensor, type DType } from "@tapegrad/tensor";

type AnyOptimizer = optim.SGD | optim.Adam | optim.AdamW;

const kinds: Readonly<Record<string, (parameters: nn.Parameter[]) => AnyOptimizer>> = {
  SGD: (parameters) => new optim.SGD(parameters, { lr: 0.1 }),
  "SGD with momentum": (parameters) => new optim.SGD(parameters, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (parameters) => new optim.Adam(parameters, { lr: 0.01, amsgrad: true }),
  AdamW: (parameters) => new optim.AdamW(parameters, { lr: 0.01 }),
};

const x = tensor([[0.5, -1], [2, 0.25], [-0.75, 1.5]]);

function model(): nn.Sequential {
  manualSeed(3);
  return new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1));
}

function step(net: nn.Sequential, optimizer: AnyOptimizer, dtype: DType): void {
  optimizer.zeroGrad();
  net.forward(x.to(dtype)).square().mean().backward();
  optimizer.step();
}

const valuesOf = (net: nn.Sequential): number[] => net.parameters().flatMap((p) => [...p.to("float64").toTypedArray()] as number[]);

describe.each(Object.entries(kinds))("%s, made before model.to(dtype)", (_name, make) => {
  test.each<[DType, DType]>([["float32", "float64"], ["float64", "float32"], ["float32", "float16"], ["float16", "float64"]])("goes on from %s to %s", (from, to) => {
    const net = model().to(from);
    const optimizer = make(net.parameters());
    const before = net.parameters();
    for (let t = 0; t < 3; t++) step(net, optimizer, from);
    net.to(to);
    expect(net.parameters().every((p, i) => p === before[i])).toBe(true);

    // What goes on must be what a new optimizer with the old one's state does.
    const twin = model().to(to);
    twin.loadStateDict(net.stateDict());
    const fresh = make(twin.parameters());
    const load = fresh.loadStateDict.bind(fresh) as (state: ReturnType<AnyOptimizer["stateDict"]>) => void;
    load(optimizer.stateDict());

    const start = valuesOf(net);
    for (let t = 0; t < 3; t++) {
      step(net, optimizer, to);
      step(twin, fresh, to);
    }
    expect(valuesOf(net)).toEqual(valuesOf(twin));
    expect(valuesOf(net)).not.toEqual(start);
    const computed = to === "float16" ? "float32" : to;
    for (const own of Object.values(optimizer.stateDict().state)) for (const value of Object.values(own)) if (typeof value !== "number") expect(value.dtype).toBe(computed);
  });
});

test("gradients that wait for a step are converted too", () => {
  const net = model();
  const optimizer = new optim.SGD(net.parameters(), { lr: 1 });
  net.forward(x).sum().backward();
  const [first] = net.parameters();
  const [values, gradient] = [first?.to("float64"), first?.grad?.to("float64")];
  net.to("float64");
  optimizer.step();
  expect(first?.dtype).toBe("float64");
  expect(first?.toArray()).toEqual(noGrad(() => values?.sub(gradient ?? 0))?.toArray());
});

test("views that were taken before keep the old elements", () => {
  const layer = new nn.Linear(2, 2);
  const state = layer.stateDict();
  const before = layer.weight.toArray();
  layer.to("float64");
  noGrad(() => layer.weight.fill_(7));
  expect([state["weight"]?.dtype, state["weight"]?.toArray()]).toEqual(["float32", before]);
  expect(layer.forward(randn([1, 2], { dtype: "float64" })).dtype).toBe("float64");
});

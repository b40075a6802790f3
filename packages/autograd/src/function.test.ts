import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryStats, collectGarbage } from "@tapegrad/kernels";
import { equal, ones, tensor, type Tensor } from "@tapegrad/tensor";
import { grad } from "./backward.ts";
import { type FunctionContext } from "./function-context.ts";
import { Function } from "./function.ts";
import { enableGrad, isGradEnabled, noGrad } from "./grad-mode.ts";
import { gradcheck } from "./gradcheck.ts";
import { onceDifferentiable } from "./once-differentiable.ts";

const leaf = (values: number | readonly number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

class Exp extends Function {
  static forward(ctx: FunctionContext<[out: Tensor]>, x: Tensor): Tensor {
    const out = x.exp();
    ctx.saveForBackward(out);
    return out;
  }

  static backward(ctx: FunctionContext<[out: Tensor]>, dOut: Tensor): Tensor {
    return dOut.mul(ctx.savedTensors[0]);
  }
}

/** scale x y and x + y, of operands that broadcast. */
class ProductAndSum extends Function {
  static forward(ctx: FunctionContext<[x: Tensor, y: Tensor]> & { scale?: number }, x: Tensor, y: Tensor, scale: number): [product: Tensor, sum: Tensor] {
    ctx.saveForBackward(x, y);
    ctx.scale = scale;
    return [x.mul(y).mul(scale), x.add(y)];
  }

  static backward(ctx: FunctionContext<[x: Tensor, y: Tensor]> & { scale?: number }, dProduct: Tensor, dSum: Tensor): (Tensor | null)[] {
    const [x, y] = ctx.savedTensors;
    const scale = ctx.scale ?? NaN;
    return [dProduct.mul(y).mul(scale).add(dSum), dProduct.mul(x).mul(scale).add(dSum), null];
  }
}

/** The derivative of a function of one tensor, as a function whose own one can be checked. */
const derivative = (run: (...xs: Tensor[]) => Tensor, of = 0) => (...xs: Tensor[]): Tensor =>
  enableGrad(() => {
    const inputs = xs.map((x) => (x.requiresGrad ? x : x.detach().requiresGrad_()));
    const out = run(...inputs);
    const weights = tensor(Float64Array.from({ length: out.numel() }, (_, i) => 1 + 0.3 * i), { shape: out.shape, dtype: "float64" });
    return grad([out.mul(weights).sum()], [inputs[of] as Tensor], { createGraph: true })[0];
  });

const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
const values = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.3 + Math.sin(seed + 2.3 * i)), { shape, dtype: "float64", requiresGrad: true });

describe("gradients of functions of a program's own are right, first and second ones", () => {
  test("for any shape, strided inputs too", () => {
    fc.assert(fc.property(shapes, fc.nat(99), fc.boolean(), (shape, seed, isStrided) => {
      const run = (x: Tensor): Tensor => Exp.apply(isStrided ? x.permute(shape.map((_, i) => shape.length - 1 - i)) : x);
      gradcheck(run, [values(shape, seed)]);
      gradcheck(derivative(run), [values(shape, seed)]);
    }), { seed: 3, numRuns: 25 });
  });

  test("for inputs that broadcast, and every choice of outputs", () => {
    const broadcast = fc.tuple(shapes, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.nat(3));
    fc.assert(fc.property(broadcast, fc.nat(99), fc.constantFrom("both", "first", "second"), ([shape, ones, dropped], seed, which) => {
      const other = shape.map((size, i) => (ones[i] === true ? 1 : size)).slice(Math.min(dropped, shape.length));
      const run = (x: Tensor, y: Tensor): Tensor => {
        const [product, sum] = ProductAndSum.apply(x, y, 2);
        return which === "first" ? product : which === "second" ? sum : product.mul(sum);
      };
      const inputs = [values(shape, seed), values(other, seed + 1)];
      gradcheck(run, inputs);
      for (const of of [0, 1]) gradcheck(derivative(run, of), inputs);
    }), { seed: 4, numRuns: 25 });
  });

  test("in every floating dtype the gradient has the input's", () => {
    for (const dtype of ["float32", "float64", "float16", "bfloat16"] as const) {
      const x = tensor([0, 0], { dtype, requiresGrad: true });
      Exp.apply(x).sum().backward();
      expect([x.grad?.dtype, x.grad?.to("float32").toArray()]).toEqual([dtype, [1, 1]]);
    }
  });
});

describe("as in PyTorch 2.15", () => {
  test("needsInputGrad counts arguments, and says so inside noGrad too; forward runs unrecorded, backward as createGraph says", () => {
    const seen: unknown[] = [];
    class Look extends Function {
      static forward(ctx: FunctionContext, x: Tensor, y: Tensor, k: number): Tensor {
        seen.push([ctx.needsInputGrad, isGradEnabled()]);
        return x.mul(y).mul(k);
      }
      static backward(ctx: FunctionContext, dOut: Tensor): (Tensor | null)[] {
        seen.push([ctx.needsInputGrad, isGradEnabled()]);
        return [dOut, dOut, null];
      }
    }
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    grad([Look.apply(x, y, 2).sum()], [x]);
    grad([Look.apply(x, y.detach(), 2).sum()], [x], { createGraph: true });
    expect(noGrad(() => Look.apply(x, y, 2)).requiresGrad).toBe(false);
    expect(seen).toEqual([[[true, true, false], false], [[true, true, false], false], [[true, false, false], false], [[true, false, false], true], [[true, true, false], false]]);
  });

  test("a gradient may be null, of another floating dtype, or of a shape that the input broadcasts to; extra nulls do no harm", () => {
    const gradientOf = (give: (dOut: Tensor) => unknown): unknown => {
      class Own extends Function {
        static forward(_: FunctionContext, x: Tensor): Tensor {
          return x.mul(2);
        }
        static backward(_: FunctionContext, dOut: Tensor): Tensor {
          return give(dOut) as Tensor;
        }
      }
      const x = leaf([1, 2]);
      Own.apply(x).sum().backward();
      return x.grad?.toArray() ?? null;
    };
    expect(gradientOf(() => null)).toBe(null);
    expect(gradientOf(() => ones([3, 2]))).toEqual([3, 3]);
    expect(gradientOf(() => ones([2], "int64"))).toEqual([1, 1]);
    expect(gradientOf((dOut) => [dOut.mul(5), null, null])).toEqual([5, 5]);
    expect(gradientOf((dOut) => dOut)).toEqual([1, 1]);
  });

  test("an input that comes out is another tensor over the same elements, inside noGrad and of a constant too", () => {
    class Same extends Function {
      static forward(_: FunctionContext, x: Tensor): Tensor {
        return x;
      }
      static backward(_: FunctionContext, dOut: Tensor): Tensor {
        return dOut.mul(5);
      }
    }
    const x = leaf([1, 2]);
    const out = Same.apply(x);
    out.sum().backward();
    expect([out === x, out.storage === x.storage, x.isLeaf, x.grad?.toArray()]).toEqual([false, true, true, [5, 5]]);
    const constant = noGrad(() => Same.apply(x));
    expect([constant === x, constant.requiresGrad]).toEqual([false, false]);
    const c = tensor([1]);
    expect(Same.apply(c)).not.toBe(c);
  });

  test("several outputs: what is no tensor passes, and so does one tensor given twice", () => {
    const seen: unknown[] = [];
    class Many extends Function {
      static forward(_: FunctionContext, x: Tensor): [Tensor, number, Tensor, null, Tensor] {
        const twice = x.mul(2);
        return [twice, 7, twice, null, x.argmax()];
      }
      static backward(_: FunctionContext, ...dOuts: (Tensor | null)[]): Tensor {
        seen.push(dOuts.map((dOut) => dOut?.toArray() ?? null));
        return (dOuts[0] as Tensor).add((dOuts[2] as Tensor).mul(10));
      }
    }
    const x = leaf([1, 2]);
    const [a, seven, b, nothing, index] = Many.apply(x);
    expect([seven, nothing, index.item(), index.requiresGrad, a.requiresGrad, b.requiresGrad]).toEqual([7, null, 1, false, true, true]);
    a.sum().add(b.sum().mul(3)).backward();
    expect([x.grad?.toArray(), seen]).toEqual([[31, 31], [[[1, 1], null, [3, 3], null, 0]]]);
  });

  test("markNonDifferentiable makes constants; setMaterializeGrads(false) gives null where nothing comes", () => {
    const seen: unknown[] = [];
    class Pair extends Function {
      static forward(ctx: FunctionContext, x: Tensor, mark: boolean, materialize: boolean): [Tensor, Tensor] {
        const [a, b] = [x.mul(2), x.mul(3)];
        if (mark) ctx.markNonDifferentiable(b);
        ctx.setMaterializeGrads(materialize);
        return [a, b];
      }
      static backward(_: FunctionContext, da: Tensor, db: Tensor | null): (Tensor | null)[] {
        seen.push(db?.toArray() ?? null);
        return [da.mul(2), null, null];
      }
    }
    const x = leaf([1, 2]);
    const [a, b] = Pair.apply(x, true, true);
    expect([a.requiresGrad, b.requiresGrad]).toEqual([true, false]);
    a.sum().backward();
    Pair.apply(x, false, false)[0].sum().backward();
    expect(seen).toEqual([[0, 0], null]);
  });

  test("tensors inside lists are not seen, and a function without saved tensors can be used again", () => {
    class First extends Function {
      static forward(_: FunctionContext, list: readonly Tensor[]): Tensor {
        return (list[0] as Tensor).mul(2);
      }
      static backward(): null {
        return null;
      }
    }
    expect(First.apply([leaf([1])]).requiresGrad).toBe(false);
    class Twice extends Function {
      static forward(_: FunctionContext, x: Tensor): Tensor {
        return x.mul(2);
      }
      static backward(_: FunctionContext, dOut: Tensor): Tensor {
        return dOut.mul(2);
      }
    }
    const x = leaf(1);
    const out = Twice.apply(x);
    out.backward();
    out.backward();
    expect(x.grad?.item()).toBe(4);
  });
});

describe("the tape treats them as it treats ops", () => {
  test("hooks, retained gradients, retainGraph, inputs given twice", () => {
    const x = leaf(1);
    const out = Exp.apply(x);
    const seen: number[] = [];
    out.registerHook((gradient) => void seen.push(gradient.item()));
    out.retainGrad();
    out.backward({ retainGraph: true });
    out.backward();
    expect([x.grad?.item(), out.grad?.item(), seen]).toEqual([2 * Math.E, 2, [1, 1]]);
    const [product] = ProductAndSum.apply(x, x, 1);
    expect(grad([product], [x])[0].item()).toBe(2);
  });

  test("a saved output has its place on the tape, also where it shares the input's elements", () => {
    class SquareOfColumn extends Function {
      static forward(ctx: FunctionContext<[column: Tensor]>, x: Tensor): [column: Tensor, square: Tensor] {
        const column = x.reshape([2, 1]);
        ctx.saveForBackward(column);
        return [column, column.square()];
      }
      static backward(ctx: FunctionContext<[column: Tensor]>, dColumn: Tensor, dSquare: Tensor): Tensor {
        return dColumn.add(dSquare.mul(ctx.savedTensors[0]).mul(2)).reshape([2]);
      }
    }
    const x = leaf([3, 4]);
    const [dx] = grad([SquareOfColumn.apply(x)[1].sum()], [x], { createGraph: true });
    expect(grad([dx.sum()], [x])[0].toArray()).toEqual([2, 2]);
  });

  test("what backward keeps stays: upstream gradients, and what it made", () => {
    const kept: Tensor[] = [];
    class Keeper extends Function {
      static forward(_: FunctionContext, x: Tensor): Tensor {
        kept.push(x.add(1));
        return x.mul(2);
      }
      static backward(_: FunctionContext, dOut: Tensor): Tensor {
        kept.push(dOut, dOut.mul(7));
        return dOut.mul(2);
      }
    }
    const x = leaf([[1, 2], [3, 4]] as never);
    Keeper.apply(x.mul(1).t()).mul(3).sum().backward();
    expect(kept.map((y) => y.toArray(2)[1])).toEqual([[3, 5], [3, 3], [21, 21]]);
    expect(x.grad?.toArray()).toEqual([[6, 6], [6, 6]]);
  });

  test("checkpointing: backward computes forward again, on a tape of its own", () => {
    const run = (x: Tensor): Tensor => x.square().exp();
    class Checkpoint extends Function {
      static forward(ctx: FunctionContext<[x: Tensor]>, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return run(x);
      }
      static backward = onceDifferentiable((ctx: FunctionContext<[x: Tensor]>, dOut: Tensor): Tensor => {
        const x = ctx.savedTensors[0].detach().requiresGrad_();
        return grad([enableGrad(() => run(x))], [x], { gradOutputs: [dOut] })[0];
      });
    }
    const [x, y] = [leaf([0.5, -1]), leaf([0.5, -1])];
    Checkpoint.apply(x.mul(1)).sum().backward();
    run(y).sum().backward();
    expect(equal(x.grad as Tensor, y.grad as Tensor)).toBe(true);
  });

  test("a loop runs in bounded memory", () => {
    const x = leaf(Array.from({ length: 1000 }, (_, i) => i / 1000));
    const step = (): void => {
      x.grad = null;
      Exp.apply(Exp.apply(x)).sum().backward();
    };
    for (let i = 0; i < 10; i++) step();
    collectGarbage();
    const { live } = memoryStats();
    for (let i = 0; i < 2000; i++) step();
    collectGarbage();
    // One tensor that each step keeps would be 8 MB. Small blocks are found to be garbage 64 at a time: some such batches come and go.
    expect(memoryStats().live - live).toBeLessThan(2_000_000);
  });
});

test("onceDifferentiable: gradients of first order, an error for whatever the second depends on, nothing for what it does not", () => {
  class Cube extends Function {
    static forward(ctx: FunctionContext<[x: Tensor]>, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.pow(3);
    }
    static backward = onceDifferentiable((ctx: FunctionContext<[x: Tensor]>, dOut: Tensor) => dOut.mul(ctx.savedTensors[0].square()).mul(3));
  }
  const [x, w, other] = [leaf(2), leaf(5), leaf(7)];
  Cube.apply(x).backward();
  expect(x.grad?.item()).toBe(12);
  const [dx] = grad([Cube.apply(x).mul(w)], [x], { createGraph: true });
  expect([dx.item(), dx.requiresGrad]).toEqual([60, true]);
  const options = { retainGraph: true, allowUnused: true } as const;
  for (const input of [x, w]) expect(() => grad([dx], [input], options)).toThrow("function/once-differentiable");
  expect(() => dx.backward({ retainGraph: true })).toThrow("function/once-differentiable");
  expect(grad([dx.mul(other)], [other], options)[0]?.item()).toBe(60);
});

test("types follow forward", () => {
  const x = leaf(1);
  const out: Tensor = Exp.apply(x);
  const pair: [Tensor, Tensor] = ProductAndSum.apply(x, x, 2);
  expect([out.ndim, pair.length]).toEqual([0, 2]);
  const wrong = (): void => {
    // @ts-expect-error An argument is missing.
    ProductAndSum.apply(x, x);
    // @ts-expect-error No tensor.
    Exp.apply(3);
  };
  expect(wrong).toThrow();
});

import { describe, expect, test } from "vitest";
import { noGrad } from "@tapegrad/autograd";
import { ShapeError, TapegradError, zeros, type Tensor } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { ReLU } from "./activation.ts";
import { BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Sequential } from "./sequential.ts";

/** A model around some modules, under the field names of its own. */
class Features extends Module {
  readonly features: Sequential;

  constructor(...modules: Module[]) {
    super();
    this.features = new Sequential(...modules);
  }

  override forward(x: Tensor): Tensor {
    return this.features.forward(x);
  }
}

const lastLine = (error: TapegradError): string => error.message.split("\n").at(-1) ?? "";

describe("an error says where in the model it arose", () => {
  test("in full", () => {
    const model = new Features(new Conv2d(3, 4, 3), new BatchNorm2d(4), new ReLU(), new Conv2d(8, 4, 3));
    const error = thrownBy(() => model.forward(zeros([2, 3, 8, 8])));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toBe(`conv2d: x.shape[1] = 4 must equal weight.shape[1] * groups = 8
  x  [2, 4, 6, 6]  float32
  weight  [4, 8, 3, 3]  float32
  code: conv2d/channels
  in features.3 (Conv2d)`);
    // What an uncaught error shows.
    expect(error.stack).toContain("\n  in features.3 (Conv2d)\n");
  });

  test("in nested Sequentials", () => {
    const model = new Features(new ReLU(), new Sequential(new ReLU(), new Sequential(new Linear(3, 2), new Linear(3, 2))));
    expect(lastLine(thrownBy(() => model.forward(zeros([1, 3]))))).toBe("  in features.1.1.1 (Linear)");
  });

  test("in arrays", () => {
    class Branches extends Module {
      readonly branches = [[new ReLU()], [new ReLU(), new Linear(4, 4)]];

      override forward(x: Tensor): Tensor {
        return this.branches.flat().reduce((out, branch) => branch.forward(out), x);
      }
    }
    expect(lastLine(thrownBy(() => new Sequential(new Branches()).forward(zeros([1, 3]))))).toBe("  in 0.branches.1.1 (Linear)");
  });

  test("in a single layer, and in a model's own forward", () => {
    expect(lastLine(thrownBy(() => new Linear(3, 2).forward(zeros([1, 4]))))).toBe("  in Linear");
    class Broken extends Module {
      override forward(x: Tensor): Tensor {
        return x.reshape([7]);
      }
    }
    expect(lastLine(thrownBy(() => new Broken().forward(zeros([3]))))).toBe("  in Broken");
    expect(lastLine(thrownBy(() => new Features(new Broken()).forward(zeros([3]))))).toBe("  in features.0 (Broken)");
  });

  test("in the nearest module that can be found, for one in a private field", () => {
    class Hiding extends Module {
      readonly #inner = new Linear(3, 2);

      override forward(x: Tensor): Tensor {
        return this.#inner.forward(x);
      }
    }
    // Without recording there is no warning of it.
    expect(lastLine(thrownBy(() => noGrad(() => new Features(new ReLU(), new Hiding()).forward(zeros([1, 4])))))).toBe("  in features.1 (Hiding)");
  });

  test("once, when a module catches the error and throws it again", () => {
    class Retry extends Module {
      readonly inner = new Sequential(new Linear(3, 2));

      override forward(x: Tensor): Tensor {
        try {
          return this.inner.forward(x);
        } catch (error) {
          expect(error).toBeInstanceOf(TapegradError);
          throw error;
        }
      }
    }
    const error = thrownBy(() => new Features(new Retry()).forward(zeros([1, 4])));
    expect(lastLine(error)).toBe("  in features.0.inner.0 (Linear)");
    expect(error.message.match(/ in /g)).toHaveLength(1);
  });

  test("anew, when one error object is thrown again elsewhere", () => {
    const kept = new ShapeError({ op: "custom", fact: "always wrong", code: "custom/wrong" });
    class Thrower extends Module {
      override forward(): Tensor {
        throw kept;
      }
    }
    const thrower = new Thrower();
    expect(lastLine(thrownBy(() => new Features(new ReLU(), thrower).forward(zeros([1]))))).toBe("  in features.1 (Thrower)");
    expect(lastLine(thrownBy(() => new Sequential(thrower).forward(zeros([1]))))).toBe("  in 0 (Thrower)");
    expect(lastLine(thrownBy(() => thrower.forward()))).toBe("  in Thrower");
    expect(thrownBy(() => thrower.forward()).message).toBe("custom: always wrong\n  code: custom/wrong\n  in Thrower");
  });

  test("the second of two failing calls as well", () => {
    const model = new Features(new Linear(3, 2));
    for (let call = 0; call < 2; call++) expect(lastLine(thrownBy(() => model.forward(zeros([1, 4]))))).toBe("  in features.0 (Linear)");
  });

  test("for a module that calls itself", () => {
    class Countdown extends Module<[x: Tensor, left: number]> {
      readonly fc = new Linear(3, 3);

      override forward(x: Tensor, left: number): Tensor {
        return left === 0 ? this.fc.forward(x.reshape([1, -1])) : this.forward(x, left - 1);
      }
    }
    expect(lastLine(thrownBy(() => new Countdown().forward(zeros([2, 3]), 2)))).toBe("  in fc (Linear)");
  });

  test("under the first of a module's names, when it has several", () => {
    const shared = new Linear(3, 2);
    expect(lastLine(thrownBy(() => new Sequential(shared, shared).forward(zeros([1, 3]))))).toBe("  in 0 (Linear)");
  });

  test("but leaves other errors alone", () => {
    class Throwing extends Module {
      override forward(): Tensor {
        throw new RangeError("mine");
      }
    }
    expect(() => new Features(new Throwing()).forward(zeros([1]))).toThrow(new RangeError("mine"));
  });

  test("an error in a hook belongs to its module", () => {
    const layer = new ReLU();
    layer.registerForwardHook((_module, _inputs, output) => (output as Tensor).reshape([5]));
    expect(lastLine(thrownBy(() => new Features(layer).forward(zeros([2]))))).toBe("  in features.0 (ReLU)");
  });
});

import { add, Generator, manualSeed, mul, ones, showValue, tensor, zeros, type ErrorSample, type Tensor, onMeta } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { gradcheck } from "../gradcheck.ts";
import { leaf } from "./error-calls.ts";

const [x, y, loss] = [tensor([1, 2]), tensor([3, 4]), tensor(0.5)];
const print = "use x.add(y), x.eq(3), ...; `${x}` for its text";
const compute = "use x.neg(), x.sub(y), x.mul(y), x.gt(y), x.abs(), ...";
const single = "; x.item() for the number that it holds";

/** JavaScript's operators, as programs that came from Python use them. */
const operators: readonly (readonly [call: () => unknown, hint: "number" | "default", first: Tensor])[] = [
  [() => +loss, "number", loss],
  [() => -(y as never), "number", y],
  [() => (x as never as number) * 2, "number", x],
  [() => (x as never as number) - (y as never as number), "number", x],
  [() => (x as never as number) ** 2, "number", x],
  [() => x > y, "number", x],
  [() => loss < y, "number", loss],
  [() => Math.max(loss as never, 1), "number", loss],
  [() => Number(loss), "number", loss],
  [() => (0 as number) + (loss as never as number), "default", loss],
  [() => "loss: " + (loss as never as string), "default", loss],
];

const seeds: readonly unknown[] = [NaN, Infinity, {}, undefined, null, true, [1]];
const states: readonly unknown[] = [{}, null, undefined, 7, { key: [1, 2] }, { key: [1, 2], counter: [0] }, { key: [1, 2], counter: "00" }, { key: [1, 2], counter: [0, -1] }, { key: [1, 2.5], counter: [0, 0] }];

/** What is no tensor, and what is a tensor in the place of something else. */
export const errorsOfMisuse: readonly ErrorSample[] = [
  ...operators.map(([call, hint, of]): ErrorSample => {
    const fact =
      hint === "number"
        ? "a tensor is no number: -x, x - y, x * y, x > y, Math.abs(x) and their like do not compute with it"
        : "a tensor is neither a number nor a text: x + y, x += y and x == 3 do not compute with it";
    return {
      call,
      error: "ArgumentError",
      message: `Tensor: ${fact}\n  x  ${of.ndim === 0 ? "[]" : "[2]"}  float32\n  hint: ${hint === "number" ? compute : print}${of.ndim === 0 ? single : ""}\n  code: tensor/operator`,
    };
  }),
  ...([undefined, "2", [1, 2], {}, Math.max] as const).map((value): ErrorSample => ({
    call: () => x.add(value as never),
    error: "ArgumentError",
    message: `add: b must be a tensor or a number, not ${showValue(value)}\n  code: tapegrad/not-a-tensor`,
  })),
  {
    call: () => add("1" as never, x),
    error: "ArgumentError",
    message: 'add: a must be a tensor or a number, not "1"\n  code: tapegrad/not-a-tensor',
  },
  {
    call: () => zeros([2]).add_([1, 2] as never),
    error: "ArgumentError",
    message: "add_: other must be a tensor or a number, not [1,2]\n  code: tapegrad/not-a-tensor",
  },
  {
    call: () => mul(leaf([1]), 2).backward([1] as never),
    error: "ArgumentError",
    message: "backward: gradient must be a tensor, not [1]\n  code: tapegrad/not-a-tensor",
  },
  {
    call: () => grad([mul(leaf([1]), 2)], [3 as never]),
    error: "ArgumentError",
    message: "grad: input 0 must be a tensor, not 3\n  code: tapegrad/not-a-tensor",
  },
  {
    call: () => grad([null as never], [leaf([1])]),
    error: "ArgumentError",
    message: "grad: output 0 must be a tensor, not null\n  code: tapegrad/not-a-tensor",
  },
  {
    call: () => {
      leaf([1, 2]).grad = ones([3]);
    },
    error: "ShapeError",
    message: "grad: grad must have the shape of the tensor\n  x  [2]  float32\n  grad  [3]  float32\n  code: grad/shape",
  },
  {
    call: () => {
      leaf([1, 2]).grad = ones([2], { dtype: "float64" });
    },
    error: "DTypeError",
    message: 'grad: grad must have the dtype of the tensor\n  x  [2]  float32\n  grad  [2]  float64\n  hint: convert it first: grad.to("float32")\n  code: grad/dtype',
  },
  ...([undefined, 0, [1, 2]] as const).map((value): ErrorSample => ({
    call: () => {
      leaf([1, 2]).grad = value as never;
    },
    error: "ArgumentError",
    message: `grad: grad must be a tensor, not ${showValue(value)}\n  code: tapegrad/not-a-tensor`,
  })),
  ...([
    [() => ones([2, 2]), "ShapeError", "shape", "\n  x  [2]  float32\n  result  [2, 2]  float32"],
    [() => ones([2], { dtype: "float64" }), "DTypeError", "dtype", '\n  x  [2]  float32\n  result  [2]  float64\n  hint: convert it first: result.to("float32")'],
  ] as const).map(([hook, error, what, details]): ErrorSample => ({
    call: () => {
      const out = mul(leaf([1, 2]), 2);
      out.registerHook(hook);
      out.sum().backward();
    },
    error,
    message: `registerHook: result must have the ${what} of the tensor${details}\n  code: registerHook/${what}`,
  })),
  {
    call: () => {
      const out = mul(leaf([1, 2]), 2);
      out.registerHook(() => 1 as never);
      out.sum().backward();
    },
    error: "ArgumentError",
    message: "registerHook: result must be a tensor, not 1\n  code: tapegrad/not-a-tensor",
  },
  {
    call: () => gradcheck((a) => mul(a, a), [tensor([1], { dtype: "float64" }), tensor([2], { dtype: "float64" })]),
    error: "GradError",
    message: "gradcheck: none of the 2 inputs requires grad: there is nothing to compare\n  hint: make them with { requiresGrad: true }\n  code: gradcheck/no-grad",
  },
  {
    call: () => onMeta(() => mul(tensor([1]), 2)).item(),
    error: "MemoryError",
    message: "meta: a meta tensor has a shape and a dtype and no elements, which this needs\n  hint: compute it outside onMeta(() => ...)\n  code: meta/elements",
  },
  {
    call: () => onMeta(null as never),
    error: "IndexError",
    message: "onMeta: run null must be a function\n  code: onMeta/option",
  },
  ...seeds.flatMap((seed) =>
    ([["manualSeed", manualSeed], ["manualSeed", (value: never) => new Generator(1).manualSeed(value)], ["Generator", (value: never) => new Generator(value)]] as const)
      // A seed that is left out is 0 for a new generator.
      .filter(([op]) => op === "manualSeed" || seed !== undefined)
      .map(([op, call]): ErrorSample => ({
        call: () => call(seed as never),
        error: "IndexError",
        message: `${op}: seed ${showValue(seed)} must be a finite number or a string\n  code: generator/seed`,
      })),
  ),
  ...states.map((state): ErrorSample => ({
    call: () => new Generator(1).setState(state as never),
    error: "SerializationError",
    message: "Generator.setState: a state has two key words and two counter words, each an integer from 0 to 2^32 - 1\n  code: generator/state",
  })),
];

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Linear, type Module } from "@tapegrad/nn";
import { tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { fastCheckFor, loadFastCheck } from "./arbitraries/fast-check.ts";
import { laidOut } from "./arbitraries/layouts.ts";
import { modules, modulesOf } from "./arbitraries/modules.ts";
import { broadcastablePairs, shapes } from "./arbitraries/shapes.ts";
import { tensors } from "./arbitraries/tensors.ts";
import { expectClose } from "./close/expect-close.ts";
import { checkGradients } from "./gradients/check-gradients.ts";

interface ErrorCase {
  readonly call: () => unknown;
  readonly error: string;
  readonly message: string;
}

/** What only programs without types can pass. */
const untyped = <T>(value: unknown): T => value as T;
const float64 = (data: readonly number[]): Tensor => tensor(data, "float64");
let calls = 0;

const cases: readonly ErrorCase[] = [
  {
    call: () => fastCheckFor("tensors", null),
    error: "ArgumentError",
    message: "tensors: the package fast-check is not installed: arbitraries are its own\n  hint: npm install --save-dev fast-check\n  code: testing/no-fast-check",
  },
  {
    call: () => shapes({ minRank: 3, maxRank: 2 }),
    error: "ArgumentError",
    message: "shapes: no shape is within the limits: minRank 3 is above maxRank 2\n  code: shapes/limits",
  },
  {
    call: () => tensors({ shape: { minLength: 3, maxLength: 1 } }),
    error: "ArgumentError",
    message: "shapes: no shape is within the limits: minLength 3 is above maxLength 1\n  code: shapes/limits",
  },
  {
    call: () => broadcastablePairs({ minRank: 3, minLength: 5 }),
    error: "ArgumentError",
    message: "broadcastablePairs: no shape is within the limits: the smallest has 125 elements (minLength 5, minRank 3), maxSize is 64\n  code: broadcastablePairs/limits",
  },
  { call: () => shapes({ minRank: -1 }), error: "IndexError", message: "shapes: minRank -1 must be an integer, 0 or more\n  code: shapes/option" },
  {
    call: () => broadcastablePairs({ maxRank: 0.5 }),
    error: "IndexError",
    message: "broadcastablePairs: maxRank 0.5 must be an integer, 0 or more\n  code: broadcastablePairs/option",
  },
  {
    call: () => shapes(untyped({ maxrank: 2 })),
    error: "ArgumentError",
    message: 'shapes: there is no option "maxrank"; there are minRank, maxRank, minLength, maxLength, maxSize\n  hint: did you mean maxRank?\n  code: shapes/unknown-option',
  },
  {
    call: () => broadcastablePairs(untyped({ rank: 2 })),
    error: "ArgumentError",
    message: 'broadcastablePairs: there is no option "rank"; there are minRank, maxRank, minLength, maxLength, maxSize\n  code: broadcastablePairs/unknown-option',
  },
  {
    call: () => tensors({ dtype: untyped(["float32", "double"]) }),
    error: "IndexError",
    message: "tensors: dtype [\"float32\",\"double\"] must be one or more of float32, float64, float16, bfloat16, int64, int32, uint8, bool\n  code: tensors/option",
  },
  {
    call: () => tensors({ layout: [] }),
    error: "IndexError",
    message: "tensors: layout [] must be one or more of contiguous, transposed, narrowed, strided, expanded\n  code: tensors/option",
  },
  {
    call: () => tensors({ values: untyped("special") }),
    error: "IndexError",
    message: 'tensors: values "special" must be "any", "finite", "apart" or an arbitrary of numbers\n  code: tensors/option',
  },
  {
    call: () => tensors({ shape: untyped(3) }),
    error: "IndexError",
    message: "tensors: shape 3 must be a shape, an arbitrary of shapes, or options of shapes\n  code: tensors/option",
  },
  {
    call: () => tensors(untyped({ device: "cpu" })),
    error: "ArgumentError",
    message: 'tensors: there is no option "device"; there are dtype, shape, layout, values, requiresGrad\n  code: tensors/unknown-option',
  },
  {
    call: () => laidOut(zeros([1]), untyped("sparse")),
    error: "IndexError",
    message: 'laidOut: layout "sparse" must be "contiguous" or "transposed" or "narrowed" or "strided" or "expanded"\n  code: laidOut/option',
  },
  {
    call: () => laidOut(untyped([1]), "strided"),
    error: "ArgumentError",
    message: "laidOut: x must be a tensor, not [1]\n  code: tapegrad/not-a-tensor",
  },
  { call: () => modules({ maxLayers: 0 }), error: "IndexError", message: "modules: maxLayers 0 must be a positive integer\n  code: modules/option" },
  {
    call: () => modules(untyped({ layers: 3 })),
    error: "ArgumentError",
    message: 'modules: there is no option "layers"; there are dtype, layout, values, maxLayers, smooth\n  code: modules/unknown-option',
  },
  {
    call: () => modulesOf(untyped<() => Module>(3), shapes(), () => [1]),
    error: "IndexError",
    message: "modulesOf: make 3 must be a function\n  code: modulesOf/option",
  },
  {
    call: () => modulesOf(() => new Linear(1, 1), shapes(), () => [1], untyped({ maxLayers: 1 })),
    error: "ArgumentError",
    message: 'modulesOf: there is no option "maxLayers"; there are dtype, layout, values\n  code: modulesOf/unknown-option',
  },
  {
    call: () => modules({ dtype: "int32" }),
    error: "IndexError",
    message: 'modules: dtype "int32" must be float32, float64, float16 or bfloat16\n  code: modules/option',
  },
  {
    call: () => expectClose([[1, 2], [3]], [1]),
    error: "ArgumentError",
    message: "expectClose: actual is ragged: a list of 1 where the first of [2, 2] is a list of 2\n  code: expectClose/values",
  },
  {
    call: () => expectClose([1], [[1], 2]),
    error: "ArgumentError",
    message: "expectClose: expected is ragged: 2 where the first of [2, 1] is a list of 1\n  code: expectClose/values",
  },
  {
    call: () => expectClose([1, [2]], [1]),
    error: "ArgumentError",
    message: "expectClose: actual is ragged: a list of 1 where the first of [2] is a number\n  code: expectClose/values",
  },
  {
    call: () => expectClose(untyped(null), [1]),
    error: "ArgumentError",
    message: "expectClose: actual holds null: it must be a tensor, a typed array, or numbers in arrays\n  code: expectClose/values",
  },
  { call: () => expectClose([1], [1], { rtol: -1 }), error: "IndexError", message: "expectClose: rtol -1 must be a finite number, 0 or more\n  code: expectClose/option" },
  {
    call: () => expectClose([1], [1], untyped({ equalNaN: true })),
    error: "ArgumentError",
    message: 'expectClose: there is no option "equalNaN"; there are rtol, atol, equalNan, exact, name\n  hint: did you mean equalNan?\n  code: expectClose/unknown-option',
  },
  {
    call: () => expectClose(zeros([1]), [[0]]),
    error: "ClosenessError",
    message: "expectClose: the shape is [1], [1, 1] is expected\n  actual    [1]  float32\n  expected  [1, 1]\n  code: expectClose/shape",
  },
  {
    call: () => expectClose(zeros([1]), zeros([1], "int32")),
    error: "ClosenessError",
    message: "expectClose: the dtype is float32, int32 is expected\n  actual    [1]  float32\n  expected  [1]  int32\n  code: expectClose/dtype",
  },
  {
    call: () => checkGradients((x: Tensor) => x.mul(x.detach()), [float64([2])]),
    error: "GradError",
    message: "checkGradients: d output[0] / d input 0[0] is 2 on the tape, 4 numerically\n  output by input 0: 1 of 1 derivative off\n  code: checkGradients/mismatch",
  },
  {
    call: () => checkGradients((x: Tensor) => x.relu(), [float64([-1, 0])]),
    error: "GradError",
    message:
      "checkGradients: d output[1] / d input 0[1] is 0 on the tape, 0.5 numerically\n  output by input 0: 1 of 4 derivatives off\n  hint: the function has a kink there: its derivative is 0 from below, 1 from above\n  code: checkGradients/mismatch",
  },
  {
    call: () => checkGradients((x: Tensor) => x.relu(), [float64([2 ** -12])], { step: 2 ** -10 }),
    error: "GradError",
    message:
      "checkGradients: d output[0] / d input 0[0] is 1 on the tape, 0.645833333333 numerically\n  output by input 0: 1 of 1 derivative off\n  hint: a shorter step gives 1: there is a kink near, or the function bends much; move the input away, or pass a smaller step\n  code: checkGradients/mismatch",
  },
  {
    call: () => checkGradients((x: Tensor) => x.mul(++calls), [float64([1])]),
    error: "GradError",
    message:
      "checkGradients: the function is not the same twice: output[0] was 1, then 2\n  hint: give what is random in it the default generator, which is made to repeat itself here\n  code: checkGradients/nondeterministic",
  },
  {
    call: () => checkGradients((x: Tensor) => x.mul(2), [tensor([1])]),
    error: "GradError",
    message:
      'checkGradients: none of the 1 tensors among the inputs is float64, and no parameter requires grad: there is nothing to compare\n  hint: make them with { dtype: "float64" }\n  code: checkGradients/no-grad',
  },
  {
    call: () => checkGradients((x: Tensor) => x.mul(2), [tensor([1], { requiresGrad: true })]),
    error: "GradError",
    message: "checkGradients: input 0 is float32: for numeric derivatives it must be float64, others are too coarse\n  code: checkGradients/dtype",
  },
  {
    call: () => checkGradients(new Linear(1, 1), [float64([1])]),
    error: "GradError",
    message: 'checkGradients: parameter weight is float32: for numeric derivatives it must be float64, others are too coarse\n  hint: module.to("float64")\n  code: checkGradients/dtype',
  },
  {
    call: () => checkGradients((x: Tensor) => ({ found: x.to("float32") }), [float64([1])]),
    error: "GradError",
    message: "checkGradients: output.found is float32: for numeric derivatives it must be float64, others are too coarse\n  code: checkGradients/outputs",
  },
  {
    call: () => checkGradients((x: Tensor) => [x.argmax()], [float64([1])]),
    error: "GradError",
    message: "checkGradients: there is no floating tensor among the outputs\n  code: checkGradients/outputs",
  },
  {
    call: () => checkGradients((x: Tensor) => x.detach(), [float64([1])]),
    error: "GradError",
    message:
      "checkGradients: the output does not depend on anything that requires grad, or was computed inside noGrad\n  output  [1]  float64\n  hint: set requiresGrad on the parameters, and compute the output outside noGrad\n  code: checkGradients/no-graph",
  },
  { call: () => checkGradients(untyped<() => Tensor>(3), []), error: "IndexError", message: "checkGradients: f 3 must be a function or a module\n  code: checkGradients/option" },
  {
    call: () => checkGradients((x: Tensor) => x, untyped(float64([1]))),
    error: "IndexError",
    message: "checkGradients: inputs a Tensor must be a list of inputs\n  code: checkGradients/option",
  },
  { call: () => checkGradients((x: Tensor) => x, [float64([1])], { order: untyped(3) }), error: "IndexError", message: "checkGradients: order 3 must be 1 or 2\n  code: checkGradients/option" },
  {
    call: () => checkGradients((x: Tensor) => x, [float64([1])], untyped({ eps: 1 })),
    error: "ArgumentError",
    message: 'checkGradients: there is no option "eps"; there are order, rtol, atol, step, report\n  code: checkGradients/unknown-option',
  },
];

const codeOf = (message: string): string => /^ {2}code: (.+)$/m.exec(message)?.[1] ?? "";

describe("every error says exactly this", () => {
  test.each(cases.map((sample) => [sample.message.split("\n")[0], sample] as const))("%s", (_, { call, error, message }) => {
    let thrown: unknown = null;
    try {
      call();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toMatchObject({ name: error, message, code: codeOf(message) });
  });
});

test("no error is documented or thrown without a case", () => {
  const folder = new URL("./", import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const texts = sources.map((name) => readFileSync(new URL(name.replaceAll("\\", "/"), folder), "utf8"));
  const documented = texts.flatMap((text) => [...text.matchAll(/`((?:[a-z]+[A-Za-z]*)\/[a-z-]+)`/g)].map(([, code = ""]) => code)).filter((code) => !code.startsWith("OP/"));
  const raised = new Set(cases.map(({ message }) => codeOf(message)).concat("expectClose/values"));
  expect(documented.length).toBeGreaterThan(20);
  expect(documented.filter((code) => !raised.has(code))).toEqual([]);
  const thrown = texts.flatMap((text) => [...text.matchAll(/\bcode: (?:"([^"]+)"|`([^`]+)`)/g)].map((match) => (match[1] ?? match[2] ?? "").replace(/\$\{(op|what)\}/g, "*")));
  expect(thrown.filter((code) => ![...raised].some((known) => new RegExp(`^${code.replaceAll("*", "[\\w-]+")}$`).test(known)))).toEqual([]);
});

describe("the peer", () => {
  test("counts as missing where the engine cannot find it, and only there", async () => {
    const missing = Object.assign(new Error("Cannot find package 'fast-check' imported from x.js"), { code: "ERR_MODULE_NOT_FOUND" });
    expect(await loadFastCheck(() => Promise.reject(missing))).toBeNull();
    expect(await loadFastCheck(() => Promise.reject(new TypeError('Relative import path "fast-check" not prefixed')))).toBeNull();
    const broken = Object.assign(new Error("Cannot find package 'pure-rand'"), { code: "ERR_MODULE_NOT_FOUND" });
    await expect(loadFastCheck(() => Promise.reject(broken))).rejects.toBe(broken);
    await expect(loadFastCheck(() => Promise.reject(new SyntaxError("fast-check")))).rejects.toBeInstanceOf(SyntaxError);
  });
});

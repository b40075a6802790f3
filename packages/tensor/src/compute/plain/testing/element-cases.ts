import { allDTypes, reduceOps, type DType, type HostArray } from "@tapegrad/kernels";
import { sizeOf, tryBroadcast, type Shape } from "../../../shape.ts";
import { Tensor } from "../../../tensor.ts";
import type { Backend } from "../../backend.ts";
import { binaryOps, unaryOps, type BinaryName, type ReduceName, type UnaryName } from "../../codes.ts";
import type { Call, Nearness } from "./both-backends.ts";
import { layouts, type Operands } from "./operands.ts";

export const floats = ["float32", "float64"] as const;
const computed = [...floats, "int32", "int64", "uint8", "bool"] as const;
type Computed = (typeof computed)[number];

const keysOf = <K extends string>(table: Readonly<Record<K, number>>): K[] => Object.keys(table).map((key) => key as K);

/** Functions that no engine gives to the last bit. */
const approximate = new Set<UnaryName | BinaryName>([
  "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "tanh", "sigmoid", "erf", "softplus", "powScalar", "pow", "atan2",
]);
const nearnessOf = (name: UnaryName | BinaryName): Nearness => (approximate.has(name) ? 2 : "same");

const integerUnary: readonly UnaryName[] = ["neg", "abs", "sign", "square", "relu", "clamp", "addScalar", "mulScalar", "rsubScalar"];
const integerBinary: readonly BinaryName[] = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "remainder", "floorDivide"];
const boolBinary: readonly BinaryName[] = ["mul", "maximum", "minimum"];

const isPredicate = (name: UnaryName): boolean => unaryOps[name] >= unaryOps.logicalNot;
const isComparison = (name: BinaryName): boolean => binaryOps[name] >= binaryOps.eq;
const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

function takes(name: UnaryName, dtype: Computed): boolean {
  return isFloat(dtype) || isPredicate(name) || (dtype !== "bool" && integerUnary.includes(name));
}

function takesPair(name: BinaryName, dtype: Computed): boolean {
  return isFloat(dtype) || isComparison(name) || (dtype === "bool" ? boolBinary : integerBinary).includes(name);
}

function numbersFor(name: UnaryName, from: Operands): readonly [number, number] {
  if (name === "clamp") return from.choice([[-1, 1], [-Infinity, 0.5], [0, Infinity], [2, -2], [-1e10, 1e20]]);
  if (name === "softplus") return [from.choice([1, 0.3, 2]), 20];
  if (name === "powScalar") return [from.choice([2, 3, 0.5, -0.5, -1, -2, 0, 1.3, -3, Infinity]), 0];
  return [from.choice([3, -2.5, 0.1, 1e10, -0]), 0];
}

/** A shape that broadcasts to the other. */
function narrowed(shape: Shape, from: Operands): Shape {
  const kept = shape.map((size) => (from.integer(0, 3) === 0 ? 1 : size));
  return from.integer(0, 3) === 0 ? kept.slice(from.integer(0, kept.length)) : kept;
}

const unary: Call = (backend, from, result) => {
  for (const dtype of computed) {
    for (const name of keysOf(unaryOps)) {
      if (!takes(name, dtype)) continue;
      const shape = from.shape(), x = from.tensor(dtype, shape, from.choice(layouts)), numbers = numbersFor(name, from);
      backend.unary(unaryOps[name], x, result(shape, isPredicate(name) ? "bool" : dtype, nearnessOf(name)), ...numbers);
      if (isPredicate(name)) continue;
      const own = result(shape, dtype, nearnessOf(name), from.any(dtype, x.numel()));
      backend.unary(unaryOps[name], own, own, ...numbers);
    }
  }
};

const binary: Call = (backend, from, result) => {
  for (const dtype of computed) {
    for (const name of keysOf(binaryOps)) {
      if (!takesPair(name, dtype)) continue;
      const shape = from.shape(), operand = (): Tensor => from.tensor(dtype, narrowed(shape, from), from.choice(layouts)), a = operand(), b = operand();
      const joint = tryBroadcast(a.shape, b.shape) ?? shape;
      backend.binary(binaryOps[name], a, b, result(joint, isComparison(name) ? "bool" : dtype, nearnessOf(name)));
      if (isComparison(name)) continue;
      const own = result(shape, dtype, nearnessOf(name), from.any(dtype, sizeOf(shape)));
      backend.binary(binaryOps[name], own, b, own);
    }
  }
};

const where: Call = (backend, from, result) => {
  for (const dtype of allDTypes) {
    const shape = from.shape(), operand = (own: DType): Tensor => from.tensor(own, narrowed(shape, from), from.choice(layouts));
    backend.where(operand("bool"), operand(dtype), operand(dtype), result(shape, dtype));
  }
};

const cast: Call = (backend, from, result) => {
  for (const source of allDTypes) {
    for (const target of allDTypes) {
      const shape = from.choice([from.shape(), [from.integer(16, 40)]]);
      backend.cast(from.tensor(source, shape, from.choice(["dense", "shifted"])), result(shape, target));
    }
  }
};

const copy: Call = (backend, from, result) => {
  for (const dtype of allDTypes) {
    const shape = from.shape(3), out = result([3, ...shape], dtype);
    backend.copy(from.tensor(dtype, narrowed(out.shape, from), from.choice(layouts)), out);
    // To the last columns of something larger, whose others stay.
    const [rows, columns] = [from.integer(1, 4), from.integer(1, 4)], room = result([rows, columns + 2], dtype, "same", from.any(dtype, rows * (columns + 2)));
    backend.copy(from.tensor(dtype, [rows, columns], from.choice(layouts)), new Tensor(room.storage, [rows, columns], room.strides, 2));
  }
};

const fill: Call = (backend, _from, result) => {
  for (const dtype of allDTypes) {
    for (const value of [0, -0, 1, -1, 2.5, -2.5, 300, 3e9, 1e20, -1e20, 65519.9, 1.00390625, 1e-7, Infinity, -Infinity, NaN]) backend.fill(result([5], dtype), value);
  }
};

const hasZero: Call = (backend, from) =>
  computed.map((dtype) => backend.hasZero(from.tensor(dtype, [from.integer(1, 4)], "shifted"))).join();

/** Sizes of [outer, n, inner]; rows of some length take other ways in the kernels. */
function sizesOf(from: Operands): readonly [outer: number, n: number, inner: number] {
  return from.choice([[from.integer(1, 3), from.integer(1, 6), from.integer(1, 3)], [2, from.integer(30, 90), 1], [1, 300, from.integer(1, 20)]]);
}

function reduceOne(backend: Backend, from: Operands, result: Parameters<Call>[2], name: ReduceName, dtype: Computed): void {
  const isInteger = !isFloat(dtype), isSum = name === "sum" || name === "prod" || name === "sumSquares";
  if (name === "sumSquares" && isInteger) return;
  const [outer, n, inner] = sizesOf(from), size = outer * n * inner;
  const isExtreme = name === "max" || name === "min" || name === "argmax" || name === "argmin";
  const target = name === "any" || name === "all" ? "bool" : name.startsWith("arg") ? "int32" : isSum && isInteger ? "int64" : dtype;
  const values = (): HostArray => {
    if (!isSum || isInteger) return from.any(dtype, size);
    // Factors near 1, so that products of many neither vanish nor grow; now and then one number that swallows all others.
    const mild = from.mild(dtype, size, name === "prod" ? () => from.choice([-1, 1]) * from.number(0.9, 1.1) : undefined);
    if (from.integer(0, 3) === 0 && !(mild instanceof BigInt64Array)) mild[from.integer(0, size - 1)] = from.choice([Infinity, -Infinity, NaN, 0]);
    return mild;
  };
  backend.reduce(name, from.tensor(dtype, [outer, n, inner], "dense", values), result([outer, inner], target, isSum && !isInteger ? 2 * Math.sqrt(n) : isExtreme ? 0 : "same"), outer, n, inner);
  const nothing = from.tensor(dtype, [outer, 0, inner]);
  if (!name.startsWith("arg")) backend.reduce(name, nothing, result([outer, inner], target), outer, 0, inner);
}

const reduce: Call = (backend, from, result) => {
  for (const dtype of computed) for (const name of keysOf(reduceOps)) reduceOne(backend, from, result, name, dtype);
};

const moments: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const [outer, n, inner] = sizesOf(from), near = 4 * Math.sqrt(n);
    backend.moments(from.mildTensor(dtype, [outer, n, inner]), result([outer, inner], dtype, near), result([outer, inner], dtype, near), outer, n, inner);
  }
};

/** One call, or several, of each of the functions that work element by element, move elements or reduce them. */
export const elementCases = { unary, binary, where, cast, copy, fill, hasZero, reduce, moments };

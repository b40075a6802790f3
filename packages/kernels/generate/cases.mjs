// The switches that lead from an operation's code to its kernel.
import { homes } from "../operations.mjs";
import { madeBy } from "./codes.mjs";

/**
 * @typedef {import("./codes.mjs").CodedTable} CodedTable
 * @typedef {CodedTable["unary"][number]} CodedLine
 */

/** @param {string} name */
const classNamed = (name) => name.replace(/^./, (letter) => letter.toUpperCase());

/** @param {{ readonly name: string, readonly kernel?: string }} line */
const kernelOf = ({ name, kernel }) => kernel ?? classNamed(name);

/**
 * The classes and functions that the switches will ask for, each with the file that must have it.
 * @param {CodedTable} table
 * @returns {readonly { readonly line: string, readonly symbol: string, readonly file: string }[]}
 */
export function neededSymbols({ unary, binary, reductions }) {
  const pointwise = (/** @type {CodedTable["unary"]} */ lines, /** @type {string} */ home) =>
    lines.map((line) => ({ line: line.name, symbol: kernelOf(line), file: line.gives === "bool" ? homes.masks : home }));
  return [
    ...pointwise(unary, homes.unary),
    ...unary.flatMap(({ name, row }) => (row === undefined ? [] : [{ line: name, symbol: row, file: homes.rows }])),
    ...pointwise(binary, homes.binary),
    ...reductions.filter(({ loop }) => loop === "tree").map((line) => ({ line: line.name, symbol: kernelOf(line), file: homes.reductions })),
  ];
}

/**
 * @param {string} head
 * @param {readonly { readonly constant: string, readonly call: string }[]} cases
 * @param {string} otherwise
 * @param {string} [first] a line before the switch
 */
function switchFunction(head, cases, otherwise, first = "") {
  if (cases.length === 0) return `${head} {\n  ${otherwise}\n}`;
  const lines = cases.map(({ constant, call }) => `    case code.${constant}: ${call}; return;\n`);
  return `${head} {\n${first}  switch (kind) {\n${lines.join("")}    default: ${otherwise}\n  }\n}`;
}

/** Lines that compute, by the element types that their switch is for. @param {CodedTable["unary"]} lines */
function byTypes(lines) {
  const computing = lines.filter(({ gives }) => gives !== "bool");
  return {
    numbers: computing.filter(({ takes }) => takes === "numbers" || takes === "all"),
    floats: computing.filter(({ takes }) => takes === "floats"),
    integers: computing.filter(({ takes }) => takes === "integers"),
  };
}

/** @param {CodedLine} line */
function unaryCall(line) {
  const { numbers = [], row, isLight, isBounded } = line;
  if (row !== undefined) return { ...line, call: `${row}<T>(x, out, n, stride${numbers.map((_, i) => `, p${i}`).join("")})` };
  const convert = isBounded ? "saturated" : "element";
  const [first, second] = numbers.length < 2 ? ["p", "p"] : [isBounded ? "saturated<T>(p0)" : "p", `${convert}<T>(p1)`];
  const head = isLight ? `lightRow<op.${kernelOf(line)}, T>(kind, ` : `row<op.${kernelOf(line)}, T>(`;
  return { ...line, call: `${head}x, out, n, stride, ${first}, ${second})` };
}

/**
 * assembly/pointwise/unary-cases.generated.ts
 * @param {CodedTable} table
 */
export function unaryCases({ unary }) {
  const { numbers, floats, integers } = byTypes(unary);
  const rows = [...new Set(["lightRow", "row", ...unary.flatMap(({ row }) => row ?? [])])].sort();
  const parameters = "kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64";
  const others = "numberRow<T>(kind, x, out, n, stride, p0, p1);";
  const converted = "  const p = element<T>(p0);\n";
  return `${[
    `${madeBy}
import { element, saturated } from "../math/lanes";
import * as code from "./codes.generated";
import * as op from "./unary-ops";
import { ${rows.join(", ")} } from "./unary-rows";`,
    switchFunction(`/** What integers share with floats. */\n// @ts-ignore: decorator\n@inline function numberRow<T>(${parameters}): void`, numbers.map(unaryCall), "unreachable();", converted),
    switchFunction(`export function floatRow<T>(${parameters}): void`, floats.map(unaryCall), others, converted),
    switchFunction(`export function integerRow<T>(${parameters}): void`, integers.map(unaryCall), others, converted),
  ].join("\n\n")}\n`;
}

/**
 * assembly/pointwise/binary-cases.generated.ts
 * @param {CodedTable} table
 */
export function binaryCases({ binary }) {
  const { numbers, floats, integers } = byTypes(binary);
  const parameters = "\n  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,\n";
  const others = "numberRow<T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut);";
  const call = (/** @type {CodedLine} */ line) => ({
    ...line,
    call: line.isLight
      ? `lightRow<op.${kernelOf(line)}, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut)`
      : `row<op.${kernelOf(line)}, T>(a, b, out, n, strideA, strideB)`,
  });
  return `${[
    `${madeBy}
import * as op from "./binary-ops";
import { lightRow, row } from "./binary-rows";
import * as code from "./codes.generated";`,
    switchFunction(`/** What integers share with floats. */\nfunction numberRow<T>(${parameters}): void`, numbers.map(call), "unreachable();"),
    switchFunction(`export function floatRow<T>(${parameters}): void`, floats.map(call), others),
    switchFunction(`// @ts-ignore: decorator\n@inline export function integerRow<T>(${parameters}): void`, integers.map(call), others),
  ].join("\n\n")}\n`;
}

/**
 * assembly/pointwise/mask-cases.generated.ts
 * @param {CodedTable} table
 */
export function maskCases({ unary, binary }) {
  const tests = unary.filter(({ gives }) => gives === "bool");
  const unaryRow = (/** @type {CodedLine} */ line) => ({ ...line, call: `row<op.${kernelOf(line)}, T>(x, x, out, n, stride, stride)` });
  const integerRow = (/** @type {CodedLine} */ line) =>
    line.ofIntegers === undefined ? unaryRow(line) : { ...line, call: `memory.fill(out, ${Number(line.ofIntegers)}, n)` };
  const comparisons = binary.filter(({ gives }) => gives === "bool").map((line) => ({ ...line, call: `row<op.${kernelOf(line)}, T>(a, b, out, n, strideA, strideB)` }));
  return `${[
    `${madeBy}
import * as code from "./codes.generated";
import * as op from "./mask-ops";
import { row } from "./mask-rows";`,
    switchFunction("export function floatTestRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32): void", tests.map(unaryRow), "unreachable();"),
    switchFunction("export function integerTestRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32): void", tests.map(integerRow), "unreachable();"),
    switchFunction("export function comparisonRow<T>(kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32): void", comparisons, "unreachable();"),
  ].join("\n\n")}\n`;
}

/**
 * assembly/wide/light.generated.ts
 * @param {CodedTable} table
 */
export function wideCases({ unary, binary }) {
  const isWide = (/** @type {CodedLine} */ line) => line.isLight === true && line.takes !== "integers";
  const two = binary.filter(isWide), one = unary.filter(isWide);
  const call = (/** @type {string} */ loop, /** @type {string} */ operations, /** @type {string} */ args) => (/** @type {CodedLine} */ line) =>
    ({ ...line, call: `inline.always(${loop}<${operations}.${kernelOf(line)}, f32>(${args}))` });
  return `${[
    `/** The loops of pointwise/light.ts. */
${madeBy}
import * as of2 from "../pointwise/binary-ops";
import * as code from "../pointwise/codes.generated";
import { binaryVectors, binaryVectorsWith, unaryVectors } from "../pointwise/light";
import * as of1 from "../pointwise/unary-ops";`,
    switchFunction(
      "export function binary(\n  kind: i32, a: usize, b: usize, out: usize, end: usize, nextA: usize, nextB: usize, nextOut: usize, step: usize,\n): void",
      two.map(call("binaryVectors", "of2", "a, b, out, end, nextA, nextB, nextOut, step")), "unreachable();",
    ),
    switchFunction(
      "export function binaryWith(\n  kind: i32, a: usize, right: f32, nextRight: f32, out: usize, end: usize, nextA: usize, nextOut: usize, step: usize,\n): void",
      two.map(call("binaryVectorsWith", "of2", "a, right, nextRight, out, end, nextA, nextOut, step")), "unreachable();",
    ),
    switchFunction("export function unary(kind: i32, x: usize, out: usize, bytes: usize, p: f32, q: f32): void", one.map(call("unaryVectors", "of1", "x, out, bytes, p, q")), "unreachable();"),
  ].join("\n\n")}\n`;
}

/**
 * assembly/reduce/tree-cases.generated.ts
 * @param {CodedTable} table
 */
export function treeCases({ reductions }) {
  const trees = reductions.filter(({ loop }) => loop === "tree");
  const names = trees.map(kernelOf).sort();
  const cases = trees.map((line) => {
    const call = `unit<${kernelOf(line)}, T>(x, out, rows, width, inner, ${line.isCentered ? "center" : "0"}, count)`;
    const isForFloats = line.takes === "floats" || line.sumsWide;
    return isForFloats ? `    case code.${line.constant}:\n      if (isFloat<T>()) ${call};\n      else unreachable();\n      return;\n` : `    case code.${line.constant}: ${call}; return;\n`;
  });
  return `${madeBy}
import * as code from "./codes.generated";
import { ${names.join(", ")} } from "./combinations";
import { unit } from "./tree-unit";

/** \`rows\` rows, \`inner\` apart, of \`width\` elements; where \`inner\` is 1, \`count\` times, one after the other. */
export function unitOf<T>(kind: i32, x: usize, out: usize, rows: i32, width: i32, inner: i32, center: usize, count: i32): void {
  switch (kind) {
${cases.join("")}    default: unreachable();
  }
}
`;
}

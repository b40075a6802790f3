// What is generated, where it goes, and what is wrong with the table that it is made of.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { homes, operations } from "../operations.mjs";
import { binaryCases, maskCases, neededSymbols, treeCases, unaryCases, wideCases } from "./cases.mjs";
import { dtypeConstants, hostCodes, pointwiseCodes, reductionConstants, withCodes } from "./codes.mjs";
import { exportTypes } from "./exports.mjs";

const kernels = fileURLToPath(new URL("..", import.meta.url));

/** @param {string} path */
const readAssembly = (path) => readFileSync(`${kernels}assembly/${path}`, "utf8");

/**
 * The generated files and their texts, by their paths below packages/kernels.
 * @param {import("./codes.mjs").Table} table
 * @returns {ReadonlyMap<string, string>}
 */
export function generatedFiles(table = operations) {
  const coded = withCodes(table);
  return new Map([
    ["assembly/runtime/dtype.generated.ts", dtypeConstants(coded)],
    ["assembly/pointwise/codes.generated.ts", pointwiseCodes(coded)],
    ["assembly/pointwise/unary-cases.generated.ts", unaryCases(coded)],
    ["assembly/pointwise/binary-cases.generated.ts", binaryCases(coded)],
    ["assembly/pointwise/mask-cases.generated.ts", maskCases(coded)],
    ["assembly/reduce/codes.generated.ts", reductionConstants(coded)],
    ["assembly/reduce/tree-cases.generated.ts", treeCases(coded)],
    ["assembly/wide/light.generated.ts", wideCases(coded)],
    ["src/operations.generated.ts", hostCodes(coded)],
    ["src/exports.generated.ts", exportTypes(readAssembly)],
  ]);
}

/** The generated files that are missing or differ from what would be made now. */
export function staleFiles() {
  return [...generatedFiles()].filter(([path, text]) => !existsSync(kernels + path) || readFileSync(kernels + path, "utf8") !== text).map(([path]) => path);
}

/**
 * What is wrong with the table, or missing in the kernels: sentences that say what to do.
 * @param {import("./codes.mjs").Table} table
 * @param {(path: string) => string} read a file below assembly/
 */
export function complaints(table = operations, read = readAssembly) {
  const { dtypes, unary, binary, reductions } = withCodes(table);
  const needed = neededSymbols({ dtypes, unary, binary, reductions });
  return [
    ...repeated("dtypes", dtypes),
    ...repeated("unary and binary", [...unary, ...binary]),
    ...repeated("reductions", reductions),
    ...[...unary, ...binary].flatMap(lineComplaints),
    ...reductions.flatMap(({ name, combinedBy = name }) => (reductions.some((line) => line.name === combinedBy) ? [] : [`the results of "${name}" are combined by "${combinedBy}": there is no such reduction`])),
    ...needed.filter(({ symbol, file }) => !new RegExp(`^(@unmanaged )?export (class|function) ${symbol}\\b`, "m").test(read(file)))
      .map(({ line, symbol, file }) => `"${line}" needs ${symbol} in assembly/${file}: export it there, or say in operations.mjs what it is called (kernel, row)`),
  ];
}

/**
 * @param {string} table
 * @param {readonly { readonly name: string, readonly code: number, readonly constant: string }[]} lines
 */
function repeated(table, lines) {
  const names = lines.map(({ constant }) => constant);
  return lines.filter(({ constant }, i) => names.indexOf(constant) !== i).map(({ name }) => `two lines of ${table} have the name "${name}": give one of them another`);
}

/** @param {import("../operations.mjs").PointwiseLine} line */
function lineComplaints({ name, takes, gives, ofIntegers, row, numbers = [], isBounded }) {
  return [
    ...(gives === "bool" && takes !== "all" ? [`"${name}" gives bool and takes ${takes}: what gives bool takes "all"`] : []),
    ...(ofIntegers !== undefined && gives !== "bool" ? [`"${name}" has ofIntegers: only what gives bool can have it`] : []),
    ...(numbers.length > 2 ? [`"${name}" has ${numbers.length} numbers: kernels get two at most`] : []),
    ...(isBounded && numbers.length !== 2 ? [`"${name}" is bounded: its two numbers must be named`] : []),
    ...(row !== undefined && takes !== "floats" ? [`"${name}" has a row function and takes ${takes}: ${homes.rows} is for floats`] : []),
  ];
}

// The codes of operations and dtypes, as constants for the kernels and as objects for the host.

/**
 * @template Line
 * @typedef {readonly (Line & { readonly code: number, readonly constant: string })[]} Coded
 */

/**
 * @typedef {import("../operations.mjs").DTypeLine} DTypeLine
 * @typedef {import("../operations.mjs").PointwiseLine} PointwiseLine
 * @typedef {import("../operations.mjs").ReductionLine} ReductionLine
 * @typedef {{ readonly dtypes: readonly DTypeLine[], readonly unary: readonly PointwiseLine[], readonly binary: readonly PointwiseLine[], readonly reductions: readonly ReductionLine[] }} Table
 * @typedef {ReturnType<typeof withCodes>} CodedTable
 */

/**
 * Lines with their codes: in the table's order, but those that write bools come last, so that one comparison tells them from the others.
 * @template {{ readonly name: string, readonly gives?: "bool", readonly isInternal?: boolean }} Line
 * @param {readonly Line[]} lines
 * @returns {Coded<Line>}
 */
function coded(lines) {
  const sorted = [...lines.filter(({ gives }) => gives !== "bool"), ...lines.filter(({ gives }) => gives === "bool")];
  return sorted.map((line, code) => ({ ...line, code, constant: line.name.replace(/[A-Z]/g, "_$&").toUpperCase() }));
}

/** @param {Table} table */
export function withCodes({ dtypes, unary, binary, reductions }) {
  return { dtypes, unary: coded(unary), binary: coded(binary), reductions: coded(reductions) };
}

export const madeBy = "// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.";

/** @param {readonly { readonly constant: string, readonly code: number }[]} lines */
const constants = (lines) => lines.map(({ constant, code }) => `export const ${constant}: i32 = ${code};`).join("\n");

/**
 * A function that says whether `kind` is one of some codes, by as few comparisons as do.
 * @param {string} name
 * @param {string} comment
 * @param {readonly { readonly constant: string, readonly code: number }[]} lines
 */
function predicate(name, comment, lines) {
  const runs = /** @type {(typeof lines[number])[][]} */ ([]);
  for (const line of [...lines].sort((a, b) => a.code - b.code)) {
    const last = runs.at(-1);
    if (last?.at(-1)?.code === line.code - 1) last.push(line);
    else runs.push([line]);
  }
  const tests = runs.flatMap((run) => {
    const [first, last] = [run[0], run.at(-1)];
    if (run.length < 3 || first === undefined || last === undefined) return run.map(({ constant }) => `kind == ${constant}`);
    if (first.code === 0) return [`kind <= ${last.constant}`];
    return [runs.length === 1 ? `kind >= ${first.constant} && kind <= ${last.constant}` : `(kind >= ${first.constant} && kind <= ${last.constant})`];
  });
  return `/** ${comment} */\n// @ts-ignore: decorator\n@inline export function ${name}(kind: i32): bool {\n  return ${tests.join(" || ") || "false"};\n}`;
}

/**
 * @param {string} name
 * @param {Coded<PointwiseLine>} lines
 */
function givesBool(name, lines) {
  const first = lines.find(({ gives }) => gives === "bool");
  return `/** Whether the result is bools, as bytes. */\n// @ts-ignore: decorator\n@inline export function ${name}(kind: i32): bool {\n  return ${first === undefined ? "false" : `kind >= ${first.constant}`};\n}`;
}

/**
 * @param {string} name
 * @param {Coded<PointwiseLine>} lines
 */
function takesBool(name, lines) {
  const computing = lines.filter(({ takes, gives }) => takes === "all" && gives !== "bool");
  return predicate(name, "Whether an operation that writes what it takes has a meaning for bools.", computing);
}

/**
 * assembly/pointwise/codes.generated.ts
 * @param {CodedTable} table
 */
export function pointwiseCodes({ unary, binary }) {
  return `${[
    `${madeBy}\n\n// Of one operand.\n${constants(unary)}`,
    givesBool("unaryGivesBool", unary),
    takesBool("unaryTakesBool", unary),
    `// Of two operands.\n${constants(binary)}`,
    givesBool("binaryGivesBool", binary),
    predicate("isLightBinary", "Whether an operation takes no longer than loads and stores.", binary.filter(({ isLight }) => isLight)),
    takesBool("binaryTakesBool", binary),
  ].join("\n\n")}\n`;
}

/**
 * assembly/reduce/codes.generated.ts
 * @param {CodedTable} table
 */
export function reductionConstants({ reductions }) {
  const combined = reductions.filter(({ combinedBy }) => combinedBy !== undefined);
  const by = [...new Set(combined.map(({ combinedBy }) => combinedBy))].map((name) => {
    const tests = combined.filter((line) => line.combinedBy === name).map(({ constant }) => `kind == ${constant}`);
    return `  if (${tests.join(" || ")}) return ${reductions.find((line) => line.name === name)?.constant};\n`;
  });
  return `${[
    `${madeBy}\n${constants(reductions)}`,
    predicate("isTruth", "Whether the result is bools, as bytes.", reductions.filter(({ loop }) => loop === "truth")),
    predicate("isPosition", "Whether the result is positions, int32.", reductions.filter(({ loop }) => loop === "position")),
    predicate("sumsWide", "Whether the result is int64 for integers and bools.", reductions.filter((line) => line.sumsWide)),
    `/** The reduction that joins partial results. */\n// @ts-ignore: decorator\n@inline export function combining(kind: i32): i32 {\n${by.join("")}  return kind;\n}`,
  ].join("\n\n")}\n`;
}

/**
 * assembly/runtime/dtype.generated.ts
 * @param {CodedTable} table
 */
export function dtypeConstants({ dtypes }) {
  const sizes = [...new Set(dtypes.map(({ bytes }) => bytes))];
  const last = sizes.pop();
  const tests = sizes.map((size) => `  if (${dtypes.filter(({ bytes }) => bytes === size).map(({ constant }) => `dtype == ${constant}`).join(" || ")}) return ${size};\n`);
  return `${madeBy}\n// bool is stored as bytes 0 and 1, bfloat16 as the upper half of a float32.\n${constants(dtypes)}

/** The size of an element. */
export function bytesOf(dtype: i32): usize {
${tests.join("")}  return ${last};
}
`;
}

/**
 * @param {string} name
 * @param {string} comment
 * @param {readonly { readonly name: string, readonly code: number }[]} lines
 */
const object = (name, comment, lines) => `/** ${comment} */\nexport const ${name} = {\n${lines.map((line) => `  ${line.name}: ${line.code},\n`).join("")}} as const;`;

/**
 * src/operations.generated.ts
 * @param {CodedTable} table
 */
export function hostCodes({ dtypes, unary, binary, reductions }) {
  return `${[
    `${madeBy}\n${object("dtypeCodes", "Codes of the dtypes, as kernels understand them.", dtypes)}`,
    object("unaryOps", "Codes of the pointwise operations of one operand; operations.mjs says which dtypes each one takes.", unary),
    object("binaryOps", "Codes of those of two operands.", binary),
    object("reduceOps", "Codes of the reductions.", reductions.filter(({ isInternal }) => !isInternal)),
  ].join("\n\n")}\n`;
}

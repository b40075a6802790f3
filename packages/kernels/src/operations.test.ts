import { describe, expect, it } from "vitest";
import { complaints, generatedFiles, staleFiles } from "../generate/files.mjs";
import { classes, operations } from "../operations.mjs";
import { dtypeInfo, type DType, type HostArray } from "./dtype.ts";
import { binaryOps, dtypeCodes, reduceOps, unaryOps } from "./operations.generated.ts";
import { inArena, writeLayout } from "./testing/arena.ts";
import { wasm } from "./wasm.ts";

const { dtypes, unary, binary, reductions } = operations;
const names = dtypes.map(({ name }) => name);

/** Elements that no operation stumbles over: ones. */
function ones(dtype: DType, n: number): HostArray {
  const array = dtypeInfo[dtype].create(new ArrayBuffer(n * dtypeInfo[dtype].bytes), 0, n);
  return array instanceof BigInt64Array ? array.fill(1n) : array.fill(1);
}

const untouched = 0xa5;

/** How many bytes `run` writes from `out` on, where 64 are looked at. */
function bytesWritten(run: (x: number, y: number, out: number) => void, dtype: DType, n: number): number {
  return inArena((arena) => {
    const [x, y] = [arena.put(ones(dtype, n), 8), arena.put(ones(dtype, n), 8)];
    const out = arena.put(new Uint8Array(64).fill(untouched), 8);
    run(x, y, out);
    return arena.read(Uint8Array, out, 64).findLastIndex((byte) => byte !== untouched) + 1;
  });
}

const refused = "refused";

function outcome(run: (x: number, y: number, out: number) => void, dtype: DType, n: number): number | typeof refused {
  try {
    return bytesWritten(run, dtype, n);
  } catch (error) {
    if (error instanceof Error && error.message.includes("unreachable")) return refused;
    throw error;
  }
}

/** By dtype, what a line of the table says of `count` results: bytes, or that the dtype is refused. */
function declared(takes: keyof typeof classes, bytes: (dtype: DType) => number, count: number): Record<string, number | typeof refused> {
  return Object.fromEntries(names.map((dtype) => [dtype, classes[takes].some((name) => name === dtype) ? count * bytes(dtype) : refused]));
}

function outcomes(run: (code: number, x: number, y: number, out: number) => void, n: number): Record<string, number | typeof refused> {
  return Object.fromEntries(names.map((dtype) => [dtype, outcome((x, y, out) => run(dtypeCodes[dtype], x, y, out), dtype, n)]));
}

const sizeOf = (dtype: DType): number => dtypeInfo[dtype].bytes;

/** Codes by names, as the generated file has them. */
const codesOf = (ops: Readonly<Record<string, number>>, name: string): number => ops[name] ?? -1;

describe("the kernels take the dtypes that operations.mjs says, refuse the others, and write what it says", () => {
  it.each(unary.map((line) => [line.name, line] as const))("%s", (name, { takes, gives }) => {
    const code = codesOf(unaryOps, name), bytes = gives === "bool" ? () => 1 : sizeOf;
    expect(outcomes((dtype, x, _, out) => wasm.unary(code, dtype, x, out, 5, 1, 2), 5)).toEqual(declared(takes, bytes, 5));
    expect(outcomes((dtype, x, _, out) => wasm.unaryStrided(code, dtype, x, out, writeLayout([3], [2]), 1, 2), 6)).toEqual(declared(takes, bytes, 3));
  });

  it.each(binary.map((line) => [line.name, line] as const))("%s", (name, { takes, gives }) => {
    const code = codesOf(binaryOps, name), bytes = gives === "bool" ? () => 1 : sizeOf;
    expect(outcomes((dtype, x, y, out) => wasm.binary(code, dtype, x, y, out, 5), 5)).toEqual(declared(takes, bytes, 5));
    expect(outcomes((dtype, x, y, out) => wasm.binaryStrided(code, dtype, x, y, out, writeLayout([3], [2], [0])), 6)).toEqual(declared(takes, bytes, 3));
  });

  it.each(reductions.filter(({ isInternal }) => !isInternal).map((line) => [line.name, line] as const))("%s", (name, { takes, loop, sumsWide }) => {
    const code = codesOf(reduceOps, name);
    const bytes = (dtype: DType): number => (loop === "truth" ? 1 : loop === "position" ? 4 : sumsWide && !dtypeInfo[dtype].isFloating ? 8 : sizeOf(dtype));
    expect(outcomes((dtype, x, _, out) => wasm.reduce(code, dtype, x, out, 2, 3, 1), 6)).toEqual(declared(takes, bytes, 2));
    expect(outcomes((dtype, x, _, out) => wasm.reduce(code, dtype, x, out, 1, 3, 2), 6)).toEqual(declared(takes, bytes, 2));
  });

  it("and no code that is not in it", () => {
    expect(outcomes((dtype, x, _, out) => wasm.unary(unary.length, dtype, x, out, 5, 1, 2), 5)).toEqual(Object.fromEntries(names.map((name) => [name, refused])));
    expect(outcomes((dtype, x, y, out) => wasm.binary(binary.length, dtype, x, y, out, 5), 5)).toEqual(Object.fromEntries(names.map((name) => [name, refused])));
    expect(outcomes((dtype, x, _, out) => wasm.reduce(reductions.length, dtype, x, out, 2, 3, 1), 6)).toEqual(Object.fromEntries(names.map((name) => [name, refused])));
  });

  it("sizes are the same on both sides", () => {
    expect(Object.fromEntries(dtypes.map(({ name, bytes }) => [name, bytes]))).toEqual(Object.fromEntries(names.map((name) => [name, sizeOf(name)])));
    expect(Object.keys(dtypeInfo).sort()).toEqual([...names].sort());
  });
});

describe("what is generated", () => {
  it("is as operations.mjs makes it; else `node packages/kernels/generate.mjs` makes it anew", () => {
    expect(complaints()).toEqual([]);
    expect(staleFiles()).toEqual([]);
  });

  /** The files of a table with one more line. */
  const withLine = (family: "unary" | "binary", line: (typeof unary)[number]) => generatedFiles({ ...operations, [family]: [line, ...operations[family]] });

  it("has a new operation on both sides, whatever it is", () => {
    const files = withLine("unary", { name: "cubeRoot", takes: "floats" });
    expect(files.get("src/operations.generated.ts")).toContain("  cubeRoot: 0,\n  neg: 1,\n");
    expect(files.get("assembly/pointwise/codes.generated.ts")).toContain("export const CUBE_ROOT: i32 = 0;\nexport const NEG: i32 = 1;\n");
    expect(files.get("assembly/pointwise/unary-cases.generated.ts")).toContain("case code.CUBE_ROOT: row<op.CubeRoot, T>(x, out, n, stride, p, p); return;");
    expect(files.get("assembly/wide/light.generated.ts")).not.toContain("CUBE_ROOT");
  });

  it("gives a light operation its loops, those for wide vectors too", () => {
    const files = withLine("binary", { name: "mean", takes: "numbers", isLight: true });
    expect(files.get("assembly/pointwise/binary-cases.generated.ts")).toContain("case code.MEAN: lightRow<op.Mean, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;");
    expect(files.get("assembly/wide/light.generated.ts")).toContain("case code.MEAN: inline.always(binaryVectors<of2.Mean, f32>(");
    expect(files.get("assembly/pointwise/codes.generated.ts")).toContain("kind <= MUL || kind == MAXIMUM");
  });

  it("numbers what gives bool last, wherever its line is", () => {
    const files = withLine("binary", { name: "near", takes: "all", gives: "bool" });
    const codes = files.get("assembly/pointwise/codes.generated.ts");
    expect(codes).toContain("export const NEAR: i32 = 13;\nexport const EQ: i32 = 14;\n");
    expect(codes).toContain("  return kind >= NEAR;\n");
    expect(files.get("assembly/pointwise/mask-cases.generated.ts")).toContain("case code.NEAR: row<op.Near, T>(a, b, out, n, strideA, strideB); return;");
  });

  it("keeps integers and floats apart where an operation takes only one of them", () => {
    const text = withLine("binary", { name: "bitAnd", takes: "integers" }).get("assembly/pointwise/binary-cases.generated.ts") ?? "";
    const [before, after] = text.split("function integerRow");
    expect(after).toContain("case code.BIT_AND: row<op.BitAnd, T>");
    expect(before).not.toContain("BIT_AND");
  });
});

describe("a line of operations.mjs that is wrong is refused, and told what to do", () => {
  /** What is said of the table with one more line, all kernels being there. */
  function said(line: (typeof unary)[number], family: "unary" | "binary" = "unary"): readonly string[] {
    const symbols = ["Wanted", "Neg", "wantedRow"].map((name) => `export class ${name} {`).join("\n");
    const missing = complaints({ ...operations, [family]: [...operations[family], line] }, () => symbols);
    return missing.filter((text) => text.includes(line.name));
  }

  it.each([
    ["a kernel that is missing", { name: "cubeRoot", takes: "floats" }, '"cubeRoot" needs CubeRoot in assembly/pointwise/unary-ops.ts: export it there, or say in operations.mjs what it is called (kernel, row)'],
    ["a kernel with another name that is missing", { name: "wanted", takes: "all", gives: "bool", kernel: "IsWanted" }, '"wanted" needs IsWanted in assembly/pointwise/mask-ops.ts: export it there, or say in operations.mjs what it is called (kernel, row)'],
    ["a row that is missing", { name: "wanted", takes: "floats", row: "rowOf" }, '"wanted" needs rowOf in assembly/pointwise/unary-rows.ts: export it there, or say in operations.mjs what it is called (kernel, row)'],
    ["a name twice", { name: "neg", takes: "floats" }, 'two lines of unary and binary have the name "neg": give one of them another'],
    ["a bool of some dtypes", { name: "wanted", takes: "floats", gives: "bool" }, '"wanted" gives bool and takes floats: what gives bool takes "all"'],
    ["an answer for integers of what is no test", { name: "wanted", takes: "floats", ofIntegers: true }, '"wanted" has ofIntegers: only what gives bool can have it'],
    ["too many numbers", { name: "wanted", takes: "floats", numbers: ["a", "b", "c"] }, '"wanted" has 3 numbers: kernels get two at most'],
    ["bounds that are not named", { name: "wanted", takes: "floats", numbers: ["a"], isBounded: true }, '"wanted" is bounded: its two numbers must be named'],
    ["a row of integers", { name: "wanted", takes: "numbers", row: "wantedRow" }, '"wanted" has a row function and takes numbers: pointwise/unary-rows.ts is for floats'],
  ] as const)("%s", (_, line, text) => {
    expect(said(line)).toEqual([text]);
  });

  it("a name that operations of one and of two operands share", () => {
    expect(said({ name: "neg", takes: "numbers" }, "binary")).toContain('two lines of unary and binary have the name "neg": give one of them another');
  });

  it("results that nothing combines", () => {
    const line = { name: "wanted", takes: "floats", loop: "tree", combinedBy: "plus" } as const;
    expect(complaints({ ...operations, reductions: [...reductions, line] })).toEqual([
      'the results of "wanted" are combined by "plus": there is no such reduction',
      '"wanted" needs Wanted in assembly/reduce/combinations.ts: export it there, or say in operations.mjs what it is called (kernel, row)',
    ]);
  });

  it("two reductions of one name, and two dtypes", () => {
    const [sum] = reductions, [float32] = dtypes;
    expect(complaints({ ...operations, reductions: [...reductions, ...(sum ? [sum] : [])] })).toEqual(['two lines of reductions have the name "sum": give one of them another']);
    expect(complaints({ ...operations, dtypes: [...dtypes, ...(float32 ? [float32] : [])] })).toEqual(['two lines of dtypes have the name "float32": give one of them another']);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { dispatch, inputName, opTable, zeros, type DType, type ErrorSample } from "@tapegrad/tensor";
import { errorsOfCreation } from "./error-cases-creation.ts";
import { errorsOfExtensions } from "./error-cases-extend.ts";
import { errorsOfLayers } from "./error-cases-layers.ts";
import { errorsOfMisuse } from "./error-cases-misuse.ts";
import { errorsOfOptions } from "./error-cases-options.ts";
import { errorsOfPointwise } from "./error-cases-pointwise.ts";
import { errorsOfReduce } from "./error-cases-reduce.ts";
import { errorsOfShapes } from "./error-cases-shapes.ts";
import { errorsOfTape } from "./error-cases-tape.ts";
import { errorsOfValues } from "./error-cases-values.ts";

const declared = [...opTable.values()].flatMap((op) => op.errors());
const cases: readonly ErrorSample[] = [
  ...errorsOfCreation, ...errorsOfShapes, ...errorsOfPointwise, ...errorsOfReduce, ...errorsOfLayers, ...errorsOfTape, ...errorsOfValues, ...errorsOfOptions, ...errorsOfMisuse, ...errorsOfExtensions, ...declared,
];

/** Warnings, and errors that cannot be raised where the tape is loaded; and the test that raises them. */
const elsewhere: Readonly<Record<string, string>> = {
  "backward/no-tape": "../../../tensor/src/grad-hooks.test.ts",
  "mseLoss/shapes-differ": "../../../tensor/src/mse-loss.test.ts",
  "withAddress/tensors": "../../../tensor/src/with-address.test.ts",
  "withAddress/option": "../../../tensor/src/with-address.test.ts",
  "withAddress/strides": "../../../tensor/src/with-address.test.ts",
  "tapegrad/two-copies": "../../../tapegrad/src/two-copies.test.ts",
};

const codeOf = (message: string): string => /^ {2}code: (.+)$/m.exec(message)?.[1] ?? "";

describe("every error says exactly this", () => {
  test.each(cases.map((sample) => [`${codeOf(sample.message)}: ${sample.message.split("\n")[0]}`, sample] as const))("%s", (_, { call, error, message }) => {
    let thrown: unknown = null;
    try {
      call();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(Error);
    const { name, message: found } = thrown as Error;
    expect({ name, message: found }).toEqual({ name: error, message });
    expect((thrown as { code?: string }).code).toBe(codeOf(message));
  });
});

describe("every op refuses the dtypes that it does not take, by name", () => {
  const everyDType: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"];
  const rows = [...opTable.values()].flatMap((op) => everyDType.filter((dtype) => !op.dtypes.includes(dtype)).map((dtype) => ({ op, name: op.name, dtype })));
  test.each(rows)("$name refuses $dtype", ({ op, dtype }) => {
    const sample = op.samples()[0];
    if (sample === undefined) throw new Error(`op ${op.name} has no sample`);
    const inputs = sample.inputs.map((input, i) => (input === null ? null : zeros(input.shape, { dtype: i === 0 ? dtype : (input.dtype ?? "float32") })));
    const lines = inputs.flatMap((x, i) => (x === null ? [] : [`  ${inputName(op, i)}  [${x.shape.join(", ")}]  ${x.dtype}`]));
    const message = [`${op.name}: dtype ${dtype} is not supported; use one of ${op.dtypes.join(", ")}`, ...lines, `  code: ${op.name}/dtype`].join("\n");
    expect(() => dispatch(op, inputs, sample.attrs)).toThrow(expect.objectContaining({ name: "DTypeError", message }));
  });
});

/** The sources of a package, without tests. */
function sourcesOf(folder: URL): { readonly name: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !/^proof[\\/]/.test(name))
    .map((name) => ({ name, text: readFileSync(new URL(name.replaceAll("\\", "/"), folder), "utf8") }));
}

const sources = [...sourcesOf(new URL("../../../tensor/src/", import.meta.url)), ...sourcesOf(new URL("../", import.meta.url))];
const raised = new Set([...cases.map(({ message }) => codeOf(message)), ...Object.keys(elsewhere)]);

describe("no error goes unraised", () => {
  const patterns = sources.flatMap(({ name, text }) => [...text.matchAll(/\bcode: (?:"([^"]+)"|`([^`]+)`)/g)].map((match) => ({ name, code: match[1] ?? match[2] ?? "" })));

  test("the sources were read", () => expect(patterns.length).toBeGreaterThan(60));

  test.each(patterns)("$code of $name", ({ code }) => {
    const literal = code.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`^${literal.join("[\\w.-]+")}$`);
    expect([...raised].filter((other) => pattern.test(other))).not.toEqual([]);
  });

  const documented = sources.flatMap(({ name, text }) =>
    [...text.matchAll(/^\s*(?:\/\*\*|\*).*$/gm)].flatMap(([line]) => [...line.matchAll(/`([a-zA-Z_]+\/[a-z-]+)`/g)].map((match) => ({ name, code: match[1] ?? "" }))),
  ).filter(({ code }) => !code.startsWith("OP/"));

  test.each(documented)("$code, documented in $name", ({ code }) => expect([...raised]).toContain(code));

  test.each(Object.entries(elsewhere))("%s is raised by its own test", (code, file) => {
    expect(readFileSync(new URL(file, import.meta.url), "utf8")).toContain(code);
  });
});

afterAll(() => console.log(`errors: ${cases.length} calls, ${raised.size} codes`));

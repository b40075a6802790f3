import { classes, type operations } from "../../operations.mjs";

type Line = (typeof operations.unary)[number];

/** The operations that compute with the dtypes of a class, and so have a twin for them. */
export function computingOn(dtypes: "floats" | "integers", lines: readonly Line[]): readonly Line[] {
  return lines.filter(({ takes, gives }) => gives !== "bool" && classes[dtypes].every((dtype) => classes[takes].some((name) => name === dtype)));
}

/** Operations that no naive twin in a test stands for, each with what to do. */
export function missingTwins(twins: object, lines: readonly { readonly name: string }[]): readonly string[] {
  return lines.filter(({ name }) => !Object.hasOwn(twins, name)).map(({ name }) => `${name}: write its naive twin here`);
}

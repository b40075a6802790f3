import ts from "typescript";

/** What a comment behind an expression promises: a value, or an error with this code. */
export type Expectation = { readonly kind: "value"; readonly value: unknown } | { readonly kind: "throws"; readonly code: string };

const relativeTolerance = 1e-6;
const constants = new Map<string, unknown>([["undefined", undefined], ["NaN", NaN], ["Infinity", Infinity]]);

/**
 * Reads `// [1, 2]`, `// "text"`, `// throws op/reason`. A comment of another form is plain prose and gives null; one that begins like a literal
 * and is none throws, so that a slip of the pen does not turn a check into prose.
 */
export function parseExpectation(comment: string): Expectation | null {
  const throws = /^throws (\S+)$/.exec(comment);
  if (throws?.[1] !== undefined) return { kind: "throws", code: throws[1] };
  if (!/^([-[{"'`\d]|(true|false|null|undefined|NaN|Infinity)\b)/.test(comment)) return null;
  const source = ts.createSourceFile("expected.ts", `(${comment})`, ts.ScriptTarget.Latest, true);
  const statement = source.statements[0];
  if (source.statements.length !== 1 || statement === undefined || !ts.isExpressionStatement(statement)) {
    throw new SyntaxError(`the expected value "${comment}" is not a literal`);
  }
  return { kind: "value", value: literalValue(statement.expression, comment) };
}

function literalValue(node: ts.Expression, comment: string): unknown {
  if (ts.isParenthesizedExpression(node)) return literalValue(node.expression, comment);
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isStringLiteralLike(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isIdentifier(node) && constants.has(node.text)) return constants.get(node.text);
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((element) => literalValue(element, comment));
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) return -Number(literalValue(node.operand, comment));
  if (ts.isObjectLiteralExpression(node)) {
    return Object.fromEntries(node.properties.map((property) => {
      if (!ts.isPropertyAssignment(property) || ts.isComputedPropertyName(property.name)) throw new SyntaxError(`the expected value "${comment}" is not a literal`);
      return [property.name.text, literalValue(property.initializer, comment)];
    }));
  }
  throw new SyntaxError(`the expected value "${comment}" is not a literal`);
}

/** Numbers within 1e-6 relative; typed arrays as arrays, tensors by their elements. */
export function matches(actual: unknown, expected: unknown): boolean {
  if (typeof expected === "number") return typeof actual === "number" && isClose(actual, expected);
  if (typeof expected !== "object" || expected === null) return Object.is(actual, expected);
  if (Array.isArray(expected)) {
    const list = asArray(actual);
    return list !== null && list.length === expected.length && expected.every((value, i) => matches(list[i], value));
  }
  if (typeof actual !== "object" || actual === null) return false;
  const found = new Map<string, unknown>(Object.entries(actual));
  const wanted = Object.entries(expected);
  return found.size === wanted.length && wanted.every(([key, value]) => matches(found.get(key), value));
}

function isClose(actual: number, expected: number): boolean {
  if (Object.is(actual, expected) || (expected === 0 && !Object.is(expected, -0) && actual === 0)) return true;
  return Number.isFinite(expected) && expected !== 0 && Math.abs(actual - expected) <= relativeTolerance * Math.abs(expected);
}

function asArray(value: unknown): unknown[] | null {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) return Array.from(value as ArrayBufferView & Iterable<unknown>);
  if (typeof value === "object" && value !== null && "toArray" in value && typeof value.toArray === "function") return asArray(value.toArray());
  return null;
}

/** The kinds of proof that the suite counts. */
export type Kind = "spec" | "oracle" | "half" | "gradient" | "halfGradient" | "second" | "composite" | "strides" | "repeat";

const counts = new Map<string, Map<Kind, number>>();
const exemptions = new Map<string, string>();

/** Notes assertions that were made. */
export function count(op: string, kind: Kind, assertions = 1): void {
  const row = counts.get(op) ?? new Map<Kind, number>();
  row.set(kind, (row.get(kind) ?? 0) + assertions);
  counts.set(op, row);
}

/** Notes why a kind does not apply to an op. */
export function exempt(op: string, kind: Kind, reason: string): void {
  exemptions.set(`${op}/${kind}`, reason);
}

/** Pairs of op and kind with neither an assertion nor a reason. */
export function uncovered(ops: readonly string[], kinds: readonly Kind[]): string[] {
  return ops.flatMap((op) => kinds.filter((kind) => (counts.get(op)?.get(kind) ?? 0) === 0 && !exemptions.has(`${op}/${kind}`)).map((kind) => `${op}/${kind}`));
}

/** The counts as a table; a dash where a kind does not apply. */
export function table(ops: readonly string[], kinds: readonly Kind[]): string {
  const rows = ops.map((op) => [op, ...kinds.map((kind) => String(counts.get(op)?.get(kind) ?? (exemptions.has(`${op}/${kind}`) ? "-" : 0)))]);
  const totals = kinds.map((kind) => String(ops.reduce((sum, op) => sum + (counts.get(op)?.get(kind) ?? 0), 0)));
  const lines = [["op", ...kinds], ...rows, ["total", ...totals]];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines.map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")).join("\n");
}

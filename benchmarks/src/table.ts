import type { Row } from "./rows.ts";

/** Text in columns: the first flush left, the others flush right. */
export function formatTable(lines: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "))
    .join("\n");
}

/** Rows as a table for the terminal, then the reasons for its gaps. */
export function formatRows(rows: readonly Row[]): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const header = ["", "unit", "ours", ...peers.flatMap((peer) => [peer, "ratio"])];
  const lines = rows.map((row) => [
    row.name,
    row.unit,
    formatFigure(row.ours),
    ...peers.flatMap((peer) => [formatFigure(row.peers[peer]), formatFigure(row.ratio[peer])]),
  ]);
  const reasons = rows.flatMap((row) => Object.entries(row.reasons).map(([peer, reason]) => `${peer} has no ${row.name}: ${reason}`));
  return [formatTable([header, ...lines]), ...reasons].join("\n");
}

/** A figure for a table; a dash where there is none. */
export function formatFigure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "-";
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : String(value);
}

/** Whether a figure keeps to its bar, in a line for each that has one. */
export function formatBars(judged: readonly { readonly name: string; readonly figure: number; readonly bar: number | null; readonly ok: boolean | null }[]): string[] {
  return judged.flatMap(({ name, figure, bar, ok }) => (bar === null || ok === null ? [] : [`${ok ? "ok" : "MISSED"}: ${name} ${figure}, bar ${bar}`]));
}

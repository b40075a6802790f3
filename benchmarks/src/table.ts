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

function formatFigure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "-";
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : String(value);
}

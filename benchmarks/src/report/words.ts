import { formatFigure } from "../table.ts";

/** A table in Markdown; figures to the right, names to the left. */
export function markdownTable(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const isFigure = (cell: string | undefined): boolean => cell !== undefined && /^(-|[\d.,]+)$/.test(cell);
  const rule = header.map((_, i) => (lines.length > 0 && lines.every((cells) => isFigure(cells[i])) ? "---:" : "---"));
  return [header, rule, ...lines].map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}

/** A value beside its bar or dot: two digits are what the eye wants. */
export function labelOf({ value }: { readonly value?: unknown }): string {
  const [figure]: unknown[] = Array.isArray(value) ? value : [value];
  return typeof figure === "number" ? formatFigure(Number(figure.toPrecision(figure < 1000 ? 2 : 4))) : "";
}

/** The name of a peer in text. */
export function peerTitle(name: string): string {
  const titles: Readonly<Record<string, string>> = { ours: "tapegrad", torch: "PyTorch", "tfjs": "TensorFlow.js (cpu)", "tfjs-wasm": "TensorFlow.js (wasm)" };
  return titles[name] ?? name;
}

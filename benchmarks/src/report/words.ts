import { formatFigure } from "../table.ts";

/** A table in Markdown; names to the left, figures to the right. */
export function markdownTable(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = header.map((_, i) => (i === 0 ? "---" : "---:"));
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

/** The sizes of an array's dimensions as messages write them; a file may claim any number of them. */
export function showDims(dims: readonly number[]): string {
  return dims.length <= 8 ? `[${dims.join(", ")}]` : `[${dims.slice(0, 8).join(", ")}, and ${dims.length - 8} more]`;
}

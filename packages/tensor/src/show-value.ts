/** A value as error messages write it: short, and without its elements. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (Array.isArray(value)) return value.length > 8 ? `an array of ${value.length}` : `[${value.map(showValue).join(",")}]`;
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  const { constructor } = value;
  const name = typeof constructor === "function" && constructor !== Object ? constructor.name : "object";
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

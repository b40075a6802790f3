/**
 * PyTorch's name for a field: `runningMean` -> `running_mean`. A name that begins with a capital, like `W1`, or that has an
 * underscore, like `lora_A`, was chosen to be as it is, and stays so.
 */
export function snakeCase(name: string): string {
  if (!/^[a-z]/.test(name) || name.includes("_")) return name;
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toLowerCase();
}

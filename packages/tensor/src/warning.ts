import type { TapegradError } from "./errors.ts";

/** Says what is nearly always a mistake, but need not be: a warning of the process, on the console where there is none. @internal */
export function emitWarning({ message, code }: TapegradError): void {
  const { process } = globalThis as { readonly process?: { emitWarning?(message: string, options: { type: string; code: string }): void } };
  if (process?.emitWarning === undefined) console.warn(message);
  else process.emitWarning(message, { type: "TapegradWarning", code });
}

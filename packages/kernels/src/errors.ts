/** What an error says; the message is put together from it in one fixed form (docs/architecture.md, "Errors"). */
export interface ErrorParts {
  /** The op or function that refuses. */
  readonly op: string;
  /** The fact, with its numbers. */
  readonly fact: string;
  /** Stable, for programs: `op/reason`. */
  readonly code: string;
  /** What to do, where that can be computed. */
  readonly hint?: string;
  /** One line for each operand. */
  readonly details?: readonly string[];
  /** The numbers of the fact, for programs. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Every error that tapegrad throws on purpose: `code` is stable, `data` has the numbers. */
export class TapegradError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
  #op: string;
  #text: string;

  constructor(parts: ErrorParts) {
    const lines = [`${parts.op}: ${parts.fact}`, ...(parts.details ?? []).map((line) => `  ${line}`)];
    if (parts.hint !== undefined) lines.push(`  hint: ${parts.hint}`);
    lines.push(`  code: ${parts.code}`);
    super(lines.join("\n"), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = new.target.name;
    this.code = parts.code;
    this.#op = parts.op;
    this.data = parts.data ?? {};
    this.#text = this.message;
  }

  /** Says it in the name of the public function that was called, where that called another one. */
  rename(op: string): void {
    const [former, code] = [`${this.#op}/`, this.code];
    if (code.startsWith(former)) Object.assign(this, { code: `${op}/${code.slice(former.length)}` });
    this.#text = this.#text.replace(`${this.#op}:`, `${op}:`).replace(new RegExp(`code: ${code}$`), `code: ${this.code}`);
    this.#op = op;
    this.message = this.#text;
  }

  /** Says in the message where inside a model it happened. */
  setModulePath(path: string): void {
    this.message = `${this.#text}\n  in ${path}`;
  }
}

/** No room in the heap, or a tensor used after its scope freed it. */
export class MemoryError extends TapegradError {}

import { shortText } from "./visible-text.ts";

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

/** Names are shortened where they are put into a sentence (tensor/src/show-value.ts); these bounds only keep a message a message. */
const longestLine = 4000;
const mostDetails = 60;

/** Every error that tapegrad throws on purpose: `code` is stable, `data` has the numbers. */
export class TapegradError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
  #op: string;
  #text: string;

  /** Whatever the parts hold, each is one line that can be printed: nothing from outside forges a line or reaches the terminal. */
  constructor(parts: ErrorParts) {
    const line = (text: string): string => shortText(text, longestLine);
    const lines = [line(`${parts.op}: ${parts.fact}`), ...detailLines(parts.details ?? []).map((text) => `  ${line(text)}`)];
    if (parts.hint !== undefined) lines.push(`  hint: ${line(parts.hint)}`);
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
    this.message = `${this.#text}\n  in ${shortText(path, longestLine)}`;
  }
}

function detailLines(details: readonly string[]): readonly string[] {
  return details.length <= mostDetails ? details : [...details.slice(0, mostDetails), `and ${details.length - mostDetails} more`];
}

/** No room in the heap, or a tensor used after its scope freed it. */
export class MemoryError extends TapegradError {}

import { beyondLimit, malformed, type FileOfOp } from "./format-errors.ts";
import { mostTextBytes } from "./limits.ts";

const quote = 0x22;
const backslash = 0x5c;
const [plus, minus, point, zero, nine, smallE, largeE] = [0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x65, 0x45] as const;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= nine;

/** As in the reference library's parser. */
const mostNested = 128;

const { isUtf8 } = process.getBuiltinModule("node:buffer");

/**
 * The header's JSON, read from front to back as its grammar in RFC 8259 says, without a tree of it in memory. JSON.parse would take
 * what the reference library refuses: members twice, `1e0` for an integer, halves of characters.
 */
export class HeaderText {
  readonly #file: FileOfOp;
  readonly #bytes: Buffer;
  #position = 0;
  #kept = 0;

  constructor(file: FileOfOp, bytes: Buffer) {
    this.#file = file;
    this.#bytes = bytes;
    if (!isUtf8(bytes)) throw malformed(file, "the header is not UTF-8");
  }

  /** The next byte that is no white space, as a character; empty at the end. */
  peek(): string {
    for (;;) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) return "";
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return String.fromCharCode(byte);
      this.#position++;
    }
  }

  expectEnd(): void {
    if (this.peek() !== "") throw this.#notJson();
  }

  /** Calls `member` with the name of each member of an object; it reads the value. */
  object(member: (name: string) => void, name: () => string = () => this.string()): void {
    this.#enclosed("{", "}", () => {
      const key = name();
      this.#expect(":");
      member(key);
    });
  }

  /** Calls `item` for each item of an array; it reads it. */
  array(item: () => void): void {
    this.#enclosed("[", "]", item);
  }

  #enclosed(open: string, close: string, item: () => void): void {
    this.#expect(open);
    if (this.#skipIf(close)) return;
    do item();
    while (this.#skipIf(","));
    this.#expect(close);
  }

  /** A string that is kept: the bytes of all of them together are limited. */
  string(): string {
    const [begin, end, isEscaped] = this.#scanString();
    this.#kept += end - begin;
    if (this.#kept > mostTextBytes) throw beyondLimit(this.#file, `its names or notes take more than ${mostTextBytes} bytes`);
    const raw = this.#bytes.toString("utf8", begin, end);
    return isEscaped ? (JSON.parse(`"${raw}"`) as string) : raw;
  }

  /** Checks a string without keeping it. */
  skipString(): void {
    this.#scanString();
  }

  /** Checks a string and moves behind it. */
  #scanString(): readonly [begin: number, end: number, isEscaped: boolean] {
    this.#expect('"');
    const bytes = this.#bytes;
    const begin = this.#position;
    let isEscaped = false;
    for (let at = begin; ; at++) {
      const byte = bytes[at];
      if (byte === undefined || byte < 0x20) throw this.#notJson(at);
      if (byte === quote) {
        this.#position = at + 1;
        return [begin, at, isEscaped];
      }
      if (byte !== backslash) continue;
      isEscaped = true;
      at += this.#escapeLength(at) - 1;
    }
  }

  /** Bytes of the escape at a place; two of them where they are the halves of one character. */
  #escapeLength(at: number): number {
    const letter = String.fromCharCode(this.#bytes[at + 1] ?? 0);
    if (letter !== "u" && '"\\/bfnrt'.includes(letter)) return 2;
    const unit = this.#escapedUnit(at);
    if (unit < 0) throw this.#notJson(at);
    if (unit < 0xd800 || unit > 0xdfff) return 6;
    const second = this.#escapedUnit(at + 6);
    if (unit > 0xdbff || second < 0xdc00 || second > 0xdfff) throw malformed(this.#file, `the header has half a character (a lone surrogate) at byte ${at}`);
    return 12;
  }

  /** The number that an escape like `\\u00e4` at a place stands for, or -1. */
  #escapedUnit(at: number): number {
    const escape = this.#bytes.toString("latin1", at, at + 6);
    return /^\\u[0-9a-fA-F]{4}$/.test(escape) ? Number.parseInt(escape.slice(2), 16) : -1;
  }

  /** An integer from 0 to 2^53 - 1, or null for any other value, which is left. */
  size(): number | null {
    this.peek();
    const [digits = ""] = /^(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/.exec(this.#bytes.toString("latin1", this.#position, this.#position + 17)) ?? [];
    const value = Number(digits);
    if (digits === "" || !Number.isSafeInteger(value)) return null;
    this.#position += digits.length;
    return value;
  }

  /** Skips `null` and says so, or leaves what else is there. */
  skipNull(): boolean {
    return this.peek() === "n" && this.#skipWord("null");
  }

  /** Checks any value without keeping it. */
  skipValue(depth = 0): void {
    if (depth > mostNested) throw beyondLimit(this.#file, `its header is nested more than ${mostNested} deep`);
    switch (this.peek()) {
      case "{":
        return this.object(() => this.skipValue(depth + 1), () => (this.skipString(), ""));
      case "[":
        return this.array(() => this.skipValue(depth + 1));
      case '"':
        return this.skipString();
      case "t":
        return void this.#skipWord("true");
      case "f":
        return void this.#skipWord("false");
      case "n":
        return void this.#skipWord("null");
      default:
        return this.#skipNumber();
    }
  }

  /** By bytes, not by an expression: a header may hold millions of numbers that nobody asks for. */
  #skipNumber(): void {
    const bytes = this.#bytes;
    let at = this.#position;
    const digits = (): void => {
      const begin = at;
      while (isDigit(bytes[at])) at++;
      if (at === begin) throw this.#notJson();
    };
    if (bytes[at] === minus) at++;
    if (bytes[at] === zero) at++;
    else digits();
    if (bytes[at] === point) {
      at++;
      digits();
    }
    if (bytes[at] === smallE || bytes[at] === largeE) {
      at++;
      if (bytes[at] === plus || bytes[at] === minus) at++;
      digits();
    }
    this.#position = at;
  }

  #skipWord(word: string): true {
    if (this.#bytes.toString("latin1", this.#position, this.#position + word.length) !== word) throw this.#notJson();
    this.#position += word.length;
    return true;
  }

  #skipIf(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#position++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skipIf(character)) throw this.#notJson();
  }

  #notJson(at = this.#position): Error {
    return malformed(this.#file, `the header is not JSON: byte ${at} is wrong`);
  }
}

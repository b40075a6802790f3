import { posix } from "node:path";

// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar's manual, "Basic Tar Format".

const blockBytes = 512;
/** Of an entry that only says something of the next one: its long name. */
const mostNoteBytes = 1 << 16;

/** What an archive says of a file that is in it. */
export interface TarEntry {
  readonly path: string;
  readonly size: number;
}

const nothing = (): void => undefined;

/** Something that no archive has. */
export class TarFault extends Error {}

/** Takes the bytes of an entry as they come; null where they are not wanted. */
export type TarSink = ((bytes: Uint8Array) => void) | null;

/**
 * Reads the entries of a tar archive that comes in pieces of any size. What is not wanted is passed over; nothing is kept but the
 * header at hand. Links, folders and devices are no files.
 */
export class TarEntries {
  readonly #onFile: (entry: TarEntry) => TarSink;
  readonly #block = new Uint8Array(blockBytes);
  #filled = 0;
  /** Bytes of the entry that are still to come, and those that fill its last block. */
  #remaining = 0;
  #padding = 0;
  #sink: TarSink = null;
  /** Runs when the entry at hand is over. */
  #onEnd: () => void = nothing;
  /** What entries before it said of the next one. */
  #next: { path?: string; size?: number } = {};
  #isOver = false;

  /** `onFile` says what is to be done with the bytes of each file. */
  constructor(onFile: (entry: TarEntry) => TarSink) {
    this.#onFile = onFile;
  }

  /** Throws TarFault. */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#isOver; ) {
      const rest = bytes.length - at;
      if (this.#remaining > 0) {
        const count = Math.min(rest, this.#remaining);
        this.#sink?.(bytes.subarray(at, at + count));
        this.#remaining -= count;
        at += count;
        if (this.#remaining === 0) this.#onEnd();
      } else if (this.#padding > 0) {
        const count = Math.min(rest, this.#padding);
        this.#padding -= count;
        at += count;
      } else {
        const count = Math.min(rest, blockBytes - this.#filled);
        this.#block.set(bytes.subarray(at, at + count), this.#filled);
        this.#filled += count;
        at += count;
        if (this.#filled === blockBytes) {
          this.#filled = 0;
          this.#header();
        }
      }
    }
  }

  /** Throws TarFault where the archive ends inside an entry. */
  end(): void {
    if (this.#remaining + this.#padding + this.#filled > 0) throw new TarFault("it ends in the middle of an entry");
  }

  #header(): void {
    const block = this.#block;
    // A block of zeros ends the archive; what follows is of no meaning.
    if (block.every((byte) => byte === 0)) {
      this.#isOver = true;
      return;
    }
    checkSum(block);
    const type = String.fromCharCode(block[156] ?? 0);
    const isNote = type === "L" || type === "K" || type === "x" || type === "g";
    const size = (isNote ? undefined : this.#next.size) ?? number(block, 124, 136);
    const path = this.#next.path ?? ownPath(block);
    this.#sink = null;
    this.#onEnd = nothing;
    if (isNote) {
      if (size > mostNoteBytes) throw new TarFault(`an entry's name takes ${size} bytes`);
      this.#collect(size, (note) => {
        if (type === "L") this.#next.path = text(note);
        if (type === "x") this.#next = { ...this.#next, ...paxRecords(note) };
      });
    } else {
      this.#next = {};
      if (type === "0" || type === "\0" || type === "7") this.#sink = this.#onFile({ path, size });
    }
    // Links and folders have no bytes, whatever they say.
    const hasBytes = !"123456".includes(type);
    this.#remaining = hasBytes ? size : 0;
    this.#padding = hasBytes ? (blockBytes - (size % blockBytes)) % blockBytes : 0;
    if (this.#remaining === 0) this.#onEnd();
  }

  #collect(size: number, whole: (bytes: Uint8Array) => void): void {
    const bytes = new Uint8Array(size);
    let filled = 0;
    this.#sink = (part) => {
      bytes.set(part, filled);
      filled += part.length;
    };
    this.#onEnd = () => whole(bytes);
  }
}

/** Text up to the first zero byte. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function ownPath(block: Uint8Array): string {
  const name = text(block.subarray(0, 100));
  const prefix = text(block.subarray(257, 262)) === "ustar" ? text(block.subarray(345, 500)) : "";
  return prefix === "" ? name : posix.join(prefix, name);
}

/** An octal number; GNU tar writes what is too large for it in binary, with the highest bit set. */
function number(block: Uint8Array, begin: number, end: number): number {
  const field = block.subarray(begin, end);
  const isBinary = ((field[0] ?? 0) & 0x80) !== 0;
  const octal = text(field).trim();
  const value = isBinary ? field.reduce((sum, byte, i) => sum * 256 + (i === 0 ? byte & 0x7f : byte), 0) : octal === "" ? 0 : /^[0-7]+$/.test(octal) ? Number.parseInt(octal, 8) : NaN;
  if (!Number.isSafeInteger(value)) throw new TarFault("an entry's size is no number");
  return value;
}

/** The sum of a header's bytes, its own field counting as spaces. */
function checkSum(block: Uint8Array): void {
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  if (number(block, 148, 156) !== sum) throw new TarFault("the sum of a header's bytes is wrong");
}

/** Of records like `20 path=some/name\n`, those that say where and how large the next entry is. */
function paxRecords(bytes: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const [digits = "", name = ""] = /^(\d{1,6}) ([^=]*)=/.exec(Buffer.from(bytes.subarray(at, at + 200)).toString("latin1"))?.slice(1) ?? [];
    const length = Number(digits);
    const begin = at + digits.length + 1 + name.length + 1;
    const end = at + length - 1;
    if (length === 0 || end < begin || bytes[end] !== 0x0a) throw new TarFault("a record of an extended header is wrong");
    const value = new TextDecoder().decode(bytes.subarray(begin, end));
    if (name === "path") found.path = value;
    if (name === "size") {
      if (!/^\d{1,15}$/.test(value)) throw new TarFault("an entry's size is no number");
      found.size = Number(value);
    }
    at += length;
  }
  return found;
}

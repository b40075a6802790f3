import { DataError, showPath } from "@tapegrad/tensor";

/** The opcodes that a pickle of plain data and arrays needs, protocols 2 to 4. */
const names = {
  0x28: "MARK",
  0x29: "EMPTY_TUPLE",
  0x2e: "STOP",
  0x42: "BINBYTES",
  0x43: "SHORT_BINBYTES",
  0x4a: "BININT",
  0x4b: "BININT1",
  0x4d: "BININT2",
  0x4e: "NONE",
  0x52: "REDUCE",
  0x54: "BINSTRING",
  0x55: "SHORT_BINSTRING",
  0x58: "BINUNICODE",
  0x5d: "EMPTY_LIST",
  0x61: "APPEND",
  0x62: "BUILD",
  0x63: "GLOBAL",
  0x65: "APPENDS",
  0x68: "BINGET",
  0x6a: "LONG_BINGET",
  0x71: "BINPUT",
  0x72: "LONG_BINPUT",
  0x73: "SETITEM",
  0x74: "TUPLE",
  0x75: "SETITEMS",
  0x7d: "EMPTY_DICT",
  0x80: "PROTO",
  0x85: "TUPLE1",
  0x86: "TUPLE2",
  0x87: "TUPLE3",
  0x88: "NEWTRUE",
  0x89: "NEWFALSE",
  0x8c: "SHORT_BINUNICODE",
  0x93: "STACK_GLOBAL",
  0x94: "MEMOIZE",
  0x95: "FRAME",
} as const;

type OpcodeName = (typeof names)[keyof typeof names];

const nameTable: Readonly<Record<number, OpcodeName | undefined>> = names;

export function opcodeName(opcode: number): OpcodeName | undefined {
  return nameTable[opcode];
}

/** The bytes of a pickle, read from front to back; every read past their end is the same error. */
export class PickleBytes {
  readonly #op: string;
  readonly #file: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(op: string, file: string, bytes: Uint8Array) {
    this.#op = op;
    this.#file = file;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(count: number): void {
    if (this.position + count > this.#bytes.length)
      throw new DataError({
        op: this.#op,
        fact: `${showPath(this.#file)} ends in the middle: byte ${this.position + count} is needed, it has ${this.#bytes.length}`,
        code: "pickle/truncated",
        data: { path: this.#file, bytes: this.#bytes.length },
      });
    this.position += count;
  }

  take(count: number): Uint8Array {
    this.skip(count);
    return this.#bytes.subarray(this.position - count, this.position);
  }

  uint8(): number {
    this.skip(1);
    return this.#view.getUint8(this.position - 1);
  }

  uint16(): number {
    this.skip(2);
    return this.#view.getUint16(this.position - 2, true);
  }

  uint32(): number {
    this.skip(4);
    return this.#view.getUint32(this.position - 4, true);
  }

  int32(): number {
    this.skip(4);
    return this.#view.getInt32(this.position - 4, true);
  }

  text(count: number): string {
    return new TextDecoder().decode(this.take(count));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    const text = this.text((end < 0 ? this.#bytes.length : end) - this.position);
    this.skip(1);
    return text;
  }
}

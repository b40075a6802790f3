/** What a function of a module takes and gives, as JavaScript sees it. */
export interface Signature {
  readonly parameters: readonly ("number" | "bigint")[];
  readonly result: "number" | "bigint" | "void";
}

const [typeSection, importSection, functionSection, exportSection] = [1, 2, 3, 7];
const functionKind = 0;

/** The values of a module one after another, as the binary format has them. */
class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.#bytes[this.at++];
    if (value === undefined) throw new Error("the module ends too early");
    return value;
  }

  /** LEB128, without a sign. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  name(): string {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }

  valueType(): "number" | "bigint" {
    return this.byte() === 0x7e ? "bigint" : "number";
  }
}

function readSignature(reader: Reader): Signature {
  reader.byte();
  const parameters = reader.list(() => reader.valueType());
  return { parameters, result: reader.list(() => reader.valueType())[0] ?? "void" };
}

/** The type of an imported function, else nothing. */
function readImport(reader: Reader): number[] {
  reader.name();
  reader.name();
  const kind = reader.byte();
  if (kind === functionKind) return [reader.number()];
  // A memory has flags and limits, a global a type and whether it changes.
  if (kind === 2) for (let left = (reader.number() & 1) + 1; left > 0; left--) reader.number();
  else reader.at += 2;
  return [];
}

/** The exported functions of a module by name, in order: what its type section says of them. */
export function exportedSignatures(bytes: Uint8Array): Map<string, Signature> {
  let types: Signature[] = [], functions: number[] = [];
  const signatures = new Map<string, Signature>();
  for (let at = 8; at < bytes.length; ) {
    const reader = new Reader(bytes, at);
    const section = reader.byte();
    const end = reader.number() + reader.at;
    if (section === typeSection) types = reader.list(() => readSignature(reader));
    if (section === importSection) functions = reader.list(() => readImport(reader)).flat();
    if (section === functionSection) functions.push(...reader.list(() => reader.number()));
    if (section === exportSection) {
      reader.list(() => {
        const [name, kind, index] = [reader.name(), reader.byte(), reader.number()];
        const signature = types[functions[index] ?? -1];
        if (kind === functionKind && signature !== undefined) signatures.set(name, signature);
      });
    }
    at = end;
  }
  return signatures;
}

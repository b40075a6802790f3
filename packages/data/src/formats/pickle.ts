import { DataError, showName, showPath, showValue } from "@tapegrad/tensor";
import { showDims } from "./show-dims.ts";
import { opcodeName, PickleBytes } from "./pickle-bytes.ts";

/** A uint8 NumPy array. */
interface PickledArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

type PickleValue = null | boolean | number | string | PickleValue[] | Map<string, PickleValue> | PickledArray;

/** The only three globals known; each is simulated here and nothing is ever looked up by name. */
type Global = "numpy.core.multiarray._reconstruct" | "numpy.ndarray" | "numpy.dtype";
const globals: Readonly<Record<string, Global | undefined>> = {
  "numpy.core.multiarray._reconstruct": "numpy.core.multiarray._reconstruct",
  // The same function, as NumPy 2 calls its module.
  "numpy._core.multiarray._reconstruct": "numpy.core.multiarray._reconstruct",
  "numpy.ndarray": "numpy.ndarray",
  "numpy.dtype": "numpy.dtype",
};
const rewriteHint = "write it with pickle protocol 3 or 4, or use the binary version";
const depthLimit = 8;
/** Of everything that a pickle puts on its stack or remembers: a batch of CIFAR-10 has some 40,000, and a byte can make a list. */
const mostValues = 1 << 18;

const mark = Symbol("mark");
class GlobalReference {
  readonly name: Global;
  constructor(name: Global) {
    this.name = name;
  }
}
class Tuple {
  readonly items: readonly Slot[];
  constructor(items: readonly Slot[]) {
    this.items = items;
  }
}
class Dtype {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
/** Bytes and Python 2 strings; which of the two is meant shows where they are used. */
class Bytes {
  readonly bytes: Uint8Array;
  #text: string | undefined;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Python 2 has one kind of string; every character of it is one byte. Made once, however often it is referred to. */
  get text(): string {
    return (this.#text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString("latin1"));
  }
}
/** An array between `_reconstruct` and its state. */
class ArrayShell implements PickledArray {
  shape: readonly number[] = [];
  bytes: Uint8Array = new Uint8Array();
  isBuilt = false;
}
type Slot =
  | null
  | boolean
  | number
  | string
  | Slot[]
  | Map<string, Slot>
  | typeof mark
  | GlobalReference
  | Tuple
  | Dtype
  | Bytes
  | ArrayShell;

/**
 * Reads a pickle of dictionaries, lists, numbers, strings and uint8 NumPy arrays, as the Python version of CIFAR-10 is
 * one: the opcodes of protocols 2 to 4 that such a pickle needs, and three simulated globals. Anything else is refused;
 * nothing is executed.
 *
 * Throws    DataError `pickle/protocol`, `pickle/opcode`, `pickle/global`, `pickle/truncated`, `pickle/malformed`, `pickle/limit`
 * Source    CPython's Lib/pickletools.py, which documents every opcode
 */
export function readPickle(op: string, file: string, bytes: Uint8Array): PickleValue {
  return new PickleMachine(op, file, bytes).run();
}

class PickleMachine {
  readonly #op: string;
  readonly #file: string;
  readonly #input: PickleBytes;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, Slot>();
  readonly #exports = new Map<Slot, PickleValue>();
  #values = 0;

  constructor(op: string, file: string, bytes: Uint8Array) {
    this.#op = op;
    this.#file = file;
    this.#input = new PickleBytes(op, file, bytes);
  }

  run(): PickleValue {
    for (;;) {
      const at = this.#input.position;
      const opcode = this.#input.uint8();
      if (opcodeName(opcode) === "STOP") return this.#exported(this.#pop());
      this.#step(opcode, at);
    }
  }

  #step(opcode: number, at: number): void {
    const input = this.#input;
    switch (opcodeName(opcode)) {
      case "PROTO":
        return this.#checkProtocol(input.uint8());
      case "FRAME":
        return input.skip(8);
      case "MARK":
        return this.#push(mark);
      case "NONE":
        return this.#push(null);
      case "NEWTRUE":
        return this.#push(true);
      case "NEWFALSE":
        return this.#push(false);
      case "BININT":
        return this.#push(input.int32());
      case "BININT1":
        return this.#push(input.uint8());
      case "BININT2":
        return this.#push(input.uint16());
      case "SHORT_BINSTRING":
      case "SHORT_BINBYTES":
        return this.#push(new Bytes(input.take(input.uint8())));
      case "BINSTRING":
      case "BINBYTES":
        return this.#push(new Bytes(input.take(input.uint32())));
      case "SHORT_BINUNICODE":
        return this.#push(input.text(input.uint8()));
      case "BINUNICODE":
        return this.#push(input.text(input.uint32()));
      case "EMPTY_LIST":
        return this.#push([]);
      case "EMPTY_DICT":
        return this.#push(new Map());
      case "EMPTY_TUPLE":
        return this.#push(new Tuple([]));
      case "TUPLE1":
        return this.#push(new Tuple(this.#popMany(1)));
      case "TUPLE2":
        return this.#push(new Tuple(this.#popMany(2)));
      case "TUPLE3":
        return this.#push(new Tuple(this.#popMany(3)));
      case "TUPLE":
        return this.#push(new Tuple(this.#popToMark()));
      case "APPEND":
        return this.#append(this.#popMany(1));
      case "APPENDS":
        return this.#append(this.#popToMark());
      case "SETITEM":
        return this.#setItems(this.#popMany(2));
      case "SETITEMS":
        return this.#setItems(this.#popToMark());
      case "BINPUT":
        return this.#memoize(input.uint8());
      case "LONG_BINPUT":
        return this.#memoize(input.uint32());
      case "MEMOIZE":
        return this.#memoize(this.#memo.size);
      case "BINGET":
        return this.#recall(input.uint8());
      case "LONG_BINGET":
        return this.#recall(input.uint32());
      case "GLOBAL":
        return this.#pushGlobal(input.line(), input.line());
      case "STACK_GLOBAL": {
        const [module, name] = this.#popMany(2);
        return this.#pushGlobal(this.#text(module), this.#text(name));
      }
      case "REDUCE": {
        const [callee, args] = this.#popMany(2);
        return this.#push(this.#reduce(callee, args));
      }
      case "BUILD":
        return this.#build(this.#pop());
      default:
        throw new DataError({
          op: this.#op,
          fact: `${showPath(this.#file)} has the pickle opcode 0x${opcode.toString(16).padStart(2, "0")} at byte ${at}, which this reader refuses`,
          code: "pickle/opcode",
          hint: rewriteHint,
          data: { path: this.#file, opcode, at },
        });
    }
  }

  #checkProtocol(protocol: number): void {
    if (protocol >= 2 && protocol <= 4) return;
    throw new DataError({
      op: this.#op,
      fact: `${showPath(this.#file)} is a pickle of protocol ${protocol}; this reader knows 2, 3 and 4`,
      code: "pickle/protocol",
      hint: rewriteHint,
      data: { path: this.#file, protocol },
    });
  }

  #pushGlobal(module: string, name: string): void {
    const wanted = `${module}.${name}`;
    const known = Object.hasOwn(globals, wanted) ? globals[wanted] : undefined;
    if (known === undefined)
      throw new DataError({
        op: this.#op,
        fact: `${showPath(this.#file)} asks for the Python global ${showValue(wanted)}, which this reader refuses`,
        code: "pickle/global",
        details: Object.keys(globals).map((global) => `allowed  ${global}`),
        hint: rewriteHint,
        data: { path: this.#file, global: wanted },
      });
    this.#push(new GlobalReference(known));
  }

  #reduce(callee: Slot | undefined, args: Slot | undefined): Slot {
    if (!(callee instanceof GlobalReference) || !(args instanceof Tuple)) throw this.#malformed("it calls what is no global");
    const [first] = args.items;
    switch (callee.name) {
      case "numpy.core.multiarray._reconstruct":
        if (first instanceof GlobalReference && first.name === "numpy.ndarray") return new ArrayShell();
        throw this.#malformed("it reconstructs something other than a numpy.ndarray");
      case "numpy.dtype":
        return new Dtype(this.#text(first));
      case "numpy.ndarray":
        throw this.#malformed("it calls numpy.ndarray directly");
    }
  }

  /** A dtype's state only repeats what its name says; an array's is (version, shape, dtype, isFortran, bytes). */
  #build(state: Slot): void {
    const target = this.#stack.at(-1);
    if (target instanceof Dtype) return;
    if (!(target instanceof ArrayShell) || !(state instanceof Tuple)) throw this.#malformed("it sets the state of what has none");
    const [, shape, dtype, isFortran, content] = state.items;
    if (!(shape instanceof Tuple) || !(dtype instanceof Dtype) || !(content instanceof Bytes))
      throw this.#malformed("an array's state is not a shape, a dtype and bytes");
    if (dtype.name !== "u1" || isFortran !== false)
      throw this.#malformed(`an array is ${showName(dtype.name)}${isFortran === false ? "" : " in Fortran order"}, not u1 in C order`);
    const dims = shape.items.map((dim) => {
      if (typeof dim !== "number" || dim < 0) throw this.#malformed("a dimension of an array is no number");
      return dim;
    });
    if (dims.reduce((product, dim) => product * dim, 1) !== content.bytes.length)
      throw this.#malformed(`an array of shape ${showDims(dims)} has ${content.bytes.length} bytes`);
    target.shape = dims;
    target.bytes = content.bytes;
    target.isBuilt = true;
  }

  #append(items: readonly Slot[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) throw this.#malformed("it appends to what is no list");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly Slot[]): void {
    const dict = this.#stack.at(-1);
    if (!(dict instanceof Map)) throw this.#malformed("it sets items of what is no dictionary");
    for (let at = 0; at + 1 < items.length; at += 2) dict.set(this.#text(items[at]), items[at + 1] ?? null);
  }

  #memoize(key: number): void {
    const top = this.#stack.at(-1);
    if (top === undefined) throw this.#malformed("it remembers the top of an empty stack");
    this.#count();
    this.#memo.set(key, top);
  }

  #recall(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.#malformed(`it recalls entry ${key}, which was never stored`);
    this.#push(value);
  }

  #push(slot: Slot): void {
    this.#count();
    this.#stack.push(slot);
  }

  #count(): void {
    if (++this.#values <= mostValues) return;
    throw new DataError({
      op: this.#op,
      fact: `${showPath(this.#file)} is a pickle of more than ${mostValues} values`,
      code: "pickle/limit",
      data: { path: this.#file, at: this.#input.position },
    });
  }

  #pop(): Slot {
    const slot = this.#stack.pop();
    if (slot === undefined || slot === mark) throw this.#malformed("its stack runs empty");
    return slot;
  }

  #popMany(count: number): Slot[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #popToMark(): Slot[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#malformed("its stack has no mark");
    return this.#stack.splice(at).slice(1);
  }

  #text(slot: Slot | undefined): string {
    if (typeof slot === "string") return slot;
    if (slot instanceof Bytes) return slot.text;
    throw this.#malformed("a name is not a string");
  }

  /** Each list and dictionary once, however often it is referred to, so that a hostile pickle cannot grow here. */
  #exported(slot: Slot, depth = 0): PickleValue {
    if (slot instanceof Bytes) return slot.text;
    if (slot instanceof ArrayShell && slot.isBuilt) return slot;
    if (slot === null || typeof slot === "boolean" || typeof slot === "number" || typeof slot === "string") return slot;
    const done = this.#exports.get(slot);
    if (done !== undefined) return done;
    if (depth === depthLimit) throw this.#malformed(`it is nested more than ${depthLimit} deep`);
    if (Array.isArray(slot)) {
      const list: PickleValue[] = [];
      this.#exports.set(slot, list);
      for (const item of slot) list.push(this.#exported(item, depth + 1));
      return list;
    }
    if (slot instanceof Map) {
      const dict = new Map<string, PickleValue>();
      this.#exports.set(slot, dict);
      for (const [key, value] of slot) dict.set(key, this.#exported(value, depth + 1));
      return dict;
    }
    throw this.#malformed("it holds values that are no data");
  }

  #malformed(why: string): DataError {
    return new DataError({
      op: this.#op,
      fact: `${showPath(this.#file)} is not a pickle of plain data: ${why}`,
      code: "pickle/malformed",
      data: { path: this.#file, at: this.#input.position },
    });
  }
}

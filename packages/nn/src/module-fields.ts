import { ArgumentError, copyOf, describe, foreignError, showValue, Tensor } from "@tapegrad/tensor";
import { Buffer, Parameter } from "./parameter.ts";
import { snakeCase } from "./state-names.ts";

/** On every module of this copy of the library; a symbol, so that this file need not know the class. */
export const moduleMark = Symbol("module");

/** A module, as far as this file knows. */
export interface Walkable {
  readonly [moduleMark]: true;
}

/** A module or tensor that a field holds, directly or in arrays, plain objects, maps and sets. */
export interface Member<M extends Walkable> {
  /** Path from the module: `conv1`, `layers.0`, `heads.left`. */
  readonly name: string;
  /** The field that the path begins with. */
  readonly field: string;
  readonly value: M | Parameter | Buffer;
}

/** A field that held something that counts when the fields were last looked at. */
interface KnownField {
  readonly name: string;
  readonly kind: "Parameter" | "Buffer" | "module";
  value: unknown;
}

const holdsElements = (value: unknown): value is Parameter | Buffer => value instanceof Parameter || value instanceof Buffer;

function isModule<M extends Walkable>(value: object): value is M {
  return (value as Partial<Walkable>)[moduleMark] === true;
}

/** The fields of one module: what counts among them, and what counted before. */
export class ModuleFields<M extends Walkable> {
  readonly #module: object;
  /** Fields with parameters and buffers. */
  readonly #tensors: KnownField[] = [];
  /** Fields with modules. */
  readonly #modules: KnownField[] = [];

  constructor(module: object) {
    this.#module = module;
  }

  /**
   * What the fields hold, in the order of their declaration.
   *
   * Throws    ArgumentError `Module/replaced`, `tapegrad/two-copies`
   */
  list(): Member<M>[] {
    this.#compare(this.#modules);
    this.#compare(this.#tensors);
    const found: Member<M>[] = [];
    const holders = new Set<object>();
    for (const [field, value] of Object.entries(this.#module)) this.#visit(value, field, field, found, holders);
    this.#note(found);
    return found;
  }

  /** Notices a parameter or buffer that something else was assigned over. Cheap: this runs in every forward. Throws as `list`. */
  check(): void {
    if (this.#tensors.length > 0) this.#compare(this.#tensors);
  }

  #compare(known: readonly KnownField[]): void {
    for (let i = 0; i < known.length; i++) {
      const field = known[i] as KnownField;
      const value = (this.#module as Readonly<Record<string, unknown>>)[field.name];
      if (value === field.value) continue;
      if (!mayReplace(value)) throw replaced(this.#module, field, value);
      field.value = value;
    }
  }

  /** A member's path in a state: its field under the name that the class gives it, or PyTorch's; keys as they stand. */
  stateName({ name, field }: Member<M>): string {
    return (stateNamesOf(this.#module)[field] ?? snakeCase(field)) + name.slice(field.length);
  }

  #visit(value: unknown, name: string, field: string, found: Member<M>[], holders: Set<object>): void {
    if (typeof value !== "object" || value === null) return;
    if (holdsElements(value) || isModule<M>(value)) {
      found.push({ name, field, value });
      return;
    }
    if (isForeign(value)) throw foreignError(this.#module.constructor.name, `field ${name}`, value, import.meta.url);
    const entries = value instanceof Tensor || holders.has(value) ? null : entriesOf(value);
    if (entries === null) return;
    // Those around this entry only: two fields may hold one array.
    holders.add(value);
    // Keys are names as they stand, like those of PyTorch's ModuleDict.
    for (const [key, entry] of entries) this.#visit(entry, `${name}.${key}`, field, found, holders);
    holders.delete(value);
  }

  #note(found: readonly Member<M>[]): void {
    for (const { name, field, value } of found) {
      if (name !== field) continue;
      const kind = value instanceof Parameter ? "Parameter" : value instanceof Buffer ? "Buffer" : "module";
      const known = kind === "module" ? this.#modules : this.#tensors;
      const before = known.findIndex((other) => other.name === name);
      known[before < 0 ? known.length : before] = { name, kind, value };
    }
  }
}

/** Whether this belongs to another copy of the library: of this package, where parameters and modules come from, or of all. */
function isForeign(value: object): boolean {
  const copy = copyOf(value);
  return copy !== null && !(value instanceof Tensor && copy === copyOf(Tensor.prototype));
}

/** Names and entries of what is looked into; null for anything else. */
function entriesOf(value: object): Iterable<readonly [key: string | number, entry: unknown]> | null {
  if (Array.isArray(value)) return value.entries();
  if (value instanceof Set) return [...(value as ReadonlySet<unknown>)].entries();
  if (value instanceof Map) {
    return [...(value as ReadonlyMap<unknown, unknown>)].map(([key, entry], i) => [typeof key === "string" || typeof key === "number" ? key : i, entry]);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : null;
}

/** A module's own names for its fields in a state. */
function stateNamesOf(module: object): Readonly<Record<string, string>> {
  return (module.constructor as { readonly stateNames?: Readonly<Record<string, string>> }).stateNames ?? {};
}

/** Whether a field that held something that counts may hold this from now on. */
function mayReplace(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return false;
  if (value instanceof Tensor) return holdsElements(value);
  // One of another copy of the library is told by `list`.
  return isModule(value) || copyOf(value) !== null || entriesOf(value) !== null;
}

function replaced(module: object, { name, kind }: KnownField, value: unknown): ArgumentError {
  const owner = module.constructor.name;
  const found = value instanceof Tensor ? "a plain tensor" : showValue(value);
  const details = value instanceof Tensor ? [describe(name, value)] : [];
  const lost = kind === "Buffer" ? "saved" : "trained nor saved";
  const hints = {
    Parameter: `noGrad(() => module.${name}.copy_(x)) changes its values, module.${name} = new nn.Parameter(x) replaces it`,
    Buffer: `module.${name}.copy_(x) changes its values, module.${name} = new nn.Buffer(x) replaces it`,
    module: `null takes it away`,
  };
  return new ArgumentError({
    op: owner,
    fact: `field ${name} was a ${kind} and now holds ${found}, which is ${kind === "Buffer" ? "not" : "neither"} ${lost}`,
    details,
    hint: hints[kind],
    code: "Module/replaced",
    data: { field: name },
  });
}

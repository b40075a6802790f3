import { noGrad } from "@tapegrad/autograd";
import { ArgumentError, defaultGenerator, Generator, showValue, Tensor } from "@tapegrad/tensor";
import { moduleMark, type Walkable } from "./module-fields.ts";
import { Buffer, Parameter } from "./parameter.ts";

/** What has been copied so far, by the original: what was shared still is, and circles end. */
export type Copies = Map<object, object>;

/** One walk over the fields of a module and what they hold. */
export interface FieldCopy {
  readonly copies: Copies;
  /** The module's class. */
  readonly owner: string;
  readonly cloneModule: (module: Walkable) => object;
}

/** Copies the fields of `from` to `to`, and what they hold, however deep. Throws ArgumentError `Module/clone`. */
export function copyFields(from: object, to: object, walk: FieldCopy, path = ""): void {
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
    if (property.enumerable !== true) continue;
    const value = "value" in property ? { value: copyOfValue(property.value, `${path}${key}`, walk) } : {};
    Object.defineProperty(to, key, { ...property, ...value });
  }
}

/** Refuses a class with `#private` fields: only its constructor makes these, and nobody else can read them. Throws ArgumentError `Module/clone`. */
export function refusePrivateFields(value: object, base: object, walk: Pick<FieldCopy, "owner">, path: string | null): void {
  for (let type: unknown = value.constructor; typeof type === "function" && type !== base; type = Object.getPrototypeOf(type)) {
    const name = /\.#([\w$]+)/.exec(Function.prototype.toString.call(type))?.[1];
    if (name !== undefined) throw refused(walk.owner, path === null ? `it has the private field #${name}` : `field ${path} holds ${showValue(value)} with the private field #${name}`);
  }
}

export function refused(owner: string, fact: string): ArgumentError {
  return new ArgumentError({
    op: `${owner}.clone`,
    fact: `${fact}, which cannot be copied`,
    hint: `give ${owner} a clone() of its own, which makes a new one and loads this one's stateDict()`,
    code: "Module/clone",
  });
}

function copyOfValue(value: unknown, path: string, walk: FieldCopy): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = walk.copies.get(value);
  if (known !== undefined) return known;
  if (moduleMark in value) return walk.cloneModule(value as Walkable);
  const copy = value instanceof Tensor ? tensorCopy(value, path, walk) : plainCopy(value);
  if (copy !== null) {
    walk.copies.set(value, copy);
    return copy;
  }
  return containerCopy(value, path, walk);
}

function tensorCopy(x: Tensor, path: string, walk: FieldCopy): Tensor {
  if (!x.isLeaf) throw refused(walk.owner, `field ${path} holds the result of a recorded op`);
  const values = noGrad(() => x.clone());
  // As PyTorch: parameters come without their gradients, other leaves with them.
  if (x instanceof Parameter) return new Parameter(values, x.requiresGrad);
  if (x instanceof Buffer) return new Buffer(values);
  values.requiresGrad = x.requiresGrad;
  const gradient = x.grad;
  if (gradient !== null) values.grad = noGrad(() => gradient.clone());
  return values;
}

/** The copy of what holds nothing else; null for what does. */
function plainCopy(value: object): object | null {
  if (value === defaultGenerator) return value;
  if (value instanceof Generator) {
    const generator = new Generator();
    generator.setState(value.getState());
    return generator;
  }
  const isData = ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Date || value instanceof RegExp;
  return isData ? structuredClone(value) : null;
}

function containerCopy(value: object, path: string, walk: FieldCopy): object {
  const { copies } = walk;
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, entry] of value as ReadonlyMap<unknown, unknown>) copy.set(copyOfValue(key, `${path} (a key)`, walk), copyOfValue(entry, `${path}.${String(key)}`, walk));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const entry of value as ReadonlySet<unknown>) copy.add(copyOfValue(entry, `${path} (an entry)`, walk));
    return copy;
  }
  if (/\[native code\]/.test(Function.prototype.toString.call(value.constructor ?? Object)) && !isPlain(value)) throw refused(walk.owner, `field ${path} holds ${showValue(value)}`);
  refusePrivateFields(value, Object, walk, path);
  const copy: object = Array.isArray(value) ? [] : (Object.create(Object.getPrototypeOf(value) as object | null) as object);
  copies.set(value, copy);
  copyFields(value, copy, walk, `${path}.`);
  return copy;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

import { Tensor } from "@tapegrad/tensor";

/** A tensor in arguments or results, and how messages call it: `input 1.weight`. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Arrays and plain objects are looked into; what else there is, modules and dates and numbers, stays what it is. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The same tree with something else in the place of each tensor. */
function mapTree(value: unknown, name: string, replace: (found: NamedTensor) => unknown): unknown {
  if (value instanceof Tensor) return replace({ name, tensor: value });
  if (Array.isArray(value)) return value.map((element: unknown, i) => mapTree(element, `${name}.${i}`, replace));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, mapTree(element, `${name}.${key}`, replace)]));
}

/** The tensors in an argument or a result. */
export function tensorsIn(value: unknown, name: string): NamedTensor[] {
  const found: NamedTensor[] = [];
  mapTree(value, name, (each) => {
    found.push(each);
    return each.tensor;
  });
  return found;
}

/** The same value with other tensors, in the order in which `tensorsIn` finds those that they replace. */
export function withTensors(value: unknown, next: () => Tensor): unknown {
  return mapTree(value, "", next);
}

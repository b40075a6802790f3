import fc from "fast-check";
import { expect, test } from "vitest";
import { arange, cat, indexSelect, mul, square, sum, tensor, zeros, type Shape, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { noGrad } from "../grad-mode.ts";
import { expectValues, numbersOf } from "./expect-values.ts";

/*
 * Random programs of views and changes in place, against the same programs written without either: there, a view is a choice of elements
 * by index, and a change makes a new whole out of the old one and the part that is put into it.
 */

/** A tensor of the program: which elements of which of its memories it shows. */
interface Name {
  readonly memory: number;
  /** The positions of its elements, laid out as it is itself. */
  readonly places: Tensor;
}

/** What runs a program. */
interface Machine {
  read(name: Name): Tensor;
  /** A view of a tensor, which shows what `name` says. */
  look(of: Name, name: Name, take: (x: Tensor) => Tensor): void;
  write(name: Name, change: Change, other: Tensor): void;
}

interface Change {
  readonly inPlace: (x: Tensor, other: Tensor) => Tensor;
  readonly pure: (x: Tensor, other: Tensor) => Tensor;
  /** Takes another tensor. */
  readonly binary?: boolean;
}

const changes: Readonly<Record<string, Change>> = {
  add_: { inPlace: (x, other) => x.add_(other), pure: (x, other) => x.add(other), binary: true },
  sub_: { inPlace: (x, other) => x.sub_(other), pure: (x, other) => x.sub(other), binary: true },
  mul_: { inPlace: (x, other) => x.mul_(other), pure: (x, other) => x.mul(other), binary: true },
  copy_: { inPlace: (x, other) => x.copy_(other), pure: (x, other) => x.mul(0).add(other), binary: true },
  "mul_ by a number": { inPlace: (x) => x.mul_(1.5), pure: (x) => x.mul(1.5) },
  "div_ by a number": { inPlace: (x) => x.div_(1.25), pure: (x) => x.div(1.25) },
  fill_: { inPlace: (x) => x.fill_(0.7), pure: (x) => x.mul(0).add(0.7) },
  zero_: { inPlace: (x) => x.zero_(), pure: (x) => x.mul(0) },
  relu_: { inPlace: (x) => x.relu_(), pure: (x) => x.relu() },
  clamp_: { inPlace: (x) => x.clamp_({ min: -1.3, max: 2.1 }), pure: (x) => x.clamp({ min: -1.3, max: 2.1 }) },
};

/** A view of a tensor; null where there is none. The same for the tensor and for the places of its elements. */
type Look = (x: Tensor, pick: number) => Tensor | null;

const looks: Readonly<Record<string, Look>> = {
  narrow: (x, pick) => (x.ndim === 0 ? null : within(x, pick, (dim, size) => x.narrow(dim, pick % (size + 1), Math.max(0, Math.min(size - (pick % (size + 1)), 1 + (pick % 2)))))),
  slice: (x, pick) => within(x, pick, (dim) => x.slice(dim, pick % 2, Infinity, 1 + (pick % 3))),
  select: (x, pick) => within(x, pick, (dim, size) => (size === 0 ? null : x.select(dim, pick % size))),
  transpose: (x, pick) => within(x, pick, (dim) => x.transpose(dim, -1)),
  permute: (x, pick) => x.permute(x.shape.map((_, i) => (i + pick) % x.ndim)),
  unsqueeze: (x, pick) => (x.ndim > 3 ? null : x.unsqueeze(pick % (x.ndim + 1))),
  squeeze: (x) => x.squeeze(),
  flatten: (x) => x.flatten(),
  reshape: (x, pick) => (x.numel() === 0 ? null : x.reshape(x.numel() % 2 === 0 && pick % 2 === 0 ? [2, -1] : [-1, 1])),
  view: (x) => (x.isContiguous() ? x.view([x.numel()]) : null),
  expand: (x, pick) => (x.numel() > 12 || x.ndim > 3 ? null : x.unsqueeze(0).expand([1 + (pick % 2), ...x.shape])),
  mT: (x) => (x.ndim < 2 ? null : x.mT),
};

function within(x: Tensor, pick: number, look: (dim: number, size: number) => Tensor | null): Tensor | null {
  if (x.ndim === 0) return null;
  const dim = Math.floor(pick / 5) % x.ndim;
  return look(dim, x.shape[dim] as number);
}

type Step = readonly [kind: "look" | "change" | "use", which: string, on: number, other: number, pick: number];

const step = fc.oneof(
  fc.tuple(fc.constant("look" as const), fc.constantFrom(...Object.keys(looks)), fc.nat(99), fc.nat(99), fc.nat(999)),
  fc.tuple(fc.constant("change" as const), fc.constantFrom(...Object.keys(changes)), fc.nat(99), fc.nat(99), fc.nat(999)),
  fc.tuple(fc.constant("use" as const), fc.constant(""), fc.nat(99), fc.nat(99), fc.nat(999)),
);

const programs = fc.array(step, { minLength: 4, maxLength: 16 });

/** Two memories: one made of a leaf, and one of constants that may come to depend on leaves. */
function names(): Name[] {
  return [
    { memory: 0, places: arange(12, { dtype: "int32" }).reshape([2, 3, 2]) },
    { memory: 1, places: arange(6, { dtype: "int32" }).reshape([3, 2]) },
  ];
}

/** The program as it is written: views and changes in place. */
function inPlaceMachine(first: Tensor, [a, b]: readonly Name[]): Machine {
  const tensors = new Map<Name | undefined, Tensor>([[a, mul(first, 1).reshape([2, 3, 2])], [b, zeros([3, 2], { dtype: "float64" }).add(0.5)]]);
  const read = (name: Name): Tensor => tensors.get(name) as Tensor;
  return {
    read,
    look: (of, name, take) => tensors.set(name, take(read(of))),
    write: (name, change, other) => change.inPlace(read(name), other),
  };
}

/** The same without views and changes: flat memories that are replaced. */
function pureMachine(first: Tensor): Machine {
  const flat = [mul(first, 1), zeros([6], { dtype: "float64" }).add(0.5)];
  const read = ({ memory, places }: Name): Tensor => indexSelect(flat[memory] as Tensor, 0, places.flatten()).reshape(places.shape);
  return {
    read,
    look: () => undefined,
    write(name, change, other) {
      const [old, part] = [flat[name.memory] as Tensor, change.pure(read(name), other).flatten()];
      const from = Array.from({ length: old.numel() }, (_, i) => i);
      numbersOf(name.places).forEach((place, i) => (from[place] = old.numel() + i));
      flat[name.memory] = indexSelect(cat([old, part]), 0, tensor(from, { dtype: "int32" }));
    },
  };
}

const broadcasts = (from: Shape, to: Shape): boolean => from.length <= to.length && from.every((size, i) => size === 1 || size === to[to.length - from.length + i]);

/** Whether two elements of a tensor are one. */
const coincides = ({ places }: Name): boolean => new Set(numbersOf(places)).size < places.numel();

/** Runs a program; what it uses adds up to its result. Returns that, and all its tensors. */
function run(program: readonly Step[], known: readonly Name[], machine: Machine, scale: Tensor): readonly [Tensor, Tensor[]] {
  const all = [...known];
  let total = mul(scale, 0.1);
  program.forEach(([kind, which, on, second, pick], i) => {
    const name = all[on % all.length] as Name;
    if (kind === "look") {
      const take = looks[which] as Look;
      const places = noGrad(() => take(name.places, pick));
      // A reshape that copies is no view.
      if (places === null || places.storage !== name.places.storage) return;
      const seen = { memory: name.memory, places };
      machine.look(name, seen, (x) => take(x, pick) as Tensor);
      all.push(seen);
    } else if (kind === "use") total = total.add(sum(square(machine.read(name).clone().mul(0.1 * (i + 1)))));
    else {
      const change = changes[which] as Change;
      const other = all[second % all.length] as Name;
      const fits = change.binary === true && pick % 3 !== 0 && broadcasts(other.places.shape, name.places.shape);
      // A clone: what is saved may change later on (PyTorch refuses that, too).
      if (!coincides(name)) machine.write(name, change, fits ? machine.read(other).clone() : scale);
    }
  });
  for (const name of known) total = total.add(sum(square(machine.read(name)).mul(0.5)));
  return [total, all.map((name) => machine.read(name))];
}

const close = { rtol: 1e-9, atol: 1e-12 };
const startingPoint = (): readonly [Tensor, Tensor] => [
  tensor(Float64Array.from({ length: 12 }, (_, i) => Math.sin(1.7 * i + 0.4) * 2), { requiresGrad: true }),
  tensor(1.3, { dtype: "float64", requiresGrad: true }),
];

test("random programs have the values, gradients and second gradients of the same without views and changes", () => {
  let changed = 0;
  fc.assert(fc.property(programs, (program) => {
    const known = names();
    const results = [inPlaceMachine, pureMachine].map((make) => {
      const [x, scale] = startingPoint();
      const [total, tensors] = run(program, known, make(x, known), scale);
      const first = grad([total], [x, scale], { createGraph: true, allowUnused: true });
      const norms = first.flatMap((dX) => (dX?.requiresGrad === true ? [sum(square(dX))] : []));
      const second = grad(norms, [x, scale], { allowUnused: true });
      const numbers = [total, ...tensors].flatMap((y) => [...numbersOf(y)]);
      return [...numbers, ...[...first, ...second].flatMap((dX, i) => (dX === null ? new Array<number>(i % 2 === 0 ? 12 : 1).fill(0) : [...numbersOf(dX)]))];
    });
    expectValues(results[0] as number[], results[1] as number[], close, "the program");
    changed += program.filter(([kind]) => kind === "change").length;
  }), { seed: 35, numRuns: 600 });
  expect(changed).toBeGreaterThan(1500);
});

test("and their gradients are those that finite differences give", () => {
  fc.assert(fc.property(programs, (program) => {
    const known = names();
    const direction = Array.from({ length: 12 }, (_, i) => Math.cos(2.3 * i));
    const at = (step: number): number => {
      const [x, scale] = startingPoint();
      return noGrad(() => run(program, known, inPlaceMachine(x.add(tensor(direction, { dtype: "float64" }).mul(step)), known), scale.add(step))[0].item());
    };
    const [x, scale] = startingPoint();
    const [total] = run(program, known, inPlaceMachine(x, known), scale);
    const [dX, dScale] = grad([total], [x, scale], { allowUnused: true });
    const slope = numbersOf(dX ?? zeros([12])).reduce((along, value, i) => along + value * (direction[i] as number), (dScale ?? zeros([1])).item());
    const h = 1e-6;
    expectValues([slope], [(at(h) - at(-h)) / (2 * h)], { rtol: 1e-5, atol: 1e-4 }, "the slope");
  }), { seed: 36, numRuns: 300 });
});

import {
  add,
  addInto,
  alias,
  cloneKernel,
  enterScope,
  keep,
  lastStorageSerial,
  leaveScope,
  sameShape,
  sumTo,
  Tensor,
  to,
  type Storage,
} from "@tapegrad/tensor";
import { isGradEnabled, setGradEnabled } from "./grad-mode.ts";
import { Node, releasedError } from "./node.ts";

/** Where gradients end: a node (for a tensor in the middle of the graph) or a leaf. */
export type Target = Node | Tensor;

/** How a backward pass runs. */
export interface PassOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Targets whose gradients are wanted; null: all leaves, into `.grad`. */
  readonly wanted: ReadonlySet<Target> | null;
}

/** One backward pass: walks the recorded nodes from the youngest to the oldest. */
class Pass {
  readonly #options: PassOptions;
  readonly #pending = new Map<Target, Tensor>();
  readonly #captured = new Map<Target, Tensor>();
  /** Storages made before the pass belong to others. */
  readonly #firstSerial = lastStorageSerial();
  #useful: ReadonlyMap<Target, boolean> = new Map();

  constructor(options: PassOptions) {
    this.#options = options;
  }

  run(roots: readonly (readonly [Target, Tensor])[]): ReadonlyMap<Target, Tensor> {
    const nodes = this.#reachable(roots.map(([target]) => target));
    for (const [target, gradient] of roots) this.#deliver(target, gradient);
    for (const node of nodes) this.#visit(node);
    for (const [target, gradient] of this.#pending) this.#finish(target, gradient);
    return this.#captured;
  }

  /** The nodes that lead to something wanted, youngest first. */
  #reachable(roots: readonly Target[]): Node[] {
    const { wanted } = this.#options;
    const useful = new Map<Target, boolean>();
    const nodes: Node[] = [];
    // Depth first with an own stack: graphs may be deeper than the call stack.
    const stack: Target[] = [...roots];
    const opened = new Set<Target>();
    while (stack.length > 0) {
      const target = stack.at(-1) as Target;
      if (useful.has(target)) {
        stack.pop();
        continue;
      }
      if (target instanceof Tensor) {
        useful.set(target, wanted === null || wanted.has(target));
        stack.pop();
        continue;
      }
      if (!opened.has(target)) {
        opened.add(target);
        for (const edge of target.edges) if (edge !== null && !useful.has(edge)) stack.push(edge);
        continue;
      }
      stack.pop();
      const leadsOn = target.edges.some((edge) => edge !== null && useful.get(edge) === true);
      useful.set(target, leadsOn || (wanted?.has(target) ?? false));
      if (useful.get(target) === true) nodes.push(target);
    }
    this.#useful = useful;
    return nodes.sort((a, b) => b.serial - a.serial);
  }

  #visit(node: Node): void {
    let gradient = this.#pending.get(node);
    if (gradient === undefined) return;
    this.#pending.delete(node);
    gradient = this.#applyHooks(node, gradient);
    if (node.retained !== null) this.#accumulate(node.retained, gradient, false);
    if (this.#options.wanted?.has(node) === true) this.#captured.set(node, this.#own(gradient));
    this.#passOn(node, gradient);
    this.#consume(gradient);
    if (!this.#options.retainGraph) node.release();
  }

  #applyHooks(node: Node, gradient: Tensor): Tensor {
    let current = gradient;
    for (const hook of node.hooks ?? []) {
      const replaced = hook(current);
      if (replaced === undefined) continue;
      replaced.storage.gradientUses++;
      this.#consume(current);
      current = replaced;
    }
    return current;
  }

  /** Computes the gradients of a node's inputs and hands them on. */
  #passOn(node: Node, dOut: Tensor): void {
    const needed = node.edges.map((edge) => edge !== null && this.#useful.get(edge) === true);
    if (!needed.includes(true)) return;
    if (node.released) throw releasedError(node.name);
    const { createGraph } = this.#options;
    if (createGraph) {
      this.#deliverAll(node, inputGradients(node, dOut, needed, true));
      return;
    }
    // What the formulas make on their way is nobody else's: freed at once.
    const outer = enterScope();
    const survivors = new Set<Storage>();
    let gradients: readonly (Tensor | null)[];
    try {
      gradients = inputGradients(node, dOut, needed, false);
      for (const gradient of gradients) if (gradient !== null) survivors.add(gradient.storage);
    } finally {
      leaveScope(outer, survivors);
    }
    this.#deliverAll(node, gradients);
  }

  #deliverAll(node: Node, gradients: readonly (Tensor | null)[]): void {
    for (let i = 0; i < gradients.length; i++) {
      const gradient = gradients[i];
      const edge = node.edges[i];
      if (gradient !== null && gradient !== undefined && edge !== null && edge !== undefined) this.#deliver(edge, gradient);
    }
  }

  #deliver(target: Target, gradient: Tensor): void {
    gradient.storage.gradientUses++;
    const earlier = this.#pending.get(target);
    if (earlier === undefined) this.#pending.set(target, gradient);
    else if (!this.#options.createGraph && this.#isExclusive(earlier) && sameShape(earlier.shape, gradient.shape) && gradient.isContiguous()) {
      addInto(earlier, gradient);
      this.#consume(gradient);
    } else {
      const total = add(earlier, gradient);
      total.storage.gradientUses++;
      this.#consume(earlier);
      this.#consume(gradient);
      this.#pending.set(target, total);
    }
  }

  /** What has arrived at leaves (and at targets without a visit of their own). */
  #finish(target: Target, gradient: Tensor): void {
    if (this.#options.wanted !== null) {
      if (this.#options.wanted.has(target)) this.#captured.set(target, this.#own(gradient));
    } else if (target instanceof Tensor) this.#accumulate(target, gradient, true);
    this.#consume(gradient);
  }

  /** Adds to `.grad`. `last`: nobody reads the gradient after this, so its memory may be taken over. */
  #accumulate(leaf: Tensor, gradient: Tensor, last: boolean): void {
    const before = leaf.grad;
    if (this.#options.createGraph) {
      leaf.grad = keep(before === null ? gradient : add(before, gradient));
    } else if (before === null) {
      leaf.grad = keep(last && this.#isExclusive(gradient) ? gradient : cloneKernel(gradient));
      leaf.grad.storage.gradientUses++;
    } else if (before.isContiguous() && before.node === null && gradient.dtype === before.dtype) {
      const dense = gradient.isContiguous() ? gradient : cloneKernel(gradient);
      addInto(before, dense);
      before.storage.version++;
      if (dense !== gradient) dense.storage.free();
    } else leaf.grad = keep(add(before, gradient));
  }

  /** A gradient that is returned to the caller must not change afterwards. */
  #own(gradient: Tensor): Tensor {
    gradient.storage.gradientUses++;
    return gradient;
  }

  /** Whether the memory belongs to this pass and to this pending gradient alone. */
  #isExclusive(gradient: Tensor): boolean {
    const { storage } = gradient;
    return storage.gradientUses === 1 && storage.serial > this.#firstSerial && storage.length === gradient.numel() && gradient.isContiguous();
  }

  #consume(gradient: Tensor): void {
    const { storage } = gradient;
    storage.gradientUses--;
    if (storage.gradientUses === 0 && storage.serial > this.#firstSerial && !this.#options.createGraph && !storage.kept) storage.free();
  }
}

/** Gradients of those inputs of a node that are needed, in the inputs' shapes and dtypes. */
function inputGradients(node: Node, dOut: Tensor, needed: readonly boolean[], createGraph: boolean): readonly (Tensor | null)[] {
  const { op } = node;
  const raw =
    op.createGraphByComposite && (createGraph || op.gradients.every((gradient) => gradient === null))
      ? compositeGradients(node, dOut, needed)
      : ownGradients(node, dOut, needed);
  return raw.map((gradient, i) => (gradient === null ? null : to(sumTo(gradient, node.shapes[i] ?? []), node.dtypes[i] ?? "float32")));
}

function ownGradients(node: Node, dOut: Tensor, needed: readonly boolean[]): (Tensor | null)[] {
  const context = contextOf(node);
  return node.op.gradients.map((gradient, i) => (needed[i] === true && gradient !== null ? gradient(dOut, context) : null));
}

/** The saved tensors by name, and the call's circumstances, as `OpSpec.backward` declares them. */
function contextOf(node: Node): Record<string, unknown> {
  let shared: { value: unknown } | null = null;
  const context: Record<string, unknown> = {
    attrs: node.attrs,
    shapes: node.shapes,
    aux: node.aux ?? [],
    once: <T>(compute: () => T): T => {
      shared ??= { value: compute() };
      return shared.value as T;
    },
  };
  const { saves } = node.op;
  for (let i = 0; i < saves.length; i++) context[saves[i] as string] = node.saved(i);
  return context;
}

/** Differentiates an op's definition in simpler ops; the result stays connected to the op's inputs. */
function compositeGradients(node: Node, dOut: Tensor, needed: readonly boolean[]): (Tensor | null)[] {
  const { op } = node;
  const composite = op.composite;
  if (composite === null) throw new Error(`op ${op.name} has no composite to differentiate`);
  const before = isGradEnabled();
  setGradEnabled(true);
  try {
    const inputs = op.inputs.map((name) => {
      const position = op.saves.indexOf(name.replace("?", ""));
      return position < 0 ? null : node.saved(position);
    });
    const uses = inputs.map((x, i) => (x !== null && needed[i] === true ? alias(x.requiresGrad ? x : x.detach().requiresGrad_()) : x));
    const out = composite(uses, node.attrs);
    const targets = uses.map((x, i) => (needed[i] === true && x !== null ? (x.node as Node) : null));
    const wanted = new Set<Target>(targets.filter((target) => target !== null));
    const found = out.node === null ? new Map<Target, Tensor>() : runPass([[out.node as Node, to(dOut, out.dtype)]], { retainGraph: true, createGraph: before, wanted });
    return targets.map((target) => (target === null ? null : (found.get(target) ?? null)));
  } finally {
    setGradEnabled(before);
  }
}

/** Walks the graph from the roots, each with its gradient. Returns the gradients of the wanted targets. */
export function runPass(roots: readonly (readonly [Target, Tensor])[], options: PassOptions): ReadonlyMap<Target, Tensor> {
  const before = isGradEnabled();
  setGradEnabled(options.createGraph);
  try {
    return new Pass(options).run(roots);
  } finally {
    setGradEnabled(before);
  }
}

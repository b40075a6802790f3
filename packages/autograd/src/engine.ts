import { add, accumulate, alias, checkGradient, clone, enterScope, GradError, keep, lastStorageSerial, leaveScope, type Op, OpContext, sameShape, sumTo, type Tensor, to, type Storage } from "@tapegrad/tensor";
import { isGradEnabled, setGradEnabled } from "./grad-mode.ts";
import { hooksOfLeaf } from "./leaf-hooks.ts";
import { Node, releasedError, type Edge } from "./node.ts";

/** Where gradients end: a node (for a tensor in the middle of the graph) or a leaf. */
export type Target = Node | Tensor;

type GradientFunction = NonNullable<Op["gradients"][number]>;

/** How a backward pass runs. */
export interface PassOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Targets whose gradients are wanted; null: all leaves, into `.grad`. */
  readonly wanted: ReadonlySet<Target> | null;
}

let passes = 0;

const nothingCaptured: ReadonlyMap<Target, Tensor> = new Map();

/** One backward pass: walks the recorded nodes from the youngest to the oldest. */
class Pass {
  readonly #id = ++passes;
  readonly #retainGraph: boolean;
  readonly #createGraph: boolean;
  readonly #wanted: ReadonlySet<Target> | null;
  /** Gradients that have arrived at leaves. */
  readonly #leaves = new Map<Tensor, Tensor>();
  #captured: Map<Target, Tensor> | null = null;
  /** Of the inputs of the node that is being visited. */
  readonly #gradients: (Tensor | null)[] = [];
  /** Storages made before the pass belong to others. */
  readonly #firstSerial = lastStorageSerial();

  constructor(options: PassOptions) {
    this.#retainGraph = options.retainGraph;
    this.#createGraph = options.createGraph;
    this.#wanted = options.wanted;
  }

  run(roots: readonly (readonly [Target, Tensor])[]): ReadonlyMap<Target, Tensor> {
    const nodes = this.#reachable(roots);
    try {
      for (const [target, gradient] of roots) if (!(target instanceof Node) || target.pass === this.#id) this.#deliver(target, gradient);
      for (const node of nodes) this.#visit(node);
    } finally {
      // Empty by now, unless a gradient function or a hook threw.
      for (const node of nodes) node.pending = node.arrived = null;
    }
    for (const [leaf, gradient] of this.#leaves) this.#finish(leaf, gradient);
    return this.#captured ?? nothingCaptured;
  }

  /** The nodes below the roots, youngest first, with those marked that lead to something wanted. */
  #reachable(roots: readonly (readonly [Target, Tensor])[]): Node[] {
    const oldest = this.#oldestWanted();
    const nodes: Node[] = [];
    for (const [target] of roots) this.#reach(target, oldest, nodes);
    let sorted = true;
    for (let i = 0; i < nodes.length; i++) {
      const { edges, serial } = nodes[i] as Node;
      if (i > 0 && serial > (nodes[i - 1] as Node).serial) sorted = false;
      for (let k = 0; k < edges.length; k++) this.#reach(edges[k] as Edge, oldest, nodes);
    }
    if (!sorted) nodes.sort((a, b) => b.serial - a.serial);
    const wanted = this.#wanted;
    if (wanted !== null) {
      // From the oldest on, so that what is below is known.
      for (let i = nodes.length - 1; i >= 0; i--) {
        const node = nodes[i] as Node;
        node.useful = wanted.has(node) || node.edges.some((edge) => this.#isUseful(edge));
      }
    }
    return nodes;
  }

  #reach(target: Edge, oldest: number, nodes: Node[]): void {
    if (!(target instanceof Node) || target.pass === this.#id || target.serial < oldest) return;
    if (target.pending !== null || target.arrived !== null) throw reentered(target);
    target.pass = this.#id;
    target.useful = this.#wanted === null;
    nodes.push(target);
  }

  /** Edges lead to smaller numbers only: below the oldest wanted node there is nothing to find. */
  #oldestWanted(): number {
    let oldest = Infinity;
    for (const target of this.#wanted ?? []) oldest = Math.min(oldest, target instanceof Node ? target.serial : 0);
    return this.#wanted === null ? 0 : oldest;
  }

  #isUseful(edge: Target | null): boolean {
    if (edge === null) return false;
    if (edge instanceof Node) return edge.pass === this.#id && edge.useful;
    return this.#wanted === null || this.#wanted.has(edge);
  }

  #visit(node: Node): void {
    let gradient = node.pending;
    if (gradient === null) {
      if (node.arrived !== null) this.#visitMany(node, node.arrived);
      return;
    }
    node.pending = null;
    if (node.hooks !== null) gradient = this.#applyHooks(node.hooks, gradient);
    if (node.retained !== null) this.#accumulate(node.retained, gradient, false);
    if (this.#wanted?.has(node) === true) this.#capture(node, gradient);
    if (node.useful) {
      if (node.output < 0) this.#passOn(node, gradient);
      else this.#gather(node, gradient);
    }
    this.#consume(gradient);
    if (!this.#retainGraph) node.release();
  }

  /** Hands the gradient of one of several outputs to the node of the op. */
  #gather(node: Node, gradient: Tensor): void {
    const joint = node.edges[0] as Node;
    joint.arrived ??= node.op.outputs.map(() => null);
    // A Function does not say how many outputs it has.
    while (joint.arrived.length < node.output) joint.arrived.push(null);
    gradient.storage.gradientUses++;
    joint.arrived[node.output] = gradient;
  }

  #visitMany(node: Node, gradients: readonly (Tensor | null)[]): void {
    node.arrived = null;
    if (node.useful) this.#passOn(node, gradients);
    for (const gradient of gradients) if (gradient !== null) this.#consume(gradient);
    if (!this.#retainGraph) node.release();
  }

  #applyHooks(hooks: readonly ((gradient: Tensor) => Tensor | void)[], gradient: Tensor): Tensor {
    let current = gradient;
    for (const hook of hooks) {
      // The hook may keep what it sees: from here on the pass neither changes nor frees it.
      current.storage.gradientUses++;
      const replaced = hook(current);
      if (replaced === undefined) continue;
      checkGradient("registerHook", "result", replaced, gradient);
      replaced.storage.gradientUses++;
      this.#consume(current);
      current = replaced;
    }
    return current;
  }

  /** Computes the gradients of a node's inputs and hands them on. */
  #passOn(node: Node, dOut: Tensor | readonly (Tensor | null)[]): void {
    if (!this.#isAnyUseful(node.edges)) return;
    if (node.released) throw releasedError(node.name);
    if (this.#createGraph || node.op.unscoped) {
      node.auxIsShared = true;
      this.#differentiate(node, dOut);
      return;
    }
    // Gradients, and nothing else that was made for them: what the formulas make on their way is freed at once.
    const outer = enterScope();
    try {
      this.#differentiate(node, dOut);
    } finally {
      leaveScope(outer, pendingGradients);
    }
  }

  #isAnyUseful(edges: readonly Edge[]): boolean {
    for (let i = 0; i < edges.length; i++) if (this.#isUseful(edges[i] as Edge)) return true;
    return false;
  }

  #differentiate(node: Node, dOut: Tensor | readonly (Tensor | null)[]): void {
    const { op, edges } = node;
    if (op.createGraphByComposite && (this.#createGraph || !op.hasGradients)) {
      const gradients = compositeGradients(node, dOut, edges.map((edge) => this.#isUseful(edge)));
      for (let i = 0; i < edges.length; i++) this.#gradients[i] = inShapeOf(edges[i] as Edge, gradients[i] as Tensor | null);
    } else {
      const saved = new OpContext(node);
      let last = op.gradientInPlace && !this.#createGraph && this.#isExclusive(dOut as Tensor) ? edges.length - 1 : -1;
      while (last >= 0 && !this.#isWanted(op, edges, last)) last--;
      for (let i = 0; i < edges.length; i++) {
        if (i === last) (dOut as Tensor).donated = "yes";
        const edge = edges[i] as Edge;
        this.#gradients[i] = this.#isWanted(op, edges, i) ? inShapeOf(edge, (gradientOf(op, i) as GradientFunction)(dOut, saved, i - op.restAt)) : null;
      }
    }
    // Only now that all are there, since a sum goes into a gradient's memory.
    for (let i = 0; i < edges.length; i++) {
      const gradient = this.#gradients[i] as Tensor | null;
      this.#gradients[i] = null;
      if (gradient !== null) this.#deliver(edges[i] as Target, gradient);
    }
  }

  #isWanted(op: Op, edges: readonly Edge[], i: number): boolean {
    return gradientOf(op, i) !== null && this.#isUseful(edges[i] as Edge);
  }

  #deliver(target: Target, gradient: Tensor): void {
    gradient.storage.gradientUses++;
    const isNode = target instanceof Node;
    const earlier = isNode ? target.pending : (this.#leaves.get(target) ?? null);
    const total = earlier === null ? gradient : this.#total(earlier, gradient);
    if (total === earlier) return;
    if (isNode) target.pending = total;
    else this.#leaves.set(target, total);
  }

  /** The sum of two gradients of one tensor, in the first one's memory where nobody else reads that. */
  #total(earlier: Tensor, gradient: Tensor): Tensor {
    if (!this.#createGraph && this.#isExclusive(earlier) && gradient.isContiguous() && sameShape(earlier.shape, gradient.shape)) {
      accumulate(earlier, gradient);
      this.#consume(gradient);
      return earlier;
    }
    const total = add(earlier, gradient);
    total.storage.gradientUses++;
    this.#consume(earlier);
    this.#consume(gradient);
    return total;
  }

  #finish(leaf: Tensor, arrived: Tensor): void {
    const hooks = hooksOfLeaf(leaf);
    const gradient = hooks === null ? arrived : this.#applyHooks(hooks, arrived);
    if (this.#wanted === null) this.#accumulate(leaf, gradient, true);
    else if (this.#wanted.has(leaf)) this.#capture(leaf, gradient);
    this.#consume(gradient);
  }

  /** A gradient that the caller gets is never freed or changed by the pass. */
  #capture(target: Target, gradient: Tensor): void {
    gradient.storage.gradientUses++;
    this.#captured ??= new Map();
    this.#captured.set(target, gradient);
  }

  /** Adds to `.grad`. `last`: nobody reads the gradient after this, so its memory may be taken over. */
  #accumulate(leaf: Tensor, gradient: Tensor, last: boolean): void {
    const before = leaf.peekGrad();
    if (this.#createGraph) {
      leaf.grad = keep(before === null ? clone(gradient) : add(before, gradient));
    } else if (before === null) {
      const own = keep(last && this.#isExclusive(gradient) ? gradient : clone(gradient));
      own.unrecordedView = "no";
      leaf.ownGrad(own);
    } else if (before.isContiguous() && before.node === null && gradient.dtype === before.dtype && sameShape(before.shape, gradient.shape)) {
      const dense = gradient.isContiguous() ? gradient : clone(gradient);
      accumulate(before, dense);
      if (dense !== gradient) dense.storage.free();
    } else leaf.grad = keep(add(before, gradient));
  }

  /** Whether the memory belongs to this pass and to this pending gradient alone. */
  #isExclusive(gradient: Tensor): boolean {
    const { storage } = gradient;
    return storage.gradientUses === 1 && storage.serial > this.#firstSerial && storage.length === gradient.numel() && gradient.isContiguous();
  }

  /** One use less; memory that the pass made and nobody needs is freed. */
  #consume(gradient: Tensor): void {
    const { storage } = gradient;
    storage.gradientUses--;
    if (storage.gradientUses === 0 && storage.serial > this.#firstSerial && !this.#createGraph && !storage.kept) storage.free();
  }
}

function reentered(node: Node): GradError {
  return new GradError({
    op: "backward",
    fact: `a backward pass inside a backward pass reached the same graph, at ${node.name}`,
    hint: "hooks may compute with gradients, but not call backward on the graph that is being walked",
    code: "backward/reentered",
    data: { op: node.name },
  });
}

/** The gradient function of the input at a position; any number of them share the last one. */
function gradientOf(op: Op, position: number): GradientFunction | null {
  return op.gradients[position < op.gradients.length ? position : op.gradients.length - 1] ?? null;
}

const pendingGradients = { has: (storage: Storage): boolean => storage.gradientUses > 0 };

/** A gradient in the shape and dtype of what it is the gradient of. */
function inShapeOf(edge: Edge, gradient: Tensor | null): Tensor | null {
  return edge === null || gradient === null ? null : to(sumTo(gradient, edge.shape), edge.dtype);
}

/** Differentiates an op's definition in simpler ops; the result stays connected to the op's inputs. */
function compositeGradients(node: Node, dOut: Tensor | readonly (Tensor | null)[], wantedByPass: readonly boolean[]): (Tensor | null)[] {
  const { op } = node;
  // What the op itself takes as a constant is one in its composite, too.
  const needed = wantedByPass.map((isNeeded, i) => isNeeded && (!op.hasGradients || gradientOf(op, i) !== null));
  if (op.composite === null) throw new Error(`op ${op.name} has no composite to differentiate`);
  const createGraph = isGradEnabled();
  setGradEnabled(true);
  try {
    // Each use of an input is a tensor of its own, so that its gradient can be told from that of other uses.
    // What the op does not save, such as running statistics that it changes, its composite does without: null.
    const inputs = op.inputs.flatMap((name) => node.savedNamed(name.replace(/\?|\.\.\./, "")));
    const uses = inputs.map((x, i) => {
      if (x === null || needed[i] !== true) return x;
      return alias(x.requiresGrad ? x : x.detach().requiresGrad_());
    });
    const made = op.composite(uses, node.attrs);
    const [outs, arrived] = [op.isMany ? (made as readonly Tensor[]) : [made as Tensor], op.isMany ? (dOut as readonly (Tensor | null)[]) : [dOut as Tensor]];
    const roots = outs.flatMap((out, i): (readonly [Node, Tensor])[] => {
      const gradient = arrived[i] ?? null;
      return gradient === null || out.node === null ? [] : [[out.node as Node, to(gradient, out.dtype)]];
    });
    const targets = uses.map((x, i) => (x !== null && needed[i] === true ? (x.node as Node) : null));
    const wanted = new Set<Target>(targets.filter((target) => target !== null));
    if (roots.length === 0) return targets.map(() => null);
    const found = runPass(roots, { retainGraph: true, createGraph, wanted });
    return targets.map((target) => (target === null ? null : (found.get(target) ?? null)));
  } finally {
    setGradEnabled(createGraph);
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

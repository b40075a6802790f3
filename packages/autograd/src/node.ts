import { formatShape, freeIfForgotten, GradError, isFloating, type DType, type GradNode, type Op, type OpCall, type RecordedCall, type Shape, type Tensor } from "@tapegrad/tensor";

/** Where an input's gradient goes: the op that made it, the leaf it is, or nowhere. */
export type Edge = Node | Tensor | null;

/** Replaces or watches a gradient. */
export type GradientHook = (gradient: Tensor) => Tensor | void;

let created = 0;

const noShape: Shape = [];
const nothingSaved: (Tensor | null)[] = [];
const noVersions: number[] = [];

/**
 * One recorded op: what its gradient functions need, and where the gradients go. An op with several outputs has a node for each of them
 * besides its own, which is what their gradients gather in (`arrived`): so hooks, retained gradients and views know of single outputs only.
 */
export class Node implements GradNode, OpCall, RecordedCall {
  readonly op: Op;
  readonly attrs: unknown;
  readonly edges: readonly Edge[];
  /** Which one of several outputs this is the node of; its only edge leads to the op's own. -1 for the node of an op. */
  readonly output: number;
  /** Of the output, and so of the gradient that arrives here. */
  shape: Shape = noShape;
  dtype: DType = "float32";
  /** Nodes are numbered as they are made, so every edge leads to a smaller number: sorting them is topological order. */
  readonly serial = ++created;
  aux: Tensor[] | null = null;
  /** A recorded gradient may have saved the tensors in `aux`: they are left to the garbage collector. */
  auxIsShared = false;
  hooks: GradientHook[] | null = null;
  /** The output, where it keeps its gradient (`retainGrad`). */
  retained: Tensor | null = null;
  /** The backward pass that reached this node last. */
  pass = 0;
  /** Whether that pass wants something from below this node. */
  useful = false;
  /** The gradient that has arrived so far in that pass. */
  pending: Tensor | null = null;
  /** The same for each of several outputs. */
  arrived: (Tensor | null)[] | null = null;
  #saved: (Tensor | null)[] | null;
  #versions: number[];

  constructor(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, joint: Node | null = null, output = -1) {
    this.op = op;
    this.attrs = attrs;
    this.edges = joint === null ? mapFew(inputs, edgeOfInput) : [joint];
    this.output = output;
    if (op.savedPositions.length === 0 || joint !== null) {
      this.#saved = nothingSaved;
      this.#versions = noVersions;
    } else {
      this.#saved = savedInputs(op, inputs);
      this.#versions = mapFew(this.#saved, countSave);
    }
  }

  get shapes(): readonly (Shape | undefined)[] {
    return this.edges.map((edge) => edge?.shape);
  }

  get name(): string {
    return this.op.name;
  }

  get released(): boolean {
    return this.#saved === null;
  }

  /** Completes the node once the op has run. */
  setOutput(out: Tensor): void {
    this.shape = out.shape;
    this.dtype = out.dtype;
    const position = this.op.savedPositions.indexOf(-1);
    if (position < 0 || this.#saved === null) return;
    this.#saved[position] = out;
    out.storage.saves++;
    this.#versions[position] = out.storage.version;
  }

  /** Completes the node of an op with several outputs, and gives the differentiable ones a node each. */
  setOutputs(outs: readonly Tensor[]): void {
    this.op.savedPositions.forEach((position, i) => {
      const out = outs[-1 - position];
      if (position >= 0 || this.#saved === null || out === undefined) return;
      this.#saved[i] = out;
      out.storage.saves++;
      this.#versions[i] = out.storage.version;
    });
    outs.forEach((out, i) => {
      if (!isFloating(out.dtype)) return;
      const node = new Node(this.op, [], null, this, i);
      node.shape = out.shape;
      node.dtype = out.dtype;
      out.node = node;
    });
  }

  /** A saved tensor, or a list of any number of them. Throws GradError `backward/released`, `backward/changed`. */
  savedNamed(name: string): Tensor | null | readonly Tensor[] {
    if (this.#saved === null) throw releasedError(this.name);
    const i = this.op.saves.indexOf(name);
    if (this.op.restAt >= 0 && this.op.savedPositions[i] === this.op.restAt) return this.#saved.slice(i).map((_, k) => this.#savedAt(i + k) as Tensor);
    return this.#savedAt(i);
  }

  #savedAt(i: number): Tensor | null {
    const x = this.#saved?.[i] ?? null;
    if (x !== null && x.storage.version !== this.#versions[i]) throw changedError(this, i, x);
    return x;
  }

  /** Saves what only the call itself knew to save, once it has run: a `Function`'s tensors. */
  save(tensors: readonly (Tensor | null)[]): void {
    this.#saved = [...tensors];
    this.#versions = this.#saved.map(countSave);
  }

  /** Puts outputs, with their place on the tape, where `save` was given what became them. */
  replaceSaved(former: Tensor, output: Tensor): void {
    const saved = this.#saved ?? [];
    for (let i = 0; i < saved.length; i++) if (saved[i] === former) saved[i] = output;
  }

  /** What `save` was given. Throws GradError `backward/released`, `backward/changed`. */
  savedList(): readonly (Tensor | null)[] {
    if (this.#saved === null) throw releasedError(this.name);
    return this.#saved.map((_, i) => this.#savedAt(i));
  }

  savedVersion(i: number): number {
    return this.#versions[i] ?? 0;
  }

  /** Drops what was saved, and frees what only this node knows. One that needs nothing can be used again (as PyTorch). */
  release(): void {
    const saved = this.#saved;
    if (saved === nothingSaved && this.aux === null) return;
    if (saved !== null) for (let i = 0; i < saved.length; i++) forget(saved[i] as Tensor | null);
    this.#saved = null;
    if (this.aux !== null && !this.auxIsShared) for (const tensor of this.aux) tensor.storage.free();
    this.aux = null;
  }
}

/** `list.map(f)`. Most ops have one or two inputs: these arrays are made without a call of V8's, and of just the right size. */
function mapFew<T, U>(list: readonly T[], f: (item: T) => U): U[] {
  switch (list.length) {
    case 1:
      return [f(list[0] as T)];
    case 2:
      return [f(list[0] as T), f(list[1] as T)];
    default:
      return list.map(f);
  }
}

/** What a node saves of the inputs, with null for outputs, which are not there yet. */
function savedInputs(op: Op, inputs: readonly (Tensor | null)[]): (Tensor | null)[] {
  const saved = mapFew(op.savedPositions, (position) => (position < 0 ? null : (inputs[position] as Tensor | null)));
  if (op.restAt < 0 || op.savedPositions.at(-1) !== op.restAt) return saved;
  return [...saved.slice(0, -1), ...inputs.slice(op.restAt)];
}

const edgeOfInput = (x: Tensor | null): Edge => (x === null ? null : edgeOf(x));

/** Counts an input that is saved, and gives its version. */
function countSave(x: Tensor | null): number {
  if (x === null) return 0;
  x.storage.saves++;
  return x.storage.version;
}

function forget(x: Tensor | null): void {
  if (x === null) return;
  x.storage.saves--;
  freeIfForgotten(x.storage);
}

/** The edge that leads to a tensor. */
export function edgeOf(x: Tensor): Edge {
  if (x.node !== null) return x.node as Node;
  return x.leafRequiresGrad ? x : null;
}

/** The graph was used before, and not kept. */
export function releasedError(name: string): GradError {
  return new GradError({
    op: "backward",
    fact: `the graph was already used up at ${name}: its saved tensors were released by an earlier backward`,
    hint: "pass { retainGraph: true } to the earlier backward",
    code: "backward/released",
    data: { op: name },
  });
}

function changedError(node: Node, i: number, x: Tensor): GradError {
  const name = node.op.saves[i] ?? node.op.saves.at(-1) ?? `savedTensors[${i}]`;
  return new GradError({
    op: "backward",
    fact: `${name} ${formatShape(x.shape)}, saved by ${node.name} at version ${node.savedVersion(i)}, was changed in place: it is at version ${x.storage.version}`,
    hint: `change a copy (${node.op.saves.length > 0 ? name : "x"}.clone()), or use the op that is not in place`,
    code: "backward/changed",
    data: { op: node.name, tensor: name, savedVersion: node.savedVersion(i), version: x.storage.version },
  });
}

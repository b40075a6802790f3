import { ArgumentError, checkArgument, checkOptions, DTypeError, isFloating, keep, markCopy, optionRules, SerializationError, to, type DType, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { CallState, callForward } from "./module-call.ts";
import { copyFields, refused, refusePrivateFields, type Copies } from "./module-clone.ts";
import { noTraits, traitsOf, type KnownTraits, type LayerTraits } from "./layer-traits.ts";
import { moduleMark, type Member, type Walkable } from "./module-fields.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { loadInto, type LoadResult, type StateDict } from "./state-dict.ts";

/** Sees a module's inputs and output; an output that it returns replaces the module's. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;

/** How `forward` stands on modules with hooks. */
let hookedForward: PropertyDescriptor & ThisType<Module>;

/** Modules whose mode is being set. */
const switching = new Set<Module>();

type Forward = (...inputs: never[]) => unknown;

/** A module, whatever it takes and gives: what `Module` is, where it runs. */
abstract class Module {
  /** Whether the module is in training mode, which changes dropout and batch norm. Set by `train` and `eval`. */
  training = true;
  /**
   * Names in the state for fields whose name in PyTorch is not their own in snake_case.
   *
   * @example
   * class Attention extends nn.Module {
   *   static override readonly stateNames = { inProj: "inProj" };
   *   inProj = new nn.Linear(2, 2);
   *   override forward(x: Tensor) { return this.inProj.forward(x); }
   * }
   * Object.keys(new Attention().stateDict()); // ["inProj.weight", "inProj.bias"]
   */
  static readonly stateNames: Readonly<Record<string, string>> = {};
  /** What a `Sequential` may count on where `forward` is this class's: see `LayerTraits`. */
  static readonly traits: LayerTraits = {};
  readonly #state = new CallState<Module>(this);
  /** What is called as `forward`: the subclass's, with all that goes on around it. */
  #forward: Forward = () => noForward(this);

  /** Whether `forward` was a field, or was assigned. */
  #hasOwnForward = false;

  constructor() {
    this.#wrap(this.forward);
    this.#state.traits = traitsOf(this);
  }

  /** What the module computes. Called as it is: `model.forward(x)`. */
  abstract forward(...inputs: never[]): unknown;

  /** Calls `hook` after every `forward`, after the hooks registered before. Returns a function that removes it. */
  registerForwardHook(hook: ForwardHook): () => void {
    this.#adoptForward();
    const registration = {};
    this.#state.hooks.set(registration, hook);
    this.#placeForward();
    return () => {
      this.#state.hooks.delete(registration);
    };
  }

  /** What may be counted on now: nothing if hooks see what passes, or if another `forward` runs than the class's. @internal */
  get knownTraits(): KnownTraits {
    const state = this.#state;
    return state.hooks.size > 0 || this.forward !== this.#forward ? noTraits : state.traits;
  }

  /** Text between the parentheses when the module is printed. */
  extraRepr(): string {
    return "";
  }

  /** Parameters of this module and all below it, by the path of fields that leads to them. A shared one comes once. */
  namedParameters(): [name: string, parameter: Parameter][] {
    return unique(this.#collect((value): value is Parameter => value instanceof Parameter));
  }

  /** Parameters of this module and all below it. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Buffers of this module and all below it, by the path of fields that leads to them. A shared one comes once. */
  namedBuffers(): [name: string, buffer: Buffer][] {
    return unique(this.#collect((value): value is Buffer => value instanceof Buffer));
  }

  /** Buffers of this module and all below it. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** Modules directly below, by field name. One in several fields comes once. */
  namedChildren(): [name: string, module: Module][] {
    const names = new Map<Module, string>();
    for (const { name, value } of this.#members()) if (value instanceof Module && !names.has(value)) names.set(value, name);
    return [...names].map(([module, name]) => [name, module]);
  }

  /** Modules directly below. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module (under the name "") and all below it, by their paths. One in several places comes once. */
  namedModules(): [name: string, module: Module][] {
    const paths = new Map<Module, string>();
    const visit = (module: Module, path: string): void => {
      if (paths.has(module)) return;
      paths.set(module, path);
      for (const [name, child] of module.namedChildren()) visit(child, path === "" ? name : `${path}.${name}`);
    };
    visit(this, "");
    return [...paths].map(([module, path]) => [path, module]);
  }

  /** This module and all below it. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * Calls a function with every module below and then with this one, to initialise weights for instance.
   *
   * @example
   * new nn.Sequential(new nn.Linear(2, 1)).apply((module) => {
   *   if (module instanceof nn.Linear) noGrad(() => module.weight.fill_(0));
   * });
   */
  apply(visit: (module: Module) => void): this {
    this.#apply(visit, new Set());
    return this;
  }

  /** Sets training mode here and below. Throws IndexError `train/option`. */
  train(mode = true): this {
    checkArgument("train", "mode", mode, optionRules.boolean);
    // A module below may have this one in a field.
    if (switching.has(this)) return this;
    switching.add(this);
    try {
      this.training = mode;
      for (const child of this.children()) child.train(mode);
    } finally {
      switching.delete(this);
    }
    return this;
  }

  /** Sets evaluation mode here and below. */
  eval(): this {
    return this.train(false);
  }

  /** Turns gradients of all parameters on or off. */
  requiresGrad_(wanted = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = wanted;
    return this;
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.dropGrad();
  }

  /**
   * Converts all floating parameters and buffers, and their gradients, in place, as in PyTorch: they stay the tensors that an
   * optimizer has, which converts its state with the next step.
   *
   * Throws    DTypeError `Module/to`
   */
  to(dtype: DType): this {
    if (!isFloating(dtype)) {
      throw new DTypeError({
        op: "Module.to",
        fact: `parameters cannot be ${dtype}: they must be floating, to have gradients`,
        hint: "use float32, float64, float16 or bfloat16",
        code: "Module/to",
        data: { dtype },
      });
    }
    for (const [, x] of this.#collect(anything)) if (isFloating(x.dtype) && x.dtype !== dtype) convert(x, dtype);
    return this;
  }

  /**
   * Parameters and buffers under PyTorch's names: the path of fields in snake_case, or as `stateNames` says. The tensors are the
   * module's own, off the tape: training goes on changing them, so `clone` what must stay.
   *
   * Throws    SerializationError `stateDict/collision`
   */
  stateDict(): StateDict {
    return Object.fromEntries([...this.#namedState()].map(([name, x]) => [name, x.detach()]));
  }

  /**
   * Copies values into the parameters and buffers, cast to their dtypes. Nothing is changed unless everything fits. With
   * `strict: false`, names that only one side has are passed over; shapes must fit all the same. As in PyTorch, batch norm's
   * `num_batches_tracked` may be missing, and [1] fits [].
   *
   * Throws    SerializationError `loadStateDict/missing`, `loadStateDict/unexpected`, `loadStateDict/shape`, `stateDict/collision`;
   *           ArgumentError `loadStateDict/state`, `tapegrad/not-a-tensor`, `tapegrad/two-copies`
   */
  loadStateDict(state: Readonly<StateDict>, options: { readonly strict?: boolean } = {}): LoadResult {
    checkOptions("loadStateDict", options, { strict: optionRules.boolean });
    return loadInto(this.constructor.name, this.#namedState(), state, options.strict ?? true);
  }

  /**
   * A deep copy, as Python's `copy.deepcopy` of a module: fields and what they hold are copied, however deep, without the constructor. What is shared
   * inside stays shared, hooks come along, gradients of parameters do not. Functions are not copied: one that uses `this` uses the original.
   *
   * Throws    ArgumentError `Module/clone`: for `#private` fields, a `forward` that is a field, results of recorded ops, and objects
   *           of the engine's like promises
   * @example
   * const model = new nn.Linear(2, 1);
   * const copy = model.clone();
   * noGrad(() => model.weight.fill_(0));
   * equal(copy.weight, model.weight); // false
   */
  clone(): this {
    return this.#clone(new Map());
  }

  /** The module and what is in it, as PyTorch prints it. */
  toString(): string {
    return this.#print(new Set());
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** @internal */
  get [moduleMark](): true {
    return true;
  }

  /** Notes what the fields hold so far: layers whose constructors do this notice what is assigned over it from then on. @internal */
  protected noteFields(): void {
    this.#state.fields.list();
  }

  #clone(copies: Copies): this {
    const owner = this.constructor.name;
    refusePrivateFields(this, Module, { owner }, null);
    this.#adoptForward();
    if (this.#hasOwnForward) throw refused(owner, "forward is a field, a function of this one's");
    // The constructor of this class alone: what those of subclasses make is copied.
    const copy = Reflect.construct(Module, [], this.constructor) as this;
    copies.set(this, copy);
    const cloneModule = (marked: Walkable): object => {
      const module = marked as Module;
      if (module.clone === Module.prototype.clone) return module.#clone(copies);
      const own = module.clone();
      copies.set(module, own);
      return own;
    };
    copyFields(this, copy, { copies, owner, cloneModule });
    for (const hook of this.#state.hooks.values()) copy.registerForwardHook(hook);
    copy.noteFields();
    return copy;
  }

  #wrap(forward: unknown): void {
    const run = typeof forward === "function" ? (forward as Forward) : () => noForward(this);
    const state = this.#state;
    this.#forward = (...inputs) => callForward<unknown, Module>(this, state, run, inputs);
    this.#placeForward();
  }

  /**
   * Puts `forward` where it is called: an own property, so that hooks and error paths reach every call without a second calling
   * convention. Where there are hooks, one that is assigned later must have them too; the accessor that sees to this costs a
   * call as much as all the rest, so modules without hooks go without it.
   */
  #placeForward(): void {
    const property = this.#state.hooks.size > 0 ? hookedForward : { configurable: true, enumerable: false, writable: true, value: this.#forward };
    Object.defineProperty(this, "forward", property);
  }

  /** Wraps a `forward` that is a field of the subclass, or was assigned: it took the place of what the constructor had put there. */
  #adoptForward(): void {
    const { forward } = this;
    if (forward !== this.#forward) this.#assign(forward);
  }

  #assign(forward: unknown): void {
    this.#hasOwnForward = true;
    this.#state.traits = noTraits;
    this.#wrap(forward);
  }

  static {
    hookedForward = {
      configurable: true,
      enumerable: false,
      get(this: Module) {
        return this.#forward;
      },
      set(this: Module, forward: Forward) {
        this.#assign(forward);
      },
    };
  }

  #members(): Member<Module>[] {
    this.#adoptForward();
    return this.#state.fields.list();
  }

  #apply(visit: (module: Module) => void, around: Set<Module>): void {
    around.add(this);
    for (const child of this.children()) if (!around.has(child)) child.#apply(visit, around);
    around.delete(this);
    visit(this);
  }

  #collect<X extends Parameter | Buffer>(pick: (value: Parameter | Buffer) => value is X): [name: string, x: X][] {
    const found: [name: string, x: X][] = [];
    this.#walk(({ name }) => name, (name, value) => {
      if (pick(value)) found.push([name, value]);
    });
    return found;
  }

  /** Visits what is here and below under names put together of those that `nameOf` gives the members of each module. */
  #walk(nameOf: (member: Member<Module>, module: Module) => string, visit: (name: string, value: Parameter | Buffer, path: string) => void): void {
    // A module may be listed under several names, but not inside itself.
    const around = new Set<Module>();
    const enter = (module: Module, prefix: string, path: string): void => {
      around.add(module);
      for (const member of module.#members()) {
        const { value } = member;
        const [name, place] = [prefix + nameOf(member, module), path + member.name];
        if (!(value instanceof Module)) visit(name, value, place);
        else if (!around.has(value)) enter(value, `${name}.`, `${place}.`);
      }
      around.delete(module);
    };
    enter(this, "", "");
  }

  /** What `stateDict` lists. A shared tensor comes under each of its names, as in PyTorch. */
  #namedState(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    const paths = new Map<string, string>();
    this.#walk((member, module) => module.#state.fields.stateName(member), (name, x, path) => {
      const other = paths.get(name);
      if (other !== undefined) throw collision(this.constructor.name, name, other, path);
      paths.set(name, path);
      state.set(name, x);
    });
    return state;
  }

  #print(around: Set<Module>): string {
    around.add(this);
    const extra = this.extraRepr();
    const children = this.#members().flatMap(({ name, value }) => {
      if (!(value instanceof Module) || around.has(value)) return [];
      return [`(${name}): ${value.toString === Module.prototype.toString ? value.#print(around) : value.toString()}`];
    });
    around.delete(this);
    if (children.length === 0) return `${this.constructor.name}(${extra})`;
    const lines = [...(extra === "" ? [] : [extra]), ...children].map((line) => `  ${line.replaceAll("\n", "\n  ")}\n`);
    return `${this.constructor.name}(\n${lines.join("")})`;
  }
}

markCopy(Module, import.meta.url);

// Under this name, so that the compiler's messages say Module, and the class is the one that users extend.
export { Module as AnyModule };

function noForward(module: object): never {
  throw new ArgumentError({ op: module.constructor.name, fact: "the class has no forward", hint: "give it a method forward(x)", code: "Module/forward" });
}

function collision(module: string, stateName: string, first: string, second: string): SerializationError {
  return new SerializationError({
    op: "stateDict",
    fact: `${first} and ${second} of ${module} would both be "${stateName}" in the state`,
    hint: "rename one of the fields, or name it for the state: static stateNames = { field: \"name\" }",
    code: "stateDict/collision",
    data: { stateName, fields: [first, second] },
  });
}

function unique<X extends Tensor>(entries: readonly [name: string, x: X][]): [name: string, x: X][] {
  const names = new Map<X, string>();
  for (const [name, x] of entries) if (!names.has(x)) names.set(x, name);
  return [...names].map(([x, name]) => [name, x]);
}

const anything = (value: Parameter | Buffer): value is Parameter | Buffer => value instanceof Parameter || value instanceof Buffer;

function convert(x: Tensor, dtype: DType): void {
  noGrad(() => {
    const gradient = x.peekGrad();
    const converted = gradient === null ? null : keep(to(gradient, dtype));
    x.dropGrad();
    x.adopt(keep(to(x, dtype)));
    if (converted !== null) x.ownGrad(converted);
  });
}

import { DTypeError, keep, TapegradError, to, type DType, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { Buffer, Parameter } from "./parameter.ts";
import { loadInto, stateName, type LoadResult, type StateDict } from "./state-dict.ts";

/** A module, whatever it takes and gives. */
export type AnyModule = Module<never[], unknown>;

/** Sees a module's inputs and output; an output that it returns replaces the module's. */
export type ForwardHook = (module: AnyModule, inputs: readonly unknown[], output: unknown) => unknown;

/** A field that holds modules or tensors, directly or in (nested) arrays. */
interface Member {
  /** Path from the module: `conv1`, `layers.0`. */
  readonly name: string;
  readonly value: AnyModule | Parameter | Buffer;
  /** Puts another value in its place. */
  readonly replace: (value: Parameter | Buffer) => void;
}

/**
 * Base class of all layers and models: a plain class with fields. Parameters (`Parameter`), state that is not trained
 * (`Buffer`) and submodules are found by walking the fields in the order of their declaration; arrays of them count too, so
 * there is no ModuleList. Private `#fields`, plain objects, maps and sets are not looked into.
 *
 * @example
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(4, 8);
 *   fc2 = new nn.Linear(8, 2);
 *   override forward(x: Tensor) { return this.fc2.forward(relu(this.fc1.forward(x))); }
 * }
 * new Net().forward(zeros([3, 4])).shape; // [3, 2]
 */
export abstract class Module<In extends unknown[] = [x: Tensor], Out = Tensor> {
  /** Whether the module is in training mode, which changes dropout and batch norm. Set by `train` and `eval`. */
  training = true;
  /** By the registration, so that one function can be registered twice; a Map, so that a hook can remove itself. */
  readonly #hooks = new Map<object, ForwardHook>();

  constructor() {
    const forward = this.forward;
    // An own property, so that hooks and error paths reach every call without a second calling convention.
    Object.defineProperty(this, "forward", {
      configurable: true,
      writable: true,
      value: (...inputs: In): Out => call(this, this.#hooks, () => forward.apply(this, inputs), inputs),
    });
  }

  /** What the module computes. Called as it is: `model.forward(x)`. */
  abstract forward(...inputs: In): Out;

  /** Calls `hook` after every `forward`, after the hooks registered before. Returns a function that removes it. */
  registerForwardHook(hook: ForwardHook): () => void {
    const registration = {};
    this.#hooks.set(registration, hook);
    return () => {
      this.#hooks.delete(registration);
    };
  }

  /** Whether anybody sees what this module gives. @internal */
  get hasForwardHooks(): boolean {
    return this.#hooks.size > 0;
  }

  /** Text between the parentheses when the module is printed. */
  extraRepr(): string {
    return "";
  }

  /** Parameters of this module and all below it, by the path of fields that leads to them. A shared one comes once. */
  namedParameters(): [name: string, parameter: Parameter][] {
    return unique(collect(this, "", (value) => value instanceof Parameter));
  }

  /** Parameters of this module and all below it. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Buffers of this module and all below it, by the path of fields that leads to them. A shared one comes once. */
  namedBuffers(): [name: string, buffer: Buffer][] {
    return unique(collect(this, "", (value) => value instanceof Buffer));
  }

  /** Buffers of this module and all below it. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** Modules directly below, by field name. One in several fields comes once. */
  namedChildren(): [name: string, module: AnyModule][] {
    const names = new Map<AnyModule, string>();
    for (const { name, value } of members(this)) if (value instanceof Module && !names.has(value)) names.set(value, name);
    return [...names].map(([module, name]) => [name, module]);
  }

  /** Modules directly below. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module (under the name "") and all below it, by their paths. One in several places comes once. */
  namedModules(): [name: string, module: AnyModule][] {
    const paths = new Map<AnyModule, string>();
    const visit = (module: AnyModule, path: string): void => {
      if (paths.has(module)) return;
      paths.set(module, path);
      for (const [name, child] of module.namedChildren()) visit(child, path === "" ? name : `${path}.${name}`);
    };
    visit(this, "");
    return [...paths].map(([module, path]) => [path, module]);
  }

  /** This module and all below it. */
  modules(): AnyModule[] {
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
  apply(visit: (module: AnyModule) => void): this {
    for (const child of this.children()) child.apply(visit);
    visit(this);
    return this;
  }

  /** Sets training mode here and below. */
  train(mode = true): this {
    this.training = mode;
    for (const child of this.children()) child.train(mode);
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
   * Converts all floating parameters and buffers. Make optimizers afterwards: the tensors are new ones.
   *
   * Throws    DTypeError `Module/to`
   */
  to(dtype: DType): this {
    if (!isFloating(dtype)) {
      throw new DTypeError({
        op: "Module.to",
        fact: `parameters cannot be ${dtype}: they must be floating, to have gradients`,
        hint: "use float32, float64 or float16",
        code: "Module/to",
        data: { dtype },
      });
    }
    // A tensor that several fields share stays shared.
    const converted = new Map<Tensor, Parameter | Buffer>();
    for (const module of this.modules()) {
      for (const { value, replace } of members(module)) {
        if (value instanceof Module || !isFloating(value.dtype) || value.dtype === dtype) continue;
        const other = converted.get(value) ?? convert(value, dtype);
        converted.set(value, other);
        replace(other);
      }
    }
    return this;
  }

  /**
   * Parameters and buffers under PyTorch's names: the path of fields in snake_case. The tensors are the module's own, off the
   * tape: training goes on changing them, so `clone` what must stay.
   */
  stateDict(): StateDict {
    return Object.fromEntries([...namedState(this)].map(([name, x]) => [name, x.detach()]));
  }

  /**
   * Copies values into the parameters and buffers, cast to their dtypes. Nothing is changed unless everything fits. With
   * `strict: false`, names that only one side has are passed over; shapes must fit all the same.
   *
   * Throws    SerializationError `loadStateDict/missing`, `loadStateDict/unexpected`, `loadStateDict/shape`
   */
  loadStateDict(state: Readonly<StateDict>, { strict = true }: { readonly strict?: boolean } = {}): LoadResult {
    return loadInto(this.constructor.name, namedState(this), state, strict);
  }

  /** The module and what is in it, as PyTorch prints it. */
  toString(): string {
    const extra = this.extraRepr();
    const children = members(this).flatMap(({ name, value }) => (value instanceof Module ? [`(${name}): ${value.toString()}`] : []));
    if (children.length === 0) return `${this.constructor.name}(${extra})`;
    const lines = [...(extra === "" ? [] : [extra]), ...children].map((line) => `  ${line.replaceAll("\n", "\n  ")}\n`);
    return `${this.constructor.name}(\n${lines.join("")})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function call<Out>(module: AnyModule, hooks: ReadonlyMap<object, ForwardHook>, forward: () => Out, inputs: readonly unknown[]): Out {
  try {
    let output = forward();
    for (const hook of hooks.values()) {
      const replaced = hook(module, inputs, output);
      if (replaced !== undefined) output = replaced as Out;
    }
    return output;
  } catch (error) {
    if (error instanceof TapegradError) tellWhere(error, module);
    throw error;
  }
}

/** The fields that count, in declaration order. */
function members(module: object): Member[] {
  const found: Member[] = [];
  const visit = (holder: Record<string, unknown>, prefix: string): void => {
    for (const [key, value] of Object.entries(holder)) {
      const name = prefix + key;
      if (value instanceof Module || value instanceof Parameter || value instanceof Buffer) {
        found.push({
          name,
          value: value as Member["value"],
          replace: (replacement) => {
            holder[key] = replacement;
          },
        });
      } else if (Array.isArray(value)) visit(value as object as Record<string, unknown>, `${name}.`);
    }
  };
  visit(module as Record<string, unknown>, "");
  return found;
}

function collect(module: object, prefix: string, pick: (value: Member["value"]) => boolean): [string, Tensor][] {
  return members(module).flatMap(({ name, value }): [string, Tensor][] => {
    if (value instanceof Module) return collect(value, `${prefix}${name}.`, pick);
    return pick(value) ? [[prefix + name, value]] : [];
  });
}

function unique(entries: [string, Tensor][]): [string, Tensor][] {
  const seen = new Set<Tensor>();
  return entries.filter(([, x]) => !seen.has(x) && seen.add(x));
}

/** What `stateDict` lists. A shared tensor comes under each of its names, as in PyTorch. */
function namedState(module: object): Map<string, Tensor> {
  return new Map(collect(module, "", () => true).map(([name, x]) => [stateName(name), x]));
}

function isFloating(dtype: DType): boolean {
  return dtype.startsWith("float");
}

function convert(x: Parameter | Buffer, dtype: DType): Parameter | Buffer {
  return noGrad(() => {
    const { grad } = x;
    if (x instanceof Buffer) return new Buffer(to(x, dtype));
    const out = new Parameter(to(x, dtype), x.requiresGrad);
    out.grad = grad === null ? null : keep(to(grad, dtype));
    return out;
  });
}

/** Where inside a model an error arose: the path grows while the error passes the modules around it. */
const places = new WeakMap<TapegradError, { module: AnyModule; path: string; inner: string }>();

function tellWhere(error: TapegradError, module: AnyModule): void {
  const place = places.get(error);
  // A module that calls itself.
  if (place?.module === module) return;
  const field = place === undefined ? undefined : members(module).find(({ value }) => value === place.module)?.name;
  if (place === undefined || field === undefined) {
    // The first module that the error meets; or one that keeps the module below where it cannot be found.
    const inner = module.constructor.name;
    places.set(error, { module, path: "", inner });
    error.setModulePath(inner);
    return;
  }
  place.path = place.path === "" ? field : `${field}.${place.path}`;
  place.module = module;
  error.setModulePath(`${place.path} (${place.inner})`);
}

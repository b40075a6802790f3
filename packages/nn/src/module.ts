import { copy_, sameShape, SerializationError, formatShape, TapegradError, to, type DType, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "@tapegrad/autograd";
import { Buffer, Parameter } from "./parameter.ts";

/** Tensors by the names that PyTorch gives them: `features.0.weight`, `bn1.running_mean`. */
export type StateDict = Record<string, Tensor>;

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
 * (`Buffer`) and submodules are found by walking the fields in the order of their declaration; arrays of them count too.
 * Private `#fields` are not seen.
 *
 * @example
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(4, 8);
 *   fc2 = new nn.Linear(8, 2);
 *   forward(x) { return this.fc2.forward(relu(this.fc1.forward(x))); }
 * }
 * new Net().forward(zeros([3, 4])).shape; // [3, 2]
 */
export abstract class Module<In extends unknown[] = [x: Tensor], Out = Tensor> {
  /** Whether the module is in training mode, which changes dropout and batch norm. Set by `train` and `eval`. */
  training = true;
  readonly #hooks: ForwardHook[] = [];

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

  /** Calls `hook` after every `forward`. Returns a function that removes it. */
  registerForwardHook(hook: ForwardHook): () => void {
    this.#hooks.push(hook);
    return () => {
      const at = this.#hooks.indexOf(hook);
      if (at >= 0) this.#hooks.splice(at, 1);
    };
  }

  /** Text between the parentheses when the module is printed. */
  extraRepr(): string {
    return "";
  }

  /** Parameters of this module and all below it, by name. A shared one comes once. */
  namedParameters(): [name: string, parameter: Parameter][] {
    return unique(collect(this, "", (value) => value instanceof Parameter)) as [string, Parameter][];
  }

  /** Parameters of this module and all below it. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Buffers of this module and all below it, by name. */
  namedBuffers(): [name: string, buffer: Buffer][] {
    return unique(collect(this, "", (value) => value instanceof Buffer)) as [string, Buffer][];
  }

  /** Buffers of this module and all below it. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** Modules directly below, by field name. */
  namedChildren(): [name: string, module: AnyModule][] {
    return members(this).flatMap(({ name, value }) => (value instanceof Module ? [[name, value]] : []));
  }

  /** Modules directly below. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module (under the name "") and all below it. */
  namedModules(prefix = ""): [name: string, module: AnyModule][] {
    const below = this.namedChildren().flatMap(([name, child]) => child.namedModules(prefix === "" ? name : `${prefix}.${name}`));
    return [[prefix, this], ...below];
  }

  /** This module and all below it. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
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
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** Converts all floating parameters and buffers. Make optimizers afterwards: the tensors are new ones. */
  to(dtype: DType): this {
    const isFloat = (x: Tensor): boolean => x.dtype.startsWith("float");
    for (const { value, replace } of members(this)) {
      if (value instanceof Module) value.to(dtype);
      else if (isFloat(value) && value.dtype !== dtype) {
        const converted = noGrad(() => to(value, dtype));
        replace(value instanceof Parameter ? new Parameter(converted, value.requiresGrad) : new Buffer(converted));
      }
    }
    return this;
  }

  /** Parameters and buffers under PyTorch's names. The tensors are the module's own, off the tape. */
  stateDict(): StateDict {
    const state: StateDict = {};
    for (const [name, x] of collect(this, "", (value) => !(value instanceof Module))) state[snakeCase(name)] = x.detach();
    return state;
  }

  /**
   * Copies values into the parameters and buffers. Nothing is changed unless everything fits.
   *
   * Throws    SerializationError `loadStateDict/missing`, `loadStateDict/unexpected`, `loadStateDict/shape`
   */
  loadStateDict(state: Readonly<StateDict>, { strict = true }: { readonly strict?: boolean } = {}): { missing: string[]; unexpected: string[] } {
    const own = new Map(collect(this, "", (value) => !(value instanceof Module)).map(([name, x]) => [snakeCase(name), x]));
    const missing = [...own.keys()].filter((name) => !(name in state));
    const unexpected = Object.keys(state).filter((name) => !own.has(name));
    if (strict && missing.length + unexpected.length > 0) {
      const kind = missing.length > 0 ? "missing" : "unexpected";
      throw new SerializationError({
        op: "loadStateDict",
        fact: `the state does not fit ${this.constructor.name}: ${missing.length} names are missing, ${unexpected.length} unexpected`,
        details: [...missing.map((name) => `missing     ${name}`), ...unexpected.map((name) => `unexpected  ${name}`)],
        hint: "pass { strict: false } to load what fits",
        code: `loadStateDict/${kind}`,
        data: { missing, unexpected },
      });
    }
    for (const [name, x] of own) {
      const source = state[name];
      if (source !== undefined && !sameShape(source.shape, x.shape)) {
        throw new SerializationError({
          op: "loadStateDict",
          fact: `${name} has shape ${formatShape(x.shape)} in the module, ${formatShape(source.shape)} in the state`,
          code: "loadStateDict/shape",
          data: { name, own: x.shape, state: source.shape },
        });
      }
    }
    noGrad(() => {
      for (const [name, x] of own) {
        const source = state[name];
        if (source !== undefined) copy_(x, source);
      }
    });
    return { missing, unexpected };
  }

  /** The module and what is in it, as PyTorch prints it. */
  toString(): string {
    const children = this.namedChildren();
    const name = this.constructor.name;
    if (children.length === 0) return `${name}(${this.extraRepr()})`;
    const lines = children.map(([field, child]) => `(${field}): ${child.toString()}`.replaceAll("\n", "\n  "));
    return `${name}(\n  ${lines.join("\n  ")}\n)`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function call<Out>(module: AnyModule, hooks: readonly ForwardHook[], forward: () => Out, inputs: readonly unknown[]): Out {
  try {
    let output = forward();
    for (const hook of hooks) {
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

/** `runningMean` -> `running_mean`: TypeScript's names and PyTorch's. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at: number) => (at === 0 || name[at - 1] === "." ? "" : "_") + letter.toLowerCase());
}

/** Where inside a model an error arose: the path grows while the error passes the modules around it. */
const places = new WeakMap<TapegradError, { module: AnyModule; path: string; inner: string }>();

function tellWhere(error: TapegradError, module: AnyModule): void {
  const place = places.get(error);
  if (place === undefined) {
    places.set(error, { module, path: "", inner: module.constructor.name });
    error.setModulePath(module.constructor.name);
    return;
  }
  const field = module.namedChildren().find(([, child]) => child === place.module)?.[0];
  if (field === undefined) return;
  place.path = place.path === "" ? field : `${field}.${place.path}`;
  place.module = module;
  error.setModulePath(`${place.path} (${place.inner})`);
}

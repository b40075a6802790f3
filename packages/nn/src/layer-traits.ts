import { checkOptions, optionRules, type OptionRules } from "@tapegrad/tensor";

/**
 * What a layer promises of its `forward`, so that a `Sequential` may save work and memory around it. Each is false unless told.
 * They are static, beside the `forward` that they speak of: a subclass with a `forward` of its own inherits none of them.
 *
 * @example
 * class Double extends nn.Module {
 *   static override readonly traits: nn.LayerTraits = { keepsNothing: true, givesOutputAway: true };
 *   override forward(x: Tensor) { return x.add(x); }
 * }
 * new nn.Sequential(new Double(), new nn.ReLU()).forward(tensor([1, -1])).toArray(); // [2, 0]
 */
export interface LayerTraits {
  /**
   * When it has returned, the layer holds neither its input nor its output, which is new, or the input in another shape. What passes
   * is then freed at once, or with the last of the tape's nodes that saved it.
   */
  readonly keepsNothing?: boolean;
  /**
   * The output has memory of its own, which neither the layer nor any gradient reads again: no op's that saves what it gives, as `exp`
   * and `sigmoid` do. A ReLU behind it then works in that memory.
   */
  readonly givesOutputAway?: boolean;
  /**
   * `forward` takes, after its input, what follows (`epilogue`), and hands it to the op that it ends with, whose kernel then does the work of a
   * ReLU behind the layer. The layers of this library do, and what extends them.
   */
  readonly fusesRelu?: boolean;
  /** The layer is `relu` of its input and nothing else. */
  readonly isRelu?: boolean;
  /**
   * Each element of the output is the largest of some of the input's, which alone gets its gradient: a ReLU before it runs after it. (The sign of
   * a zero may be another one then.)
   */
  readonly picksLargest?: boolean;
}

const rules: OptionRules<LayerTraits> = {
  keepsNothing: optionRules.boolean,
  givesOutputAway: optionRules.boolean,
  fusesRelu: optionRules.boolean,
  isRelu: optionRules.boolean,
  picksLargest: optionRules.boolean,
};

/** Traits with nothing left out, and so of one shape; `passesOn` is `Sequential`'s own. */
export interface KnownTraits extends Required<LayerTraits> {
  /** The layer does with its input what the layers in it do with theirs, and looks at it no more. */
  readonly passesOn: boolean;
}

/** A declaration that `Sequential` alone makes: whoever holds this symbol passes on. */
export const passesOn = Symbol("passesOn");

/** Those of a layer that promises nothing. */
export const noTraits: KnownTraits = complete({});

type Declaring = { readonly traits?: LayerTraits & { readonly [passesOn]?: boolean }; readonly name: string };

function complete(traits: NonNullable<Declaring["traits"]>): KnownTraits {
  const { keepsNothing = false, givesOutputAway = false, fusesRelu = false, isRelu = false, picksLargest = false } = traits;
  return { keepsNothing, givesOutputAway: givesOutputAway || fusesRelu, fusesRelu, isRelu, picksLargest, passesOn: traits[passesOn] === true };
}

const byPrototype = new WeakMap<object, KnownTraits>();

/**
 * What the class of a module declares: its own declaration, or the nearest above it, unless there is a `forward` in between, of
 * which that one does not speak. Throws IndexError `traits/option`, ArgumentError `traits/unknown-option`, `traits/options`.
 */
export function traitsOf(module: object): KnownTraits {
  const prototype = Object.getPrototypeOf(module) as object;
  let known = byPrototype.get(prototype);
  if (known === undefined) {
    known = declared(prototype);
    byPrototype.set(prototype, known);
  }
  return known;
}

function declared(prototype: object): KnownTraits {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const owner = at.constructor as Declaring;
    if (Object.hasOwn(at, "constructor") && Object.hasOwn(owner, "traits")) {
      const traits = owner.traits ?? {};
      checkOptions(`${owner.name}.traits`, traits, rules, "traits");
      return complete(traits);
    }
    if (Object.hasOwn(at, "forward")) return noTraits;
  }
  return noTraits;
}

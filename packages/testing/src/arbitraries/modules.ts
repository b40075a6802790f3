import type { Arbitrary } from "fast-check";
import type { Module, Sequential } from "@tapegrad/nn";
import { checkArgument, checkOptions, defaultGenerator, optionRules, type DType, type OptionRule, type OptionRules, type Shape, type Tensor } from "@tapegrad/tensor";
import { fastCheckFor } from "./fast-check.ts";
import { networkOf, type LayerWish } from "./networks.ts";
import { showTensor } from "./show-tensor.ts";
import { tensors, type TensorsOptions } from "./tensors.ts";

/** A module with an input that fits it. */
export interface ModuleWithInput<M> {
  readonly module: M;
  readonly input: Tensor;
}

/** Options of `modulesOf`. */
export interface ModulesOfOptions {
  /** Of parameters and input, a floating one; float64 unless told, which gradient checks need. */
  readonly dtype?: DType;
  /** How the input is laid out: see `tensors`. */
  readonly layout?: NonNullable<TensorsOptions["layout"]>;
  /** The input's elements; "apart" unless told. */
  readonly values?: NonNullable<TensorsOptions["values"]>;
}

/** Options of `modules`. */
export interface ModulesOptions extends ModulesOfOptions {
  /** The most layers of a network; 4 unless told. */
  readonly maxLayers?: number;
  /** Leaves out what has kinks, ReLU and max pooling, and keeps norms from bending much: what numeric derivatives need. Not unless told. */
  readonly smooth?: boolean;
}

const given: OptionRule = { must: "what tensors takes", accepts: (value) => value !== null };
const ofRules: OptionRules<ModulesOfOptions> = { dtype: optionRules.floatingDType, layout: given, values: given };
const rules: OptionRules<ModulesOptions> = { ...ofRules, maxLayers: optionRules.positiveInteger, smooth: optionRules.boolean };

/**
 * Small networks of linear layers, convolutions, norms, pooling and activations, in training mode, each with an input that fits. They
 * shrink to fewer and narrower layers. fast-check's seed decides on the weights too; the default generator is left as it was.
 *
 * Throws    IndexError `modules/option`; ArgumentError `modules/unknown-option`, `testing/no-fast-check`
 * @example
 * import fc from "fast-check";
 * import { checkGradients, modules } from "tapegrad/testing";
 *
 * fc.assert(fc.property(modules({ smooth: true, maxLayers: 2 }), ({ module, input }) => checkGradients(module, [input])), { numRuns: 3 });
 */
export function modules(options: ModulesOptions = {}): Arbitrary<ModuleWithInput<Sequential>> {
  checkOptions("modules", options, rules);
  const fc = fastCheckFor("modules");
  const { maxLayers = 4, smooth = false, ...others } = options;
  const small = (max: number): Arbitrary<number> => fc.integer({ min: 1, max });
  const wish: Arbitrary<LayerWish> = fc.record({ kind: fc.constantFrom("linear", "activation", "norm", "conv", "pool"), width: small(3), size: small(3) });
  const shape: Arbitrary<Shape> = fc.oneof({ withCrossShrink: true }, fc.tuple(small(3), small(4)), fc.tuple(small(2), small(2), small(5), small(5)));
  const plans = fc.record({ inputShape: shape, wishes: fc.array(wish, { minLength: 1, maxLength: maxLayers, size: "max" }) });
  return modulesOf((plan) => networkOf({ ...plan, isSmooth: smooth }), plans, ({ inputShape }) => inputShape, others);
}

/**
 * Modules that a function makes of sizes, or of whatever an arbitrary gives; each with an input of the shape that belongs to them. What
 * the function draws from the default generator, weights for instance, follows from fast-check's seed.
 *
 * Throws    IndexError `modulesOf/option`; ArgumentError `modulesOf/unknown-option`, `testing/no-fast-check`
 * @example
 * import fc from "fast-check";
 * import { modulesOf } from "tapegrad/testing";
 *
 * const sizes = fc.record({ from: fc.integer({ min: 1, max: 5 }), to: fc.integer({ min: 1, max: 5 }) });
 * const layers = modulesOf(({ from, to }) => new nn.Linear(from, to), sizes, ({ from }) => [2, from]);
 * fc.assert(fc.property(layers, ({ module, input }) => module.forward(input).shape[1] === module.outFeatures));
 */
export function modulesOf<Sizes, M extends Module>(
  make: (sizes: Sizes) => M,
  sizes: Arbitrary<Sizes>,
  inputShape: (sizes: Sizes) => Shape,
  options: ModulesOfOptions = {},
): Arbitrary<ModuleWithInput<M>> {
  checkArgument("modulesOf", "make", make, optionRules.callable);
  checkArgument("modulesOf", "inputShape", inputShape, optionRules.callable);
  checkOptions("modulesOf", options, ofRules);
  const fc = fastCheckFor("modulesOf");
  const { dtype = "float64", values = "apart", ...layout } = options;
  return fc.tuple(sizes, fc.nat()).chain(([size, seed]) => tensors({ ...layout, dtype, values, shape: inputShape(size) }).map((input) => {
    const module = fromSeed(seed, () => make(size)).to(dtype);
    const text = `${module.toString()} (weights of seed ${seed}), input ${showTensor(input)}`;
    return Object.defineProperty({ module, input }, fc.toStringMethod, { value: () => text });
  }));
}

/** Has the default generator give the numbers of a seed, and then those that it would have given. */
function fromSeed<T>(seed: number, make: () => T): T {
  const state = defaultGenerator.getState();
  defaultGenerator.manualSeed(seed);
  try {
    return make();
  } finally {
    defaultGenerator.setState(state);
  }
}

import { ArgumentError, copyOf, foreignError, showValue } from "@tapegrad/tensor";
import { AnyModule } from "./any-module.ts";
import type { Module } from "./module.ts";

/** What `pipe` passes a value through: a module or a function of one input. */
export type Step<In, Out> = ((x: In) => Out) | Module<[x: In], Out>;

/**
 * Passes x through modules and functions, from left to right: `pipe(x, f, g)` is `g(f(x))`. Each step takes what the one before gave,
 * and the compiler checks that it can: for ten steps of any types, and those behind them keep the tenth's.
 *
 * Throws    ArgumentError `pipe/step`, `tapegrad/two-copies`
 * @example
 * class Net extends nn.Module {
 *   conv = new nn.Conv2d(1, 2, 3);
 *   fc = new nn.Linear(8, 4);
 *   override forward(x: Tensor) { return nn.pipe(x, this.conv, relu, (y) => y.flatten(1), this.fc); }
 * }
 * new Net().forward(zeros([5, 1, 4, 4])).shape; // [5, 4]
 */
export function pipe<A, B>(x: A, step1: Step<A, B>): B;
export function pipe<A, B, C>(x: A, step1: Step<A, B>, step2: Step<B, C>): C;
export function pipe<A, B, C, D>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>): D;
export function pipe<A, B, C, D, E>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>): E;
export function pipe<A, B, C, D, E, F>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>, step5: Step<E, F>): F;
export function pipe<A, B, C, D, E, F, G>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>, step5: Step<E, F>, step6: Step<F, G>): G;
export function pipe<A, B, C, D, E, F, G, H>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>, step5: Step<E, F>, step6: Step<F, G>, step7: Step<G, H>): H;
export function pipe<A, B, C, D, E, F, G, H, I>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>, step5: Step<E, F>, step6: Step<F, G>, step7: Step<G, H>, step8: Step<H, I>): I;
export function pipe<A, B, C, D, E, F, G, H, I, J>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>, step5: Step<E, F>, step6: Step<F, G>, step7: Step<G, H>, step8: Step<H, I>, step9: Step<I, J>): J;
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>, step5: Step<E, F>, step6: Step<F, G>, step7: Step<G, H>, step8: Step<H, I>, step9: Step<I, J>, step10: Step<J, K>): K;
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(x: A, step1: Step<A, B>, step2: Step<B, C>, step3: Step<C, D>, step4: Step<D, E>, step5: Step<E, F>, step6: Step<F, G>, step7: Step<G, H>, step8: Step<H, I>, step9: Step<I, J>, step10: Step<J, K>, ...steps: Step<K, K>[]): K;
export function pipe<A>(x: A, ...steps: Step<A, A>[]): A;
export function pipe(x: unknown, ...steps: readonly unknown[]): unknown {
  let value = x;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i];
    if (step instanceof AnyModule) value = step.forward(value as never);
    else if (isFunction(step) && !isModuleClass(step)) value = step(value);
    else throw refused(step, i);
  }
  return value;
}

const isFunction = (value: unknown): value is (x: unknown) => unknown => typeof value === "function";

const isModuleClass = (value: unknown): boolean => isFunction(value) && value.prototype instanceof AnyModule;

function refused(step: unknown, position: number): ArgumentError {
  if (typeof step === "object" && step !== null && copyOf(step) !== null) return foreignError("pipe", `step ${position + 1}`, step, import.meta.url);
  const isClass = isModuleClass(step);
  const found = isClass ? `the class ${(step as { readonly name: string }).name}` : showValue(step);
  return new ArgumentError({
    op: "pipe",
    fact: `step ${position + 1} must be a module or a function, not ${found}`,
    ...(isClass ? { hint: "make a module of it, with new" } : {}),
    code: "pipe/step",
    data: { step: position + 1 },
  });
}

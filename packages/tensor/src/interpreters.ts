import { ArgumentError, TapegradError } from "./errors.ts";
import { executor } from "./execute.ts";
import type { Interpreter, Op, OpCall, OpResult } from "./op-spec.ts";
import { callable } from "./option-rules.ts";
import { checkArgument, refusedOption } from "./options.ts";
import { showValue } from "./show-value.ts";
import type { Tensor } from "./tensor.ts";

const stack: Interpreter[] = [];

/** The level that an op comes to first. */
export let top: Interpreter = executor;

/** How many levels are running code of their own, so that `top` is one further down. */
let runningLevels = 0;

const topmost = (): Interpreter => stack.at(-1) ?? executor;

function push(level: Interpreter): void {
  stack.push(level);
  if (runningLevels === 0) top = level;
}

/** Puts the tape on the stack: trusted to compute with no ops while it runs, and kept by nobody. */
export function pushTape(make: (below: Interpreter) => Interpreter): void {
  push(make(topmost()));
}

/**
 * An interpreter that came from outside, and the way from it to the level below. While its own code runs, the ops that it computes with
 * begin below it, so that it does not meet them again without end; what the levels below compute with begins at the top, as ever.
 */
class Level implements Interpreter {
  readonly #interpreter: Interpreter;
  readonly #below: Interpreter;
  /** `top` as it was when its code began to run. */
  #outer: Interpreter = executor;

  constructor(make: (below: Interpreter) => Interpreter) {
    this.#below = topmost();
    const made: unknown = make({ run: (op, inputs, attrs, call) => this.#goOn(op, inputs, attrs, call) });
    if (!isInterpreter(made)) throw refusedOption("pushInterpreter", "the interpreter that was made", made, "an object with a function run");
    this.#interpreter = made;
  }

  run(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, call: OpCall): OpResult {
    const former = this.#outer;
    this.#outer = top;
    top = this.#below;
    runningLevels++;
    let out: unknown;
    try {
      out = this.#interpreter.run(op, inputs, attrs, call);
    } finally {
      runningLevels--;
      // One that was removed meanwhile must not come back.
      top = runningLevels === 0 ? topmost() : this.#outer;
      this.#outer = former;
    }
    if (typeof out === "object" && out !== null) return out as OpResult;
    throw new ArgumentError({
      op: "pushInterpreter",
      fact: `the interpreter's run gave ${showValue(out)} for ${op.name}`,
      hint: "return what below.run(op, inputs, attrs, call) gives",
      code: "interpreter/result",
    });
  }

  #goOn(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown, call: OpCall): OpResult {
    const own = top;
    top = this.#outer;
    runningLevels--;
    try {
      return this.#below.run(op, inputs, attrs, call);
    } finally {
      runningLevels++;
      top = own;
    }
  }
}

const isInterpreter = (made: unknown): made is Interpreter => typeof made === "object" && made !== null && "run" in made && typeof made.run === "function";

/**
 * Puts an interpreter on top of the stack; `make` gets the one below. It sees every op: forward, backward and the optimizers' steps. Returns
 * what removes it: the last one pushed is the first to go. Calling that again does nothing.
 *
 * Throws    TapegradError `interpreter/order`, by what it returns; ArgumentError `interpreter/result`, by an op; IndexError `pushInterpreter/option`
 * @example
 * const names: string[] = [];
 * const remove = pushInterpreter((below) => ({
 *   run(op, inputs, attrs, call) {
 *     names.push(op.name);
 *     return below.run(op, inputs, attrs, call);
 *   },
 * }));
 * tensor([1, 2]).mul(2).sum();
 * remove();
 * names; // ["mul", "sum"]
 */
export function pushInterpreter(make: (below: Interpreter) => Interpreter): () => void {
  checkArgument("pushInterpreter", "make", make, callable);
  const level = new Level(make);
  push(level);
  return () => {
    const at = stack.indexOf(level);
    if (at < 0) return;
    if (at < stack.length - 1) {
      throw new TapegradError({ op: "pushInterpreter", fact: `${stack.length - 1 - at} pushed after this one must be removed first`, code: "interpreter/order" });
    }
    stack.pop();
    if (runningLevels === 0) top = topmost();
  };
}

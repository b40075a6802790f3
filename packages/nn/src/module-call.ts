import { TapegradError } from "@tapegrad/tensor";
import { noTraits, type KnownTraits } from "./layer-traits.ts";
import { ModuleFields, type Walkable } from "./module-fields.ts";
import { tellWhere } from "./module-path.ts";
import { enter, leave, type Place, type Tree } from "./running-modules.ts";

/** A module, as far as this file knows. */
export interface Callable extends Walkable, Tree {}

type Hook<M> = (module: M, inputs: readonly unknown[], output: unknown) => unknown;

/**
 * What a module's calls need to know. An object of its own, and so of one shape: modules have as many shapes as there are
 * classes of them, and finding a private field of theirs takes an engine longer than all the rest of a call.
 */
export class CallState<M extends Callable> implements Place {
  /** By the registration, so that one function can be registered twice; a Map, so that a hook can remove itself. */
  readonly hooks = new Map<object, Hook<M>>();
  readonly fields: ModuleFields<M>;
  hasRun = false;
  /** Those of the `forward` that runs. */
  traits: KnownTraits = noTraits;
  root: object | null = null;

  constructor(module: object) {
    this.fields = new ModuleFields<M>(module);
  }
}

/** How often hooks have looked at what passes through a module. */
export const hookRuns = { count: 0 };

/** Calls a module's `forward` with all that goes on around it: hooks, the path in errors, a look at the fields. */
export function callForward<Out, M extends Callable>(module: M, state: CallState<M>, forward: (...inputs: never[]) => Out, inputs: readonly unknown[]): Out {
  enter(module, state);
  try {
    if (!state.hasRun) {
      // The fields are complete by now. All below is looked at too, for a `forward` that is a field.
      module.namedModules();
      state.hasRun = true;
    }
    let output = forward.apply(module, inputs as never[]);
    if (state.hooks.size > 0) output = runHooks(module, state.hooks, inputs, output);
    state.fields.check();
    return output;
  } catch (error) {
    if (error instanceof TapegradError) tellWhere(error, module, (other) => state.fields.list().find(({ value }) => value === other)?.name);
    throw error;
  } finally {
    leave();
  }
}

function runHooks<Out, M>(module: M, hooks: ReadonlyMap<object, Hook<M>>, inputs: readonly unknown[], output: Out): Out {
  hookRuns.count++;
  let current = output;
  for (const hook of hooks.values()) {
    const replaced = hook(module, inputs, current);
    if (replaced !== undefined) current = replaced as Out;
  }
  return current;
}

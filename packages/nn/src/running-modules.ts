import { emitWarning, TapegradError, type Tensor } from "@tapegrad/tensor";
import { isGradEnabled } from "@tapegrad/autograd";

/** A module, as far as this file knows. */
export interface Tree {
  readonly constructor: { readonly name: string };
  namedModules(): [name: string, module: Tree][];
  parameters(): Tensor[];
}

/** Modules whose forward is running, the outermost first; null behind `depth`. Counted by hand: an array that is emptied loses its memory. */
const running: (Tree | null)[] = [null];
let depth = 0;

/** What was found below modules that ran outermost. */
const found = new WeakMap<Tree, WeakSet<Tree>>();

/** Where a module was seen running: below which outermost one it was found, or need not be. */
export interface Place {
  root: object | null;
}

/**
 * Notes that a module's forward begins. One that runs inside another, but that no field of this leads to, would never be trained
 * nor saved, without a sign of it: process.emitWarning says so, once.
 */
export function enter(module: Tree, place: Place): void {
  if (depth > 0 && place.root !== running[0]) lookFor(module, place);
  running[depth++] = module;
}

/** Notes that the forward of the module that was entered last has ended. */
export function leave(): void {
  running[--depth] = null;
}

/** Modules whose forward is running, the outermost first. */
export function runningModules(): readonly Tree[] {
  return running.slice(0, depth) as Tree[];
}

function lookFor(module: Tree, place: Place): void {
  const root = running[0] ?? null;
  // Without recording nothing is trained: a teacher, or a part that is frozen, may well stand elsewhere.
  if (root === null || !isGradEnabled()) return;
  if (!isBelow(module, root)) warnIfTrained(module, root);
  place.root = root;
}

function isBelow(module: Tree, root: Tree): boolean {
  if (found.get(root)?.has(module) === true) return true;
  const below = new WeakSet(root.namedModules().map(([, other]) => other));
  found.set(root, below);
  return below.has(module);
}

const warned = new WeakSet<Tree>();

function warnIfTrained(module: Tree, root: Tree): void {
  const trained = module.parameters().filter(({ requiresGrad }) => requiresGrad);
  // What stands below a module that was told of is lost with it.
  if (trained.length === 0 || warned.has(module) || running.some((outer) => outer !== null && outer !== root && isBelow(module, outer))) return;
  warned.add(module);
  const owner = running[depth - 1] ?? root;
  const path = root.namedModules().find(([, other]) => other === owner)?.[0] ?? "";
  const warning = new TapegradError({
    op: owner.constructor.name,
    fact: `its forward runs a ${module.constructor.name} that no field leads to: parameters(), stateDict() and to() pass over its ${trained.length} parameters`,
    hint: "keep it in a field, an array, a plain object, a Map or a Set, not in a #private field; run it inside noGrad if it is not to be trained here",
    code: "Module/hidden",
  });
  if (path !== "") warning.setModulePath(`${path} (${owner.constructor.name})`);
  emitWarning(warning);
}

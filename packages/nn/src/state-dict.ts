import { noGrad } from "@tapegrad/autograd";
import { ArgumentError, copy_, formatShape, listLines, requireTensor, sameShape, SerializationError, showName, showValue, type Tensor } from "@tapegrad/tensor";
import { Buffer } from "./parameter.ts";

/** Tensors by the names that PyTorch gives them: `features.0.weight`, `bn1.running_mean`. */
export type StateDict = Record<string, Tensor>;

/** What `loadStateDict` found: names that only the module has, and names that only the state has. */
export interface LoadResult {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

/** Copies a state into the tensors of a module; none of them changes unless all fit. Throws as `Module.loadStateDict`. */
export function loadInto(module: string, own: ReadonlyMap<string, Tensor>, state: Readonly<StateDict>, strict: boolean): LoadResult {
  if (typeof state !== "object" || state === null) {
    throw new ArgumentError({ op: "loadStateDict", fact: `a state must be an object of tensors by name, not ${showValue(state)}`, code: "loadStateDict/state" });
  }
  const missingKeys = [...own].filter(([name, x]) => !Object.hasOwn(state, name) && !(x instanceof Buffer && x.optional)).map(([name]) => name);
  const unexpectedKeys = Object.keys(state).filter((name) => !own.has(name));
  if (strict && missingKeys.length + unexpectedKeys.length > 0) throw wrongNames(module, { missingKeys, unexpectedKeys });
  const pairs = Object.entries(state).flatMap(([name, source]) => {
    const target = own.get(name);
    if (target === undefined) return [];
    requireTensor("loadStateDict", showName(name), source);
    // Before PyTorch 0.4 there were no 0-d tensors: what is one now was saved as [1].
    const isOld = target.ndim === 0 && sameShape(source.shape, [1]);
    return [{ name, target, source: isOld ? source.detach().reshape([]) : source }];
  });
  const misfits = pairs.filter(({ target, source }) => !sameShape(target.shape, source.shape));
  if (misfits.length > 0) {
    throw new SerializationError({
      op: "loadStateDict",
      fact: `shapes differ between ${module} and the state, in ${misfits.length} of ${own.size} tensors`,
      details: listLines(misfits, ({ name, target, source }) => `${showName(name)}  ${formatShape(target.shape)} in the module, ${formatShape(source.shape)} in the state`),
      code: "loadStateDict/shape",
      data: { names: misfits.map(({ name }) => name) },
    });
  }
  // Reading throws MemoryError for a tensor that a scope has freed: better before the first copy.
  for (const { source } of pairs) void source.storage.elements;
  noGrad(() => {
    // What an earlier copy would change is copied first: two layers may load each other's weights.
    const written = new Set<unknown>();
    const sources = pairs.map(({ target, source }) => {
      const apart = written.has(source.storage) ? source.clone() : source;
      written.add(target.storage);
      return apart;
    });
    for (const [i, { target }] of pairs.entries()) copy_(target, sources[i] as Tensor);
  });
  return { missingKeys, unexpectedKeys };
}

function wrongNames(module: string, { missingKeys, unexpectedKeys }: LoadResult): SerializationError {
  return new SerializationError({
    op: "loadStateDict",
    fact: `the state does not fit ${module}: ${missingKeys.length} names are missing, ${unexpectedKeys.length} unexpected`,
    details: [...listLines(missingKeys, (name) => `missing     ${showName(name)}`), ...listLines(unexpectedKeys, (name) => `unexpected  ${showName(name)}`)],
    hint: "pass { strict: false } to load what fits",
    code: `loadStateDict/${missingKeys.length > 0 ? "missing" : "unexpected"}`,
    data: { missingKeys, unexpectedKeys },
  });
}

import type { FuzzTarget } from "./target.ts";

/** Where packages have their targets. They are loaded by their paths: what they attack is internal to each package. */
const modules: readonly string[] = ["nn", "data", "optim", "train"].map((name) => `../../packages/${name}/src/testing/fuzz-targets.ts`);

export async function allTargets(): Promise<readonly FuzzTarget[]> {
  const loaded = await Promise.all(modules.map(async (path) => (await import(/* @vite-ignore */ new URL(path, import.meta.url).pathname)) as { readonly fuzzTargets: readonly FuzzTarget[] }));
  return loaded.flatMap(({ fuzzTargets }) => fuzzTargets);
}

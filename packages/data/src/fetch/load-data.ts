import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { checkOptions, DataError, optionRules, type OptionRule, type OptionRules } from "@tapegrad/tensor";
import { buildFolder } from "./build-folder.ts";
import { cacheFolder } from "./cache-folder.ts";
import { notify, type FetchEvents } from "./fetch-events.ts";
import { factOf } from "./file-error.ts";
import { fetchFromFirst, type Source } from "./first-source.ts";

/** How a data set is found, or fetched. */
export interface LoadOptions extends FetchEvents {
  /**
   * A folder that holds the data. If they are not there, an error, unless `download` is true: then they are fetched
   * into it.
   */
  readonly root?: string | undefined;
  /** The training half (default) or the test half. */
  readonly train?: boolean | undefined;
  /** Whether data may be fetched. Default: true without a `root`, false with one. */
  readonly download?: boolean | undefined;
  /** Where fetched data are kept. Default: `root`, else the folder `TAPEGRAD_DATA`, else the user's cache folder. */
  readonly cacheDir?: string | undefined;
  /** Refuse data in `root` that differ from the official ones; by default they are used, with a notice. */
  readonly verify?: boolean | undefined;
}

const text: OptionRule = { must: "a text", accepts: (value) => typeof value === "string" };

const rules: OptionRules<LoadOptions & { readonly transform?: unknown }> = {
  root: text,
  train: optionRules.boolean,
  download: optionRules.boolean,
  cacheDir: text,
  verify: optionRules.boolean,
  onProgress: optionRules.callable,
  onNotice: optionRules.callable,
  signal: { must: "an AbortSignal", accepts: (value) => value instanceof AbortSignal },
  transform: optionRules.callable,
};

/** Given the error about a file whose content is not the official one: throws it, or lets the file pass. */
export type OnUnofficial = (error: DataError) => void;

/** What is particular to one data set. */
interface DataSetPlan<Found, Content> {
  /** What errors say was being done: "CIFAR10.load". */
  readonly op: string;
  /** First half of the errors' codes. */
  readonly area: string;
  readonly name: string;
  /** Its folder in the cache. */
  readonly folder: string;
  /** The places under a root that `find` looks at, for the message that says nothing was there. */
  readonly places: readonly string[];
  find(root: string): Promise<Found | undefined>;
  /** Reads and checks one half. */
  read(found: Found, train: boolean, onUnofficial: OnUnofficial): Promise<Content>;
  /** Best first. `cacheDir` is where an interrupted download may wait for the next run. */
  sources(cacheDir: string): readonly Source[];
  /** Removes what a source that was given up left in `cacheDir`. */
  tidy?(cacheDir: string): Promise<void>;
}

/**
 * Reads data from `root`; without one from the cache folder, and fetches them into it if they are not there or damaged.
 *
 * Throws    IndexError `AREA/option`, ArgumentError `AREA/unknown-option`; DataError `AREA/missing`, `AREA/unavailable`, `cache/...`,
 *           and what `read` and the sources throw
 */
export async function loadData<Found, Content>(plan: DataSetPlan<Found, Content>, options: LoadOptions): Promise<Content> {
  checkOptions<LoadOptions & { readonly transform?: unknown }>(plan.op, options, rules, plan.area);
  const { root, train = true, download = root === undefined, verify = false } = options;
  const { op, area, name } = plan;
  const refuse: OnUnofficial = (error) => {
    throw error;
  };
  if (root !== undefined) {
    const found = await plan.find(root);
    const note: OnUnofficial = (error) => notify(options, `${op}: ${factOf(error)}; using it as it is`);
    if (found !== undefined) return plan.read(found, train, verify ? refuse : note);
    if (!download) throw nothingThere(plan, root, "leave root out to use the cache folder, or set download: true");
  }
  const cacheDir = resolve(options.cacheDir ?? root ?? cacheFolder());
  const target = join(cacheDir, plan.folder);
  const cached = await plan.find(target);
  if (cached !== undefined) {
    try {
      return await plan.read(cached, train, refuse);
    } catch (error) {
      if (!download || !(error instanceof DataError)) throw error;
      notify(options, `${op}: ${factOf(error)}; fetching it again`);
      await rm(target, { recursive: true, force: true });
    }
  } else if (!download) throw nothingThere(plan, cacheDir, "set download: true to have it fetched");

  await buildFolder(op, target, (staging) =>
    fetchFromFirst(plan.sources(cacheDir), staging, options, {
      op,
      area,
      what: name,
      hint: `give a folder that holds it: ${op}({ root })`,
    }),
  );
  await plan.tidy?.(cacheDir);
  const fetched = await plan.find(target);
  if (fetched === undefined) throw nothingThere(plan, target, "start again");
  return plan.read(fetched, train, refuse);
}

function nothingThere<Found, Content>(plan: DataSetPlan<Found, Content>, root: string, hint: string): DataError {
  return new DataError({
    op: plan.op,
    fact: `no ${plan.name} in ${root}`,
    code: `${plan.area}/missing`,
    details: [`looked for  ${plan.places.join(", ")}`],
    hint,
    data: { root },
  });
}

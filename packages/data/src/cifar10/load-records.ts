import type { Source } from "../fetch/first-source.ts";
import { loadData, type LoadOptions } from "../fetch/load-data.ts";
import { binaryFolder, findCifar10, placesLookedAt, readLocalCifar10 } from "./local.ts";
import { officialCifar10, type Cifar10Release } from "./official.ts";
import { officialArchive, packageMirror } from "./sources.ts";

/** What the tests put in place of the real world. */
interface Cifar10World {
  readonly release: Cifar10Release;
  sources(work: string): readonly Source[];
}

const op = "CIFAR10.load";

const realWorld: Cifar10World = {
  release: officialCifar10,
  sources: (work) => [officialArchive(op, officialCifar10, work), packageMirror(op, officialCifar10, work)],
};

/**
 * The training or test records of CIFAR-10, one after the other, in the form of the binary version.
 *
 * Throws    DataError `cifar10/...`, `archive/...`, `pickle/...`, `cache/...`, `download/...`, `npm-pack/...`
 */
export function loadCifar10Records(options: LoadOptions, { release, sources }: Cifar10World = realWorld): Promise<Uint8Array> {
  return loadData(
    {
      op,
      area: "cifar10",
      name: "CIFAR-10",
      folder: binaryFolder,
      places: placesLookedAt,
      find: (root) => findCifar10(op, root, release),
      read: async (found, train, rules) =>
        concat(await readLocalCifar10(op, found, train ? release.train : release.test, release, rules)),
      sources,
    },
    options,
  );
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

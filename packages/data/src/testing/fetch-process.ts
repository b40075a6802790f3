// A process of its own that loads a small CIFAR-10 into a cache that it shares with others; tells the md5 of what it got.
import { loadCifar10Records } from "../cifar10/load-records.ts";
import type { Cifar10Release } from "../cifar10/official.ts";
import { officialArchive } from "../cifar10/sources.ts";
import { md5Of } from "../fetch/file-checks.ts";

const { release, cacheDir } = JSON.parse(process.argv[2] ?? "") as { release: Cifar10Release; cacheDir: string };
const sources = (work: string) => [officialArchive("CIFAR10.load", release, work)];
const records = await loadCifar10Records({ cacheDir }, { release, sources });
console.log(md5Of(records));

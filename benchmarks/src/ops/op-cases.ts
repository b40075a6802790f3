import type { ConvSpec, LayerSpec, MatmulSpec, OpCase, OpSpec, OpGroup, PoolSpec } from "./op-case.ts";
import { costOf } from "./op-cost.ts";

/** The large vectors are beyond every cache but the last; the small ones fit into the second. */
const large = 2 ** 22;
const small = 2 ** 16;
const sizes = [["4M", large, [2048, 2048]], ["64k", small, [256, 256]]] as const;

function gemm(m: number, n: number, k: number, transposed: MatmulSpec["transposed"] = "none", note = ""): OpCase {
  const layout = transposed === "none" ? "" : ` ${transposed} transposed`;
  return { name: `gemm ${m}x${n}x${k}${layout}${note === "" ? "" : ` (${note})`}`, group: "gemm", spec: { op: "matmul", m, n, k, transposed } };
}

/** m x n x k: the result's rows and columns, and the length of the sums. */
const gemms: readonly OpCase[] = [
  ...[64, 128, 256, 512, 1024].map((size) => gemm(size, size, size)),
  gemm(8, 8, 8, "none", "tiny"),
  gemm(16, 16, 16, "none", "tiny"),
  gemm(4096, 16, 256, "none", "tall"),
  gemm(16, 4096, 256, "none", "wide"),
  gemm(64, 64, 16384, "none", "long sums"),
  gemm(2048, 2048, 8, "none", "short sums"),
  gemm(2048, 1, 2048, "none", "matrix-vector"),
  gemm(1, 2048, 2048, "none", "vector-matrix"),
  gemm(128, 100, 3072, "b", "MLP forward"),
  gemm(128, 3072, 100, "none", "MLP input gradient"),
  gemm(100, 3072, 128, "a", "MLP weight gradient"),
  gemm(64, 1024, 4096, "b", "AlexNet dense forward"),
  gemm(64, 4096, 1024, "none", "AlexNet dense input gradient"),
  gemm(1024, 4096, 64, "a", "AlexNet dense weight gradient"),
];

type ConvShape = Pick<ConvSpec, "inputs" | "outputs" | "size" | "kernel"> & Partial<Pick<ConvSpec, "stride" | "padding" | "groups">>;

function convolutions(name: string, shape: ConvShape): OpCase[] {
  return (["forward", "input", "weight"] as const).map((direction) => ({
    name: `conv ${name} ${direction === "forward" ? direction : `${direction} gradient`}`,
    group: "convolution",
    spec: { op: "conv2d", direction, batch: 64, stride: 1, padding: 0, groups: 1, ...shape },
  }));
}

const convs: readonly OpCase[] = [
  ...convolutions("LeNet 1", { inputs: 3, outputs: 6, size: 32, kernel: 5 }),
  ...convolutions("LeNet 2", { inputs: 6, outputs: 16, size: 14, kernel: 5 }),
  ...convolutions("VGG 1", { inputs: 3, outputs: 32, size: 32, kernel: 3, padding: 1 }),
  ...convolutions("VGG 2", { inputs: 32, outputs: 32, size: 32, kernel: 3, padding: 1 }),
  ...convolutions("VGG 3", { inputs: 32, outputs: 64, size: 16, kernel: 3, padding: 1 }),
  ...convolutions("VGG 4", { inputs: 64, outputs: 64, size: 16, kernel: 3, padding: 1 }),
  ...convolutions("AlexNet 1", { inputs: 3, outputs: 64, size: 32, kernel: 3, padding: 1 }),
  ...convolutions("AlexNet 2", { inputs: 64, outputs: 192, size: 16, kernel: 3, padding: 1 }),
  ...convolutions("AlexNet 3", { inputs: 192, outputs: 384, size: 8, kernel: 3, padding: 1 }),
  ...convolutions("AlexNet 4", { inputs: 384, outputs: 256, size: 8, kernel: 3, padding: 1 }),
  ...convolutions("AlexNet 5", { inputs: 256, outputs: 256, size: 8, kernel: 3, padding: 1 }),
  ...convolutions("depthwise", { inputs: 64, outputs: 64, size: 16, kernel: 3, padding: 1, groups: 64 }),
  ...convolutions("stride 2", { inputs: 64, outputs: 128, size: 16, kernel: 3, padding: 1, stride: 2 }),
  ...convolutions("1x1", { inputs: 128, outputs: 128, size: 16, kernel: 1 }),
];

const directions = ["forward", "backward"] as const;

function pools(op: PoolSpec["op"], title: string, shape: PoolSpec["shape"]): OpCase[] {
  return directions.map((direction) => ({ name: `${title} ${shape.join("x")} ${direction}`, group: "pooling", spec: { op, direction, shape, kernel: 2 } }));
}

function layers(group: OpGroup, op: LayerSpec["op"], title: string, shape: readonly number[]): OpCase[] {
  return directions.map((direction) => ({ name: `${title} ${shape.join("x")} ${direction}`, group, spec: { op, direction, shape } }));
}

function one(group: OpGroup, name: string, spec: OpSpec): OpCase {
  return { name, group, spec };
}

const elementwise = sizes.flatMap(([label, size]) => [
  one("elementwise", `add ${label}`, { op: "add", size }),
  one("elementwise", `mul ${label}`, { op: "mul", size }),
  ...directions.map((direction) => one("elementwise", `relu ${direction} ${label}`, { op: "relu", direction, shape: [size] })),
  one("elementwise", `exp ${label}`, { op: "exp", size }),
  one("elementwise", `chain of mul, add, relu ${label}`, { op: "chain", size }),
  one("elementwise", `chain of mul, add_, relu_ ${label}`, { op: "chainInPlace", size }),
]);

const strided = sizes.flatMap(([label, , shape]) => [
  one("broadcast", `add a row ${label}`, { op: "addRow", shape }),
  one("broadcast", `add a column ${label}`, { op: "addColumn", shape }),
  one("broadcast", `add a transpose ${label}`, { op: "addTransposed", shape }),
  one("reduction", `sum of all ${label}`, { op: "sum", dim: null, shape }),
  one("reduction", `sum over rows ${label}`, { op: "sum", dim: 0, shape }),
  one("reduction", `sum over columns ${label}`, { op: "sum", dim: 1, shape }),
  one("copy", `clone ${label}`, { op: "clone", shape }),
  one("copy", `copy of a transpose ${label}`, { op: "transpose", shape }),
]);

/** All cases, group by group. */
export const opCases: readonly OpCase[] = [
  ...gemms,
  ...convs,
  ...pools("maxPool2d", "max pool", [64, 6, 28, 28]),
  ...pools("maxPool2d", "max pool", [64, 64, 32, 32]),
  ...pools("avgPool2d", "average pool", [64, 64, 32, 32]),
  ...layers("normalisation", "batchNorm", "batch norm", [64, 32, 32, 32]),
  ...layers("normalisation", "batchNorm", "batch norm", [64, 64, 16, 16]),
  ...layers("normalisation", "dropout", "dropout", [64, 4096]),
  ...layers("normalisation", "dropout", "dropout", [large]),
  ...layers("loss", "softmax", "softmax", [128, 1000]),
  ...layers("loss", "softmax", "softmax", [4096, 1024]),
  ...layers("loss", "crossEntropy", "cross-entropy", [128, 10]),
  ...layers("loss", "crossEntropy", "cross-entropy", [4096, 1024]),
  ...elementwise,
  ...strided,
  one("copy", "channels last 64x64x32x32", { op: "channelsLast", shape: [64, 64, 32, 32] }),
  one("optimizer", "SGD with momentum 4M", { op: "sgd", size: large }),
  one("optimizer", "Adam 4M", { op: "adam", size: large }),
];

/** The cases whose names contain a text, whatever its case; all of them without one. `quick` leaves out what takes more than a moment. */
export function selectOpCases(only: string | null, quick: boolean): readonly OpCase[] {
  const wanted = only?.toLowerCase() ?? "";
  return opCases.filter(({ name, spec }) => {
    if (!name.toLowerCase().includes(wanted)) return false;
    const { bytesRead, bytesWritten, flops } = costOf(spec);
    return !quick || (flops < 5e7 && bytesRead + bytesWritten < 5e6);
  });
}

import { createRequire } from "node:module";
import { defineConfig } from "vitest/config";

const opProofs = "packages/autograd/src/proof/{forward,derivatives,pytorch}.test.ts";

/** Proofs over matrix products and convolutions, which also run with all of them in the system's BLAS, where there is one. */
const productProofs = ["packages/kernels/src/kernels-{gemm,conv,rectify}.test.ts", opProofs];
const productOps = "conv2d,conv2dInputGrad,conv2dWeightGrad,linear,matmul";

/** Proofs over all that is fused, products and exponentials, which also run without. */
const fusedProofs = [...productProofs, "packages/kernels/src/kernels-{unary,exp-rows,softmax}.test.ts"];
const fusedOps = `${productOps},exp,sigmoid,softmax,tanh`;

/** Proofs over all that has loops for wide vectors, which also run with these on engines that make none of them. */
const wideProofs = [...fusedProofs, "packages/kernels/src/kernels-{binary,copy,reduce}.test.ts"];
const wideOps = `${fusedOps},abs,add,clamp,clone,leakyRelu,maximum,minimum,mul,neg,relu,reluGrad,sigmoidGrad,sign,square,sub,sum,tanhGrad`;

/** Whether a BLAS can be had, as the package `@tapegrad/blas` sees it. */
function hasBlas(): boolean {
  const setting = process.env["TAPEGRAD_BLAS"] || undefined;
  if (setting === "off") return false;
  try {
    return createRequire(import.meta.url)("./packages/blas/native.cjs").find(setting) !== null;
  } catch (error) {
    // As in the kernels: fatal only to who asked for a certain library.
    if (setting !== undefined) throw error;
    return false;
  }
}

// The packages are tested from their TypeScript sources (the "tapegrad-source" export condition).
export default defineConfig({
  ssr: { resolve: { conditions: ["tapegrad-source"], externalConditions: ["tapegrad-source"] } },
  resolve: { conditions: ["tapegrad-source"] },
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["packages/*/src/**/*.test.ts", "examples/src/**/*.test.ts", "benchmarks/src/**/*.test.ts", "scripts/**/*.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "unfused",
          include: fusedProofs,
          env: { TAPEGRAD_PROOF_OPS: fusedOps, TAPEGRAD_FMA: "off", TAPEGRAD_BLAS: "off" },
        },
      },
      {
        extends: true,
        test: {
          name: "wide",
          include: wideProofs,
          env: { TAPEGRAD_PROOF_OPS: wideOps, TAPEGRAD_SIMD: "256", TAPEGRAD_BLAS: "off" },
        },
      },
      {
        extends: true,
        test: {
          // Plain loops compute what the kernels do elsewhere (tensor/src/compute/plain). What is about the kernels' heap stays away.
          name: "plain",
          include: process.env["TAPEGRAD_PLAIN_PROOF"] === "all" ? ["packages/{autograd,nn,optim,tensor,testing}/src/**/*.test.ts"] : [opProofs],
          exclude: ["packages/autograd/src/proof/{memory,memory-budget,memory-ops,large-tensors}.test.ts", "packages/tensor/src/with-address.test.ts"],
          env: { TAPEGRAD_BACKEND: "plain" },
        },
      },
      {
        extends: true,
        test: {
          name: "blas",
          // Named on every machine, so that lint sees the same files on each; only its tests need a BLAS.
          include: hasBlas() ? productProofs : [],
          setupFiles: ["packages/blas/src/testing/multiply-with-blas.ts"],
          env: { TAPEGRAD_PROOF_OPS: productOps },
        },
      },
    ],
  },
});

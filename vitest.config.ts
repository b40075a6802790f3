import { defineConfig } from "vitest/config";

// The packages are tested from their TypeScript sources (the "tapegrad-source" export condition).
export default defineConfig({
  ssr: { resolve: { conditions: ["tapegrad-source"], externalConditions: ["tapegrad-source"] } },
  resolve: { conditions: ["tapegrad-source"] },
  test: {
    include: ["packages/*/src/**/*.test.ts", "examples/src/**/*.test.ts", "benchmarks/src/**/*.test.ts", "scripts/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});

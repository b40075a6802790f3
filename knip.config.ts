import type { KnipConfig } from "knip";

const config: KnipConfig = {
  workspaces: {
    ".": { entry: ["scripts/*.mjs"], project: ["scripts/**/*.{ts,mjs}"] },
    "packages/kernels": { entry: ["src/index.ts", "build.mjs"], project: ["src/**/*.ts"] },
    "packages/*": { entry: ["src/index.ts"], project: ["src/**/*.ts"] },
    examples: { entry: ["src/demo.ts", "src/run.ts"], project: ["src/**/*.ts"] },
    benchmarks: { entry: ["src/run.ts"], project: ["src/**/*.ts"] },
  },
};

export default config;

import type { KnipConfig } from "knip";

// Tests, the sources behind each package's `exports` and the files that scripts start are entries without being named here.
const config: KnipConfig = {
  // Started by its path (scripts/processes.mjs); it has no config file that names it.
  ignoreDependencies: ["typedoc"],
  // Of the system: tests make named pipes and limits with them.
  ignoreBinaries: ["mkfifo", "prlimit"],
  workspaces: {
    ".": { entry: ["scripts/*.mjs"], project: ["scripts/**/*.{ts,mjs}"] },
    "packages/*": { project: ["src/**/*.ts"] },
    // Bundled and started by tests, as a process of its own.
    "packages/data": { entry: ["src/testing/fetch-process.ts"], project: ["src/**/*.ts"] },
    examples: { entry: ["src/demo.ts", "src/run.ts"], project: ["src/**/*.ts"] },
    benchmarks: { entry: ["src/run.ts"], project: ["src/**/*.ts"] },
  },
};

export default config;

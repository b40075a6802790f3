import type { KnipConfig } from "knip";

// Tests, the sources behind each package's `exports` and the files that scripts start are entries without being named here.
const config: KnipConfig = {
  // Started by its path (scripts/processes.mjs); it has no config file that names it.
  ignoreDependencies: ["typedoc"],
  // fast-check, which the tests of tapegrad use, is for its users an optional peer.
  exclude: ["optionalPeerDependencies"],
  // Tools of the system's, for tests that are left out where there are none.
  ignoreBinaries: ["mkfifo", "prlimit"],
  workspaces: {
    ".": { entry: ["scripts/*.mjs"], project: ["scripts/**/*.{ts,mjs}"] },
    "packages/*": { project: ["src/**/*.ts"] },
    // Started or loaded by their paths: a process of its own, and what is under attack (scripts/fuzz/targets.ts).
    "packages/data": { entry: ["src/testing/fetch-process.ts", "src/testing/fuzz-targets.ts"], project: ["src/**/*.ts"] },
    "packages/{nn,optim,train}": { entry: ["src/testing/fuzz-targets.ts"], project: ["src/**/*.ts"] },
    examples: { entry: ["src/demo.ts", "src/run.ts"], project: ["src/**/*.ts"] },
    benchmarks: { entry: ["src/run.ts"], project: ["src/**/*.ts"] },
  },
};

export default config;

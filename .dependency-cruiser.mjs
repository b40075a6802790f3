// Who may import whom, as docs/architecture.md draws it.

/** The packages of ours that each package may import. */
const allowed = {
  kernels: [],
  blas: ["kernels"],
  tensor: ["kernels"],
  autograd: ["tensor"],
  nn: ["autograd", "tensor"],
  optim: ["autograd", "tensor"],
  data: ["tensor"],
  train: ["tensor", "nn", "optim", "data"],
  testing: ["tensor", "autograd", "nn"],
  "test-support": ["tensor"],
  reference: [],
  tapegrad: ["kernels", "blas", "tensor", "autograd", "nn", "optim", "data", "train", "testing"],
};

/** The folders of the kernels' sources that each of them may import, as docs/architecture.md draws them. */
const allowedKernels = {
  math: [],
  runtime: ["math"],
  reduce: ["math", "runtime"],
  pointwise: ["math", "runtime", "reduce"],
  norm: ["math", "runtime", "reduce", "pointwise"],
  gemm: ["math", "runtime", "reduce"],
  conv: ["math", "runtime", "gemm"],
  pooling: ["math", "runtime"],
  index: ["math", "runtime"],
  random: ["math", "runtime"],
  optimizer: ["math", "runtime"],
  // Another module, with loops of these for wide vectors.
  wide: ["math", "pointwise", "gemm"],
};

/** What only tests import: kernels turn the heap and the threads. */
const forTests = ["kernels", "reference", "testing", "test-support"];

const testCode = "([.]test[.]ts$|/src/(testing|proof)/|/src/test-[^/]+[.]ts$)";

/** They use the root's test libraries: fast-check is an optional peer of the one, and nobody installs the other. */
const onlyForTests = "^packages/(testing|test-support)/src/";

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const walls = Object.entries(allowed).flatMap(([name, others]) => {
  const own = [name, ...others];
  return [
    {
      name: `imports-of-${name}`,
      comment: others.length === 0 ? `${name} imports no other package of ours` : `${name} may import ${others.join(", ")} and nothing else of ours`,
      severity: "error",
      from: { path: `^packages/${name}/`, pathNot: testCode },
      to: { path: `^(packages/(?!(${own.join("|")})/)|examples/|benchmarks/|scripts/)` },
    },
    {
      name: `imports-of-${name}-tests`,
      comment: `the tests of ${name} may import what it imports, and ${forTests.join(", ")}`,
      severity: "error",
      from: { path: `^packages/${name}/.*${testCode}` },
      to: { path: `^(packages/(?!(${[...own, ...forTests].join("|")})/)|examples/|benchmarks/|scripts/)` },
    },
  ];
});

const assembly = "^packages/kernels/assembly";

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const kernelWalls = [
  ...Object.entries(allowedKernels).map(([name, others]) => ({
    name: `imports-of-kernels-${name}`,
    comment: others.length === 0 ? `${name} stands below all other kernels` : `kernels of ${name} may import those of ${others.join(", ")}`,
    severity: /** @type {const} */ ("error"),
    from: { path: `${assembly}/${name}/` },
    to: { pathNot: `${assembly}/(${[name, ...others].join("|")})/` },
  })),
  {
    name: "kernels-have-a-folder",
    comment: "kernels stand in a folder, whose imports are listed (.dependency-cruiser.mjs); only index.ts does not",
    severity: "error",
    from: { path: `${assembly}/` },
    to: { path: `${assembly}/`, pathNot: `${assembly}/(${Object.keys(allowedKernels).join("|")})/` },
  },
  {
    name: "kernels-are-used",
    comment: "assembly/index.ts and assembly/wide/index.ts lead to every file",
    severity: "error",
    from: { path: `${assembly}/(wide/)?index[.]ts$` },
    to: { path: `${assembly}/`, pathNot: "/index[.]ts$", reachable: false },
  },
  {
    name: "kernels-are-compiled",
    comment: "the kernels' sources are AssemblyScript, which only they can import",
    severity: "error",
    from: { pathNot: `${assembly}/` },
    to: { path: `${assembly}/` },
  },
];

const platform = "^packages/kernels/src/platform/";

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const platformWalls = [
  {
    name: "engines-stand-in-the-platform",
    comment: "what the kernels need of an engine they have of #platform: a function there, and a line in platform.ts",
    severity: "error",
    from: { path: "^packages/kernels/src/", pathNot: [platform, testCode] },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "the-platform-has-a-door",
    comment: "#platform leads to a platform; beside it, others see only the types of platform.ts",
    severity: "error",
    from: { path: "^packages/kernels/src/", pathNot: [platform, testCode] },
    to: { path: platform, pathNot: `${platform}(platform|node)[.]ts$` },
  },
  {
    name: "the-platform-stands-below",
    comment: "a platform knows errors and types of the kernels, and nothing of what they do",
    severity: "error",
    from: { path: platform, pathNot: testCode },
    to: { path: "^packages/kernels/", pathNot: [platform, "^packages/kernels/src/(errors|webassembly-types)[.]ts$"] },
  },
];

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...walls,
    ...kernelWalls,
    ...platformWalls,
    {
      name: "users-see-the-umbrella",
      comment: "examples and benchmarks import tapegrad, as a user would",
      severity: "error",
      from: { path: "^(examples|benchmarks)/" },
      to: { path: "^packages/(?!tapegrad/)" },
    },
    {
      name: "no-cycle",
      comment: "no cycles, type imports included",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-internal-index",
      comment: "an index.ts is a door for others; code inside the package imports the file it means",
      severity: "error",
      from: { path: "^(packages/[^/]+|examples|benchmarks)/", pathNot: "/index[.]test[.]ts$" },
      to: { path: "^$1/.*/index[.]ts$", dependencyTypes: ["local"] },
    },
    {
      name: "front-door-only",
      comment: "another package is imported by its name, which leads to its index.ts, or by the name of another door",
      severity: "error",
      from: { path: "^(packages/[^/]+|examples|benchmarks|scripts)/" },
      to: { path: "^packages/", pathNot: ["^$1/", "^packages/[^/]+/src/index[.]ts$", "^packages/tapegrad/src/(testing|extend)[.]ts$"] },
    },
    {
      name: "test-code-stays-in-tests",
      comment: "nothing that ships leans on test code",
      severity: "error",
      from: { pathNot: testCode },
      to: { path: testCode },
    },
    {
      name: "listed-dependencies",
      comment: "the package.json of a package lists what its code imports; tests may use the root's test libraries",
      severity: "error",
      from: { pathNot: [testCode, onlyForTests] },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-dev-dependency-at-run-time",
      comment: "seedrandom is taken into the bundle (scripts/package-bundle.mjs)",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: [testCode, onlyForTests] },
      to: { dependencyTypes: ["npm-dev"], pathNot: "/node_modules/seedrandom/" },
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "telling-names",
      comment: "files and folders are named after what they hold",
      severity: "error",
      from: {},
      to: { path: "/(utils|util|common|helpers|helper|misc)[./]", pathNot: "node_modules" },
    },
    {
      name: "kebab-case",
      severity: "error",
      from: {},
      to: { path: "^(packages|examples|benchmarks|scripts)/.*[A-Z_]", pathNot: "node_modules" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/|^benchmarks/assembly/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.check.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["tapegrad-source", "import", "node", "default", "types"], extensions: [".ts", ".mjs", ".js", ".d.ts", ".json"] },
  },
};

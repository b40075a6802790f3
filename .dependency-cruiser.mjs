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
  reference: [],
  tapegrad: ["kernels", "blas", "tensor", "autograd", "nn", "optim", "data", "train"],
};

const testCode = "([.]test[.]ts$|/src/(testing|proof)/|/src/test-[^/]+[.]ts$)";

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
      comment: `the tests of ${name} may import what it imports, kernels (to turn the heap and the threads), and reference`,
      severity: "error",
      from: { path: `^packages/${name}/.*${testCode}` },
      to: { path: `^(packages/(?!(${[...own, "kernels", "reference"].join("|")})/)|examples/|benchmarks/|scripts/)` },
    },
  ];
});

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...walls,
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
      comment: "another package is imported by its name, which leads to its index.ts, or to the umbrella's extend.ts",
      severity: "error",
      from: { path: "^(packages/[^/]+|examples|benchmarks|scripts)/" },
      to: { path: "^packages/", pathNot: ["^$1/", "^packages/[^/]+/src/index[.]ts$", "^packages/tapegrad/src/extend[.]ts$"] },
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
      from: { pathNot: testCode },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-dev-dependency-at-run-time",
      comment: "seedrandom is taken into the bundle (scripts/package-bundle.mjs)",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: testCode },
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
    exclude: { path: "(^|/)(dist|assembly)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.check.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["tapegrad-source", "import", "node", "default", "types"], extensions: [".ts", ".mjs", ".js", ".d.ts", ".json"] },
  },
};

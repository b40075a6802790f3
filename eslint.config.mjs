import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const restrictedSyntax = [
  {
    selector: ":matches(TSAsExpression, TSTypeAssertion)[expression.type=/^TS(AsExpression|TypeAssertion)$/][expression.typeAnnotation.type=/^TS(Unknown|Any)Keyword$/]",
    message: "a cast through unknown switches the checker off: narrow the type, or change the declaration",
  },
  {
    selector: "MemberExpression[object.name=/^(test|it|describe|suite)$/][property.name=/^(skip|only|todo|fails)$/]",
    message: "every test runs; a case that cannot run here uses skipIf and says why in its name",
  },
];

export default defineConfig(
  // assembly/ is AssemblyScript: other types, other rules; its compiler checks it.
  globalIgnores(["**/dist/", "docs/api/", "**/assembly/"]),
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ["**/*.{ts,mjs,cjs,js}"],
    // Comments cannot switch rules off.
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: "error" },
    languageOptions: { parserOptions: { project: "./tsconfig.check.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      // The compiler checks names, in the JavaScript files too.
      "no-undef": "off",
      eqeqeq: "error",
      "no-restricted-syntax": ["error", ...restrictedSyntax],
      "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx", "hack"] }],
      "max-lines": ["error", { max: 500 }],
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": "allow-with-description", minimumDescriptionLength: 5 }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports", disallowTypeAnnotations: false }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_", caughtErrors: "all" }],
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-unnecessary-type-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // Engines differ in these: kernels reach them through #platform.
    files: ["packages/kernels/src/**/*.ts"],
    ignores: ["packages/kernels/src/platform/**", "**/*.test.ts", "**/testing/**"],
    rules: {
      "no-restricted-globals": ["error", ...["process", "Buffer", "require", "module", "__filename", "__dirname", "gc", "setImmediate", "Bun", "Deno", "document", "window", "navigator"].map((name) => ({ name, message: "what an engine has stands in packages/kernels/src/platform" }))],
    },
  },
  {
    files: ["**/*.generated.ts"],
    rules: { "max-lines": "off" },
  },
  {
    files: ["**/*.cjs"],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    // Plain loops over typed arrays are what this package is; everywhere else a missing element deserves a check.
    files: ["packages/reference/src/**/*.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-syntax": [
        "error",
        ...restrictedSyntax,
        { selector: "TSNonNullExpression[expression.computed!=true]", message: "only an index inside its loop's bounds may go unchecked" },
      ],
    },
  },
  {
    // Of the package below only dtypes, errors and texts: what computes and where elements lie is compute/'s affair alone.
    files: ["packages/tensor/src/**/*.ts"],
    ignores: ["packages/tensor/src/compute/**", "**/*.test.ts"],
    rules: {
      "no-restricted-imports": ["error", {
        paths: [{
          name: "@tapegrad/kernels",
          allowImportNames: [
            "DType", "dtypeInfo", "computedDType", "isFloating", "isHalf", "HostArray", "float16View", "bfloat16Bits", "bfloat16Values",
            "TapegradError", "MemoryError", "ErrorParts", "shortText", "visibleText",
          ],
          message: "memory is asked for by compute/memory.ts, names of operations are in compute/codes.ts, and kernels run behind the Backend of compute/",
        }],
      }],
    },
  },
  {
    files: ["packages/tapegrad/src/{index,testing,extend}.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...restrictedSyntax,
        { selector: "Program > :not(ExportAllDeclaration, ExportNamedDeclaration[source])", message: "the umbrella re-exports, and nothing else" },
      ],
    },
  },
);

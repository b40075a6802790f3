// The public surface of the published packages, committed as text in docs/api-surface: a change of it shows in review.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = `${root}docs/api-surface`;
const update = process.argv.includes("--update");

// Declarations as a user's compiler sees them: without the condition that leads to the sources.
const compilerOptions = { target: "ES2023", lib: ["ES2023", "ESNext.Disposable"], module: "NodeNext", moduleResolution: "NodeNext", types: ["node"], strict: true, skipLibCheck: true };

/** @param {string} name */
function configOf(name) {
  const folder = `${root}packages/${name}`;
  return ExtractorConfig.prepare({
    configObjectFullPath: `${folder}/api-extractor.json`,
    packageJsonFullPath: `${folder}/package.json`,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: "<projectFolder>/dist/index.d.ts",
      newlineKind: "lf",
      compiler: {
        skipLibCheck: true,
        overrideTsconfig: { compilerOptions, files: ["dist/index.d.ts"] },
      },
      apiReport: { enabled: true, reportFileName: `${name}.api.md`, reportFolder: reports, reportTempFolder: `${root}node_modules/.cache/tapegrad/api-surface` },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
}

/**
 * The reports of packages that declare something. Gives the names of those that differ.
 * @param {string[]} names
 */
function compareDeclarations(names) {
  const configs = names.map(configOf);
  const [first, ...others] = configs;
  if (first === undefined) throw new Error("no package is published");
  const compilerState = CompilerState.create(first, { additionalEntryPoints: others.map((config) => config.mainEntryPointFilePath) });
  return names.filter((name, i) => {
    const config = configs[i] ?? first;
    const { apiReportChanged, errorCount } = Extractor.invoke(config, {
      compilerState,
      localBuild: update,
      messageCallback: (message) => {
        message.handled = true;
        if (message.logLevel === ExtractorLogLevel.Error) console.log(`${name}: ${message.text}`);
      },
    });
    return apiReportChanged || errorCount > 0;
  });
}

/**
 * The report of a door of the umbrella: the names that it hands out, namespaces opened. (API Extractor refuses `export * as` of another package.)
 * @param {string} door
 * @param {string} specifier
 * @param {string} name
 */
function compareNames(door, specifier, name) {
  const entry = `${root}packages/tapegrad/dist/${door}.d.ts`;
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, root);
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} is no module`);
  /** @type {(module: ts.Symbol, prefix: string) => string[]} */
  const namesOf = (module, prefix) => checker.getExportsOfModule(module).flatMap((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (target.flags & ts.SymbolFlags.ValueModule) return namesOf(target, `${prefix}${symbol.name}.`);
    // A class may be exported as a type alone.
    const isType = !(target.flags & ts.SymbolFlags.Value) || (symbol.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false);
    return `${isType ? "type " : ""}${prefix}${symbol.name}`;
  });
  const text = `## What \`${specifier}\` exports\n\n\`\`\`\n${namesOf(module, "").sort().join("\n")}\n\`\`\`\n`;
  const file = `${reports}/${name}.api.md`;
  if (existsSync(file) && readFileSync(file, "utf8") === text) return [];
  if (update) writeFileSync(file, text);
  return [name];
}

mkdirSync(reports, { recursive: true });
const published = readdirSync(`${root}packages`).filter((name) => JSON.parse(readFileSync(`${root}packages/${name}/package.json`, "utf8")).private !== true);
const changed = [...compareDeclarations(published.filter((name) => name !== "tapegrad")), ...compareNames("index", "tapegrad", "tapegrad"), ...compareNames("extend", "tapegrad/extend", "tapegrad-extend")];
for (const name of changed) console.log(`docs/api-surface/${name}.api.md ${update ? "is written anew" : "differs from the surface as it is now"}`);
if (changed.length > 0 && !update) {
  console.log("to accept it: npm run lint -- --update-api");
  process.exitCode = 1;
}

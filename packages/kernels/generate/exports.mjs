// The types of the kernels' exports, read off their sources: assembly/index.ts says which functions, its comments what groups of them
// have in common, and the comment on a function what there is to say of it.

/** What JavaScript passes for a type of AssemblyScript's: i64 is a bigint, all others are numbers. @type {Record<string, string>} */
const hostTypes = { void: "void", bool: "number", i32: "number", u32: "number", usize: "number", f32: "number", f64: "number", i64: "bigint", u64: "bigint" };

const widest = 140;

/**
 * src/exports.generated.ts
 * @param {(path: string) => string} read a file below assembly/
 */
export function exportTypes(read) {
  const groups = read("index.ts").split("\n\n").map((group) => {
    const comments = group.split("\n").filter((line) => line.startsWith("//")).map((line) => `  ${line}\n`);
    const functions = [...group.matchAll(/^export \{([^}]*)\} from "\.\/([^"]+)";/gm)].flatMap(([, names = "", path]) =>
      names.split(",").flatMap((name) => (name.trim() === "" ? [] : declaration(name.trim(), read(`${path}.ts`), `${path}.ts`))));
    return functions.length === 0 ? "" : [...comments, ...functions].join("");
  });
  return `// Made of the sources that assembly/index.ts names; \`node packages/kernels/generate.mjs\` makes it anew.
/**
 * The functions of \`dist/kernels.wasm\`. Pointers are byte addresses in the heap (above 2 GiB they come back negative: \`>>> 0\`), counts are
 * in elements, \`dtype\` and \`kind\` are codes of \`operations.generated.ts\`.
 */
export interface KernelExports {
${groups.filter((group) => group !== "").join("\n")}}
`;
}

/**
 * @param {string} name
 * @param {string} source
 * @param {string} path
 */
function declaration(name, source, path) {
  const found = new RegExp(`(?:^(/\\*\\*(?:(?!\\*/)[^])*\\*/)\\n)?^(?:// @ts-ignore: decorator\\n)?(?:@inline )?export function ${name}\\(([^)]*)\\): (\\w+) \\{`, "m").exec(source);
  if (found === null) throw new Error(`assembly/${path} has no "export function ${name}(...): type {", which assembly/index.ts exports`);
  const [, comment, list = "", result = ""] = found;
  const parameters = list.split(",").map((parameter) => parameter.trim()).filter((parameter) => parameter !== "").map((parameter) => {
    const [, own = "", type = ""] = /^(\w+): (\w+)$/.exec(parameter) ?? [];
    return `${own}: ${hostType(type, `${name}(${parameter})`, path)}`;
  });
  const lines = signature(name, parameters, hostType(result, name, path));
  return [comment, lines].flatMap((text) => (text === undefined ? [] : text.split("\n").map((line) => `  ${line}\n`))).join("");
}

/**
 * @param {string} type
 * @param {string} what
 * @param {string} path
 */
function hostType(type, what, path) {
  const found = hostTypes[type];
  if (found === undefined) throw new Error(`assembly/${path}: ${what} is of a type that JavaScript cannot pass; there are ${Object.keys(hostTypes).join(", ")}`);
  return found;
}

/**
 * @param {string} name
 * @param {readonly string[]} parameters
 * @param {string} result
 */
function signature(name, parameters, result) {
  const line = `${name}(${parameters.join(", ")}): ${result};`;
  if (line.length <= widest) return line;
  const lines = [""];
  for (const parameter of parameters) {
    const last = lines.at(-1) ?? "";
    if (`${last} ${parameter},`.length > widest - 4) lines.push(`${parameter},`);
    else lines[lines.length - 1] = last === "" ? `${parameter},` : `${last} ${parameter},`;
  }
  return `${name}(\n${lines.map((text) => `  ${text}\n`).join("")}): ${result};`;
}

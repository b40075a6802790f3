/**
 * Where libraries lie, as absolute paths. The system's loader would also find a bare name in the working folder: on Windows, on macOS, and on
 * Linux where LD_LIBRARY_PATH has an empty entry. What lies there may have come with a download, so it is never looked at.
 */
"use strict";
const { existsSync, readdirSync, readFileSync } = require("node:fs");
const path = require("node:path");

/**
 * @typedef {object} System
 * @property {string} platform
 * @property {string} workingFolder
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {string} [root] where the system's folders begin
 */

/** Folders that Linux systems have beside those that their loader's cache knows: musl has no cache. */
const linuxFolders = ["/usr/local/lib", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
const macFolders = ["/opt/homebrew/opt/openblas/lib", "/usr/local/opt/openblas/lib"];

/**
 * The files of that name where libraries lie, those first that come first for the loader.
 * @param {string} name
 * @param {System} system
 * @returns {string[]}
 */
function placesOf(name, system) {
  const { platform, env, root = "" } = system;
  const paths = platform === "win32" ? path.win32 : path.posix;
  const variable = { linux: "LD_LIBRARY_PATH", darwin: "DYLD_LIBRARY_PATH", win32: "PATH" }[platform];
  // Windows knows its variables in any case.
  const key = Object.keys(env).find((other) => (platform === "win32" ? other.toUpperCase() : other) === variable);
  const asked = (key === undefined ? "" : env[key] ?? "").split(paths.delimiter).filter((folder) => isElsewhere(folder, system));
  const own = platform === "linux" ? linuxFolders : platform === "darwin" ? macFolders : [];
  const files = [...asked.map((folder) => paths.join(folder, name)), ...(platform === "linux" ? cached(name, root) : []), ...own.map((folder) => `${root}${folder}/${name}`)];
  return [...new Set(files)].filter((file) => existsSync(file));
}

/**
 * Whether a folder of a path variable says where it is, and is not the working folder or below it.
 * @param {string} folder
 * @param {System} system
 */
function isElsewhere(folder, { platform, workingFolder }) {
  const { isAbsolute, parse, relative } = platform === "win32" ? path.win32 : path.posix;
  // "\folder" of Windows is on the drive of the working folder.
  if (!isAbsolute(folder) || (platform === "win32" && !/^([a-z]:[\\/]|\\\\)/i.test(folder))) return false;
  // Everything is below the root.
  if (parse(workingFolder).root === workingFolder) return true;
  const way = relative(workingFolder, folder);
  return way.startsWith("..") || isAbsolute(way);
}

/**
 * What the loader's cache knows under a name: among much else it holds the paths, each with a zero behind it.
 * @param {string} name
 * @param {string} root
 */
function cached(name, root) {
  const cache = `${root}/etc/ld.so.cache`;
  if (!existsSync(cache)) return [];
  const end = `/${name}`;
  return readFileSync(cache, "latin1").split("\0").filter((text) => text.startsWith("/") && text.endsWith(end));
}

/**
 * A library of the working folder that Linux's loader would take for one that the BLAS needs, since LD_LIBRARY_PATH leads there by an
 * entry that is empty or relative; null if there is none.
 * @param {System} system
 * @returns {string | null}
 */
function intruder({ platform, workingFolder, env }) {
  if (platform !== "linux") return null;
  const folders = (env["LD_LIBRARY_PATH"] || "/").split(/[:;]/).filter((folder) => !folder.startsWith("/"));
  for (const folder of folders.map((relative) => path.join(workingFolder, relative))) {
    const found = existsSync(folder) ? readdirSync(folder).find((name) => /[.]so([.]|$)|^(glibc-hwcaps|tls|haswell|x86_64|avx512_1)$/.test(name)) : undefined;
    if (found !== undefined) return path.join(folder, found);
  }
  return null;
}

module.exports = { placesOf, intruder };

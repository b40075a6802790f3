import { homedir } from "node:os";
import { join, resolve } from "node:path";

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
}

/**
 * The folder that data sets are kept in: `TAPEGRAD_DATA` if set, else the place the operating system has for caches
 * (`~/.cache/tapegrad` on Linux, as the XDG base directory specification says).
 */
export function cacheFolder(
  { env, platform, home }: Surroundings = { env: process.env, platform: process.platform, home: homedir() },
): string {
  const chosen = env["TAPEGRAD_DATA"];
  if (chosen) return resolve(chosen);
  if (platform === "darwin") return join(home, "Library", "Caches", "tapegrad");
  if (platform === "win32") return join(env["LOCALAPPDATA"] || join(home, "AppData", "Local"), "tapegrad", "Cache");
  return join(env["XDG_CACHE_HOME"] || join(home, ".cache"), "tapegrad");
}

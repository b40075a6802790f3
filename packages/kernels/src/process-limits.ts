const { readFileSync } = process.getBuiltinModule("node:fs");

// What this process may have of the machine, as Linux tells it. Everywhere else, and where the files cannot be read, there are no limits.

/** A file's text; empty where it cannot be read: on other systems, and under Node's permission model. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * How many processors' time the control groups of this process grant it: `cpu.max` of version 2, `cpu.cfs_quota_us` of version 1, the
 * least of its group's and those above. Infinity without a quota. `root` is where proc and sys are.
 */
export function processorQuota(root = "/"): number {
  const groups = read(`${root}proc/self/cgroup`).split("\n").map((line) => line.split(":"));
  const quotas = groups.flatMap(([, controllers = "", ...rest]) => {
    const group = rest.join(":");
    if (controllers === "") return alongPath(`${root}sys/fs/cgroup`, group, quotaOfVersion2);
    return controllers.split(",").includes("cpu") ? [controllers, "cpu"].flatMap((folder) => alongPath(`${root}sys/fs/cgroup/${folder}`, group, quotaOfVersion1)) : [];
  });
  return Math.min(...quotas);
}

/** What the group says, and each above it. In a container its path may be the host's, of which only the root is there. */
function alongPath(mount: string, group: string, quotaOf: (folder: string) => number): number[] {
  const names = group.split("/").filter((name) => name !== "");
  return [mount, ...names.map((_, depth) => `${mount}/${names.slice(0, depth + 1).join("/")}`)].map(quotaOf);
}

function quotaOfVersion2(folder: string): number {
  const [quota = "", period = ""] = read(`${folder}/cpu.max`).trim().split(" ");
  return share(Number(quota), Number(period));
}

function quotaOfVersion1(folder: string): number {
  return share(Number(read(`${folder}/cpu.cfs_quota_us`)), Number(read(`${folder}/cpu.cfs_period_us`)));
}

/** "max", -1 and files that are not there say that there is none. */
function share(quota: number, period: number): number {
  return quota > 0 && period > 0 ? quota / period : Infinity;
}

/** Bytes of addresses that the process may have (`ulimit -v`), and has; the limit is Infinity without one. */
export function addressSpace(root = "/"): { readonly limit: number; readonly used: number } {
  const limit = Number(/^Max address space +(\d+)/m.exec(read(`${root}proc/self/limits`))?.[1] ?? Infinity);
  if (limit === Infinity) return { limit, used: 0 };
  return { limit, used: 1024 * Number(/^VmSize:\s+(\d+) kB/m.exec(read(`${root}proc/self/status`))?.[1] ?? 0) };
}

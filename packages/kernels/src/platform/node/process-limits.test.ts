import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addressSpace, processorQuota } from "./process-limits.ts";

let root = "";
beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), "limits-"))}/`;
});
afterEach(() => rmSync(root, { recursive: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(root + name), { recursive: true });
    writeFileSync(root + name, text);
  }
}

describe("the quota of processors", () => {
  test.each<[name: string, files: Record<string, string>, quota: number]>([
    ["is unknown without /proc", {}, Infinity],
    ["of version 2 in a container", { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n" }, 1.5],
    ["of version 2 without one", { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n" }, Infinity],
    ["of version 2 of a group", { "proc/self/cgroup": "0::/user.slice/a:b.scope\n", "sys/fs/cgroup/user.slice/a:b.scope/cpu.max": "300000 100000\n" }, 3],
    ["of version 2 is the least along the path", { "proc/self/cgroup": "0::/a/b/c\n", "sys/fs/cgroup/a/cpu.max": "200000 100000\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n", "sys/fs/cgroup/a/b/c/cpu.max": "400000 100000\n" }, 2],
    ["of version 1 in a container that has the host's path", { "proc/self/cgroup": "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n" }, 0.5],
    ["of version 1 of a group", { "proc/self/cgroup": "1:cpu:/x\n", "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "250000\n", "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n" }, 2.5],
    ["of version 1 without one", { "proc/self/cgroup": "1:cpu:/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n" }, Infinity],
    ["of cpuset is none", { "proc/self/cgroup": "1:cpuset:/\n2:cpuacct:/\n", "sys/fs/cgroup/cpuset/cpu.cfs_quota_us": "1\n", "sys/fs/cgroup/cpuset/cpu.cfs_period_us": "100000\n" }, Infinity],
    ["of both versions is the least", { "proc/self/cgroup": "1:cpu:/\n0::/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "700000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n", "sys/fs/cgroup/cpu.max": "600000 100000" }, 6],
    ["that is nonsense is none", { "proc/self/cgroup": "0::/\n\nx", "sys/fs/cgroup/cpu.max": "many\n" }, Infinity],
  ])("%s", (_name, files, quota) => {
    put(files);
    expect(processorQuota(root)).toBe(quota);
  });
});

test("the address space is unlimited unless the system says otherwise", () => {
  expect(addressSpace(root)).toEqual({ limit: Infinity, used: 0 });
  const limits = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units\nMax address space         ${soft}            unlimited            bytes\n`;
  put({ "proc/self/limits": limits("unlimited") });
  expect(addressSpace(root)).toEqual({ limit: Infinity, used: 0 });
  put({ "proc/self/limits": limits("8192000000"), "proc/self/status": "Name:\tnode\nVmPeak:\t  900 kB\nVmSize:\t  762000 kB\n" });
  expect(addressSpace(root)).toEqual({ limit: 8_192_000_000, used: 762_000 * 1024 });
});

import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemCode } from "./file-error.ts";

/** A process, told apart from those of other machines and containers, where its number means another one or nothing. */
export interface ProcessIdentity {
  /** Whatever shares process numbers with us: a boot of a machine, or a container on it. */
  readonly space: string;
  readonly pid: number;
}

let ownSpace: string | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  ownSpace ??= createHash("sha256").update(describeSpace()).digest("hex").slice(0, 12);
  return { space: ownSpace, pid: process.pid };
}

/** Whether a process has certainly ended. Of one in another container, or on another machine, nobody here can know. */
export function hasEnded({ space, pid }: ProcessIdentity): boolean {
  if (space !== ownIdentity().space) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === "ESRCH";
  }
}

/** A container may have its machine's name, so that where there are namespaces these tell. */
function describeSpace(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8")} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

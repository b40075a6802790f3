import { readFileSync } from "node:fs";

/** The largest resident set that this program has had, in MB. */
export function peakMegabytes(): number {
  // Linux keeps the mark of the whole process, which includes the time before exec, when it was a copy of its parent.
  return ownMark() ?? process.resourceUsage().maxRSS / 1024;
}

function ownMark(): number | null {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

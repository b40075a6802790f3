const { readFileSync, readlinkSync } = process.getBuiltinModule("node:fs");
const { hostname } = process.getBuiltinModule("node:os");

/**
 * Names of partial files tell who writes them, so that what a killed writer left can be told from what is being written:
 * `.tapegrad-part-PLACE-PROCESS-START-RANDOM`. Process ids mean something only within one place, a container being its own, and
 * are given out again, which the time of the start tells. 128 random bits keep anybody from being there first.
 */
const pattern = /^\.tapegrad-part-([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f]{32}$/;

/** After this long without a change, a partial file counts as left also where nobody can say whether its writer lives. */
const abandonedAfterMs = 60 * 60 * 1000;

/** A name that no file has. */
export function newPartialName(): string {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  return `.tapegrad-part-${ownPlace()}-${process.pid}-${startOf("self") ?? 0}-${random}`;
}

export function isPartialName(name: string): boolean {
  return pattern.test(name);
}

/** Whether nobody writes a partial file any more. `changedMs` is asked for the time of its last change only if that matters. */
export function isPartialOfDeadWriter(name: string, changedMs: () => number): boolean {
  const [, place, id, start] = pattern.exec(name) ?? [];
  if (place === ownPlace()) {
    const writer = Number(id);
    if (!isRunning(writer)) return true;
    const found = startOf(writer === process.pid ? "self" : String(writer));
    if (found !== null && start !== "0" && found !== start) return true;
    // Where the system tells when a process started, it is the writer, this or another thread of it, and it is alive.
    if (found !== null) return false;
  }
  return Date.now() - changedMs() > abandonedAfterMs;
}

let place: string | undefined;

/** The machine since its last start, or the container, within which process ids are those of one system. */
function ownPlace(): string {
  place ??= hash([hostname(), textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")), textOf(() => readlinkSync("/proc/self/ns/pid"))].join("\n"));
  return place;
}

/** When a process started, in ticks since the system did; null where the system does not tell. */
function startOf(id: string): string | null {
  const stat = textOf(() => readFileSync(`/proc/${id}/stat`, "utf8"));
  // The second field is the program's name in parentheses, which may hold anything; the start is the 22nd.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    // A process of another user's is one that runs.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** FNV-1a: it names places apart and keeps nothing secret. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value.toString(16).padStart(8, "0");
}

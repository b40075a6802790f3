/**
 * The thread pool: every thread runs its own instance of this module on the one shared memory.
 *
 * A kernel cuts its work into tasks (by the problem's size alone, never by the number of threads), writes its arguments
 * with `setInt`/`setFloat`, and calls `parallelFor`. Every thread has a share of neighbouring tasks, in an atomic word that
 * carries the job's generation; threads claim tasks from their own share first, then from the others'. A claim that loses to
 * another, or to a new job, is made anew. Arguments stay untouched until the last claimed task is done. Tasks write disjoint
 * memory; which thread runs a task cannot change a result.
 */
import { disclaim } from "./allocator";
import {
  DONE, GENERATION, LAUNCHER_ASLEEP, MAX_THREADS, PAGES, SCRATCH_BYTES, SCRATCH_POINTERS, SHARES, SLEEPERS, TASK_FUNCTION, THREADS,
  WIDE_ROOMS, WORKER_LIMIT,
} from "./control";
import { lasting } from "./memory";

/** Longest count of tasks that the state word can hold. */
const MAX_TASKS: i32 = 0xfffff;

/** Polls before a worker falls asleep, and before the launcher does: about 0.2 ms and 50 microseconds. */
const WORKER_SPINS: i32 = 100_000;
const LAUNCHER_SPINS: i32 = 25_000;

/** 0 is the launching thread; each worker's instance has its own value. */
let threadIndex: i32 = 0;

/** Runs `task(0)` ... `task(count - 1)`, each once, and returns when all are done. Not reentrant. */
export function parallelFor(task: (index: i32) => void, count: i32): void {
  const fn = load<i32>(changetype<usize>(task));
  const threads = load<i32>(THREADS);
  if (count <= 1 || threads <= 1) {
    for (let i = 0; i < count; i++) call_indirect<void>(fn, i);
    return;
  }
  const generation = (load<i32>(GENERATION) + 1) & 0xffffff;
  atomic.store<i32>(DONE, 0);
  store<i32>(TASK_FUNCTION, fn);
  store<i32>(PAGES, memory.size());
  for (let i = 0; i < threads; i++) {
    const first = <i64>count * i / threads, end = <i64>count * (i + 1) / threads;
    atomic.store<i64>(SHARES + (<usize>i << 6), ((<i64>generation) << 40) | (end << 20) | first);
  }
  atomic.store<i32>(GENERATION, generation);
  if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(GENERATION, -1);
  runTasks();
  for (let spins = LAUNCHER_SPINS; spins > 0; spins--) {
    if (atomic.load<i32>(DONE) == count) return;
  }
  atomic.store<i32>(LAUNCHER_ASLEEP, 1);
  let done = atomic.load<i32>(DONE);
  while (done != count) {
    atomic.wait<i32>(DONE, done, -1);
    done = atomic.load<i32>(DONE);
  }
  atomic.store<i32>(LAUNCHER_ASLEEP, 0);
}

/** Runs this thread's own share of the tasks, then what others have left of theirs, until nothing is left. */
function runTasks(): void {
  const threads = atomic.load<i32>(WORKER_LIMIT);
  for (let i = 0; i < threads; i++) {
    const owner = threadIndex + i;
    runShare(SHARES + (<usize>(owner < threads ? owner : owner - threads) << 6));
  }
}

/**
 * Claims tasks of a share and runs them. A claim takes a quarter of those that are left, rounded up: few claims do, a thread
 * streams through memory that lies together, and threads finish together nevertheless.
 */
function runShare(share: usize): void {
  while (true) {
    const state = atomic.load<i64>(share);
    const first = <i32>(state & 0xfffff);
    const left = <i32>((state >> 20) & 0xfffff) - first;
    if (left <= 0) return;
    // Read after the state: a worker that was sent away cannot take a task of a job that was published later.
    if (threadIndex >= atomic.load<i32>(WORKER_LIMIT)) return;
    const claimed = (left + 3) >> 2;
    if (atomic.cmpxchg<i64>(share, state, state + claimed) != state) continue;
    // V8 tells an instance of another's growth by an interrupt, which one that has just started may have missed: bulk operations
    // beyond the size it knows would trap. Growing by nothing makes it look.
    if (memory.size() < load<i32>(PAGES)) memory.grow(0);
    const fn = load<i32>(TASK_FUNCTION);
    for (let i = 0; i < claimed; i++) call_indirect<void>(fn, first + i);
    atomic.add<i32>(DONE, claimed);
    if (atomic.load<i32>(LAUNCHER_ASLEEP) != 0) atomic.notify(DONE, 1);
  }
}

/** A worker's whole life. While its index is at or above the limit it sleeps on the limit; it never returns. */
export function workerLoop(index: i32): void {
  threadIndex = index;
  let seen = -1;
  while (true) {
    const limit = atomic.load<i32>(WORKER_LIMIT);
    if (index >= limit) {
      atomic.wait<i32>(WORKER_LIMIT, limit, -1);
      continue;
    }
    let spins = WORKER_SPINS;
    while (spins > 0 && atomic.load<i32>(GENERATION) == seen) spins--;
    if (spins == 0) {
      atomic.add<i32>(SLEEPERS, 1);
      atomic.wait<i32>(GENERATION, seen, -1);
      atomic.sub<i32>(SLEEPERS, 1);
    }
    seen = atomic.load<i32>(GENERATION);
    runTasks();
  }
}

/**
 * Sets how many threads run tasks. Workers above the count go to sleep, and come back when it grows; the host starts those
 * that never were. Two workers with one index would share their scratch. Never called while a job runs.
 */
export function setThreadCount(count: i32): void {
  releaseScratch();
  atomic.store<i32>(THREADS, count);
  atomic.store<i32>(WORKER_LIMIT, count);
  for (let i = 0; i < MAX_THREADS; i++) atomic.store<i64>(SHARES + (<usize>i << 6), 0);
  atomic.store<i32>(GENERATION, (load<i32>(GENERATION) + 1) & 0xffffff);
  atomic.notify(GENERATION, -1);
  atomic.notify(WORKER_LIMIT, -1);
}

function releaseScratch(): void {
  for (let i = 0; i < MAX_THREADS; i++) {
    const slot = SCRATCH_POINTERS + (<usize>i << 2);
    const pointer = load<usize>(slot);
    if (pointer != 0) disclaim(pointer);
    store<usize>(slot, 0);
  }
  store<i32>(SCRATCH_BYTES, 0);
}

/** Gives every thread at least `bytes` of scratch. Called by the launching thread only, before `parallelFor`. */
export function ensureScratch(bytes: i64): void {
  if (<i64>load<i32>(SCRATCH_BYTES) >= bytes) return;
  releaseScratch();
  const threads = max(1, load<i32>(THREADS));
  // No scratch is that large: the kernels compute offsets in it with 31 bits.
  const each = bytes > i32.MAX_VALUE ? <usize>-1 : <usize>bytes;
  for (let i = 0; i < threads; i++) store<usize>(SCRATCH_POINTERS + (<usize>i << 2), lasting(each));
  store<i32>(SCRATCH_BYTES, <i32>bytes);
}

/** The running thread's scratch, 16-byte aligned, as large as the last `ensureScratch` asked. */
export function scratch(): usize {
  return load<usize>(SCRATCH_POINTERS + (<usize>threadIndex << 2));
}

/** 128 bytes of the running thread for what loops for wide vectors give back. */
export function wideRoom(): usize {
  return WIDE_ROOMS + (<usize>threadIndex << 7);
}

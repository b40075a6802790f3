/**
 * The fixed map of the low memory, shared by every instance of the modules. The kernels' constants begin above it (64 KiB), those of wide/
 * have a place of their own in it: instantiating either in a worker writes nothing else here.
 *
 *   1 KiB   the thread pool's words, each on a cache line of its own
 *   2 KiB   per-thread scratch pointers
 *   4 KiB   arguments of the running parallel job
 *   8 KiB   layouts (shapes and strides) that the host writes before a strided kernel
 *  12 KiB   small blocks that the host spills together: a list of them, and the bytes
 *  16 KiB   every thread's share of the tasks
 *  20 KiB   the allocator's lists, and the running kernel's temporaries
 *  24 KiB   every thread's room for what loops for wide vectors give back
 *  32 KiB   the constants of wide/
 */

/** i32: generation of the last published job; workers sleep on it. */
export const GENERATION: usize = 1088;
/** i32: workers asleep. */
export const SLEEPERS: usize = 1152;
/** i32: finished tasks of the running job; the launching thread sleeps on it. */
export const DONE: usize = 1216;
/** i32: 1 while the launching thread sleeps. */
export const LAUNCHER_ASLEEP: usize = 1280;
/** i32: table index of the running job's task function. */
export const TASK_FUNCTION: usize = 1344;
/** i32: threads that may run tasks, the launching one included. */
export const THREADS: usize = 1408;
/** i32: workers with an index at or above this one sleep on it. */
export const WORKER_LIMIT: usize = 1472;
/** i32: size of the memory when the running job was published, in pages. */
export const PAGES: usize = 1616;
/** i32: bytes of scratch that each thread owns. */
export const SCRATCH_BYTES: usize = 1536;

/** i32: whether the host has a BLAS (gemm/blas.ts), and f64: the products from which on it is used. */
export const BLAS_STATE: usize = 1600;
export const BLAS_FROM: usize = 1608;

/** i32[MAX_THREADS]: scratch block of each thread. */
export const SCRATCH_POINTERS: usize = 2048;
export const MAX_THREADS: i32 = 64;

/** i64[MAX_THREADS], each on a cache line: generation (24 bits) | end of a thread's share of the tasks (20) | its next task (20). */
export const SHARES: usize = 16384;

/** What the allocator knows (allocator.ts): 2.3 KiB. */
export const ALLOCATOR: usize = 20480;
/** usize[16]: room that the running kernel has (memory.ts). */
export const TEMPORARIES: usize = 24448;

/** 128 bytes for each thread: what loops for wide vectors give back (wide.ts). */
export const WIDE_ROOMS: usize = 24576;

export const JOB_ARGUMENTS: usize = 4096;

/** Argument `i` of the running job; every slot is 8 bytes wide and holds an integer or pointer, or a float. */
// @ts-ignore: decorator
@inline export function setInt(i: i32, value: usize): void {
  store<usize>(JOB_ARGUMENTS + (<usize>i << 3), value);
}
// @ts-ignore: decorator
@inline export function getInt(i: i32): i32 {
  return load<i32>(JOB_ARGUMENTS + (<usize>i << 3));
}
// @ts-ignore: decorator
@inline export function getPointer(i: i32): usize {
  return load<usize>(JOB_ARGUMENTS + (<usize>i << 3));
}
// @ts-ignore: decorator
@inline export function setFloat(i: i32, value: f64): void {
  store<f64>(JOB_ARGUMENTS + (<usize>i << 3), value);
}
// @ts-ignore: decorator
@inline export function getFloat(i: i32): f64 {
  return load<f64>(JOB_ARGUMENTS + (<usize>i << 3));
}

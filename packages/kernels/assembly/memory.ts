/** The allocator of the heap (AssemblyScript's TLSF). Only the launching thread may allocate. */
export function allocate(bytes: i32): usize {
  return heap.alloc(bytes);
}

export function release(pointer: usize): void {
  heap.free(pointer);
}

/** Size of the memory in 64 KiB pages: how the host notices cheaply that it has grown. */
export function pageCount(): i32 {
  return memory.size();
}

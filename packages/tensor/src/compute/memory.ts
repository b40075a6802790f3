// Storages and scopes, for the rest of the package: it knows the kernels by way of this folder alone.
import { beginCall, Storage, type DType } from "@tapegrad/kernels";

export { enterScope, freeIfForgotten, lastStorageSerial, leaveScope, mostBlockBytes, Storage, type HostArray } from "@tapegrad/kernels";

/** Uninitialised memory. What the last call used may be moved out of its way. */
export function newStorage(dtype: DType, length: number): Storage {
  beginCall();
  return new Storage(dtype, length);
}

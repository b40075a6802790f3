// Storages and scopes, for the rest of the package: it knows the kernels by way of this folder alone.
import { absentBlock, beginCall, Storage, type DType } from "@tapegrad/kernels";

export { enterScope, freeIfForgotten, lastStorageSerial, leaveScope, mostBlockBytes, Storage, type HostArray } from "@tapegrad/kernels";

/** No memory: what is known of the elements is how many there would be. */
export function metaStorage(dtype: DType, length: number): Storage {
  return new Storage(dtype, length, absentBlock);
}

/** Uninitialised memory. What the last call used may be moved out of its way. */
export function newStorage(dtype: DType, length: number): Storage {
  beginCall();
  return new Storage(dtype, length);
}

import { DataError } from "@tapegrad/tensor";
import { expect } from "vitest";

/** The DataError that something ends with; fails if it ends otherwise. */
export async function dataError(work: Promise<unknown> | (() => unknown)): Promise<DataError> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    if (error instanceof DataError) return error;
  }
  throw new Error("expected a DataError, but nothing was thrown");
}

import { SerializationError, showPath } from "@tapegrad/tensor";

export interface FileOfOp {
  readonly op: string;
  readonly path: string;
}

/** The error for a file that is not what the format says. */
export function malformed({ op, path }: FileOfOp, fact: string): SerializationError {
  return new SerializationError({ op, fact: `${showPath(path)}: ${fact}`, code: "safetensors/format", data: { path } });
}

/** The error for a file that keeps to the format but would take more memory than it should. */
export function beyondLimit({ op, path }: FileOfOp, fact: string): SerializationError {
  return new SerializationError({ op, fact: `${showPath(path)}: ${fact}`, code: "safetensors/limit", data: { path } });
}
